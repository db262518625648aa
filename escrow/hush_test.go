package escrow_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func silence(t *testing.T, w *storetest.World, phone escrow.Phone, silent bool) {
	t.Helper()
	if err := w.Service.Silence(t.Context(), phone, silent); err != nil {
		t.Fatal(err)
	}
}

// STOP keeps reminders away, and nothing that says where money is.
func TestStopSilencesRemindersOnly(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		silence(t, w, amina, true)
		silence(t, w, otieno, true)
		w.DealIn(escrow.Accepted, price)
		w.Pass(2 * 24 * time.Hour)
		told := w.Postbox.To(otieno)
		if slices.Contains(told, escrow.MsgConfirmReminder) {
			t.Errorf("reminded after STOP: %v", told)
		}
		for _, template := range []escrow.Template{escrow.MsgFundedSeller, escrow.MsgAcceptedSeller} {
			if !slices.Contains(told, template) {
				t.Errorf("%s did not come after STOP: %v", template, told)
			}
		}
		silence(t, w, otieno, false)
		w.Pass(2 * 24 * time.Hour)
		if told := w.Postbox.To(otieno); !slices.Contains(told, escrow.MsgConfirmReminder) {
			t.Errorf("not reminded after START: %v", told)
		}
		w.Prove()
	})
}

// A code and a notice of a dispute come whatever the receiver has stopped.
func TestStopSilencesNoCodeAndNoDispute(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	silence(t, w, amina, true)
	silence(t, w, otieno, true)
	c := w.DealIn(escrow.Delivered, price)
	if _, err := w.Service.Dispute(t.Context(), w.Command(amina, c.Ref)); err != nil {
		t.Fatal(err)
	}
	w.Work()
	if told := w.Postbox.To(amina); !slices.Contains(told, escrow.MsgDeliveredBuyer) || !slices.Contains(told, escrow.MsgDisputedRaiser) {
		t.Errorf("the buyer got %v", told)
	}
	if told := w.Postbox.To(otieno); !slices.Contains(told, escrow.MsgDisputedOther) {
		t.Errorf("the seller got %v", told)
	}
}

// The refund of what is not delivered hangs on the seller's two warnings: by STOP
// the seller must not be able to keep the buyer's money back.
func TestTheSellersWarningsCannotBeStopped(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	silence(t, w, otieno, true)
	w.DealIn(escrow.PaymentLocked, price)
	w.PassTo(eat(5, 9))
	told := w.Postbox.To(otieno)
	if !slices.Contains(told, escrow.MsgWarnFirst) || !slices.Contains(told, escrow.MsgWarnLast) {
		t.Errorf("the seller got %v", told)
	}
}

// A reminder that has to be sent late, because the gateway was away, waits for the
// morning; a receipt does not.
func TestRemindersWaitForTheMorning(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		template escrow.Template
		hour     int
		wait     time.Duration
	}{
		{escrow.MsgConfirmReminder, 18, 14 * time.Hour},
		{escrow.MsgWarnFirst, 23, 9 * time.Hour},
		{escrow.MsgWarnLast, 7, time.Hour},
		{escrow.MsgInspectReminder, 0, 8 * time.Hour},
		{escrow.MsgConfirmReminder, 8, 0},
		{escrow.MsgConfirmReminder, 17, 0},
		{escrow.MsgCompletedSeller, 23, 0},
		{escrow.MsgDisputedOther, 2, 0},
	} {
		w := storetest.NewSQLiteWorld(t)
		c := w.DealIn(escrow.Accepted, price)
		w.Clock.Advance(eat(4, test.hour).Sub(w.Clock.Now()))
		m := escrow.Message{
			ID: uuid.Must(uuid.NewV7()), To: c.Buyer, ContractID: c.ID, Template: test.template,
			Params: escrow.ParamsFor(c, escrow.Buyer), State: escrow.MessageQueued,
			CreatedAt: w.Clock.Now(), UpdatedAt: w.Clock.Now(),
		}
		err := w.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error { return tx.AddMessage(ctx, m) })
		if err != nil {
			t.Fatal(err)
		}
		err = w.Service.Send(t.Context(), m.ID)
		later, waits := errors.AsType[*escrow.Later](err)
		if waits != (test.wait > 0) || waits && later.After != test.wait || !waits && err != nil {
			t.Errorf("%s at %d: %v, want to wait %s", test.template, test.hour, err, test.wait)
		}
	}
}

// A code that is void by the time its message could leave is not written about:
// without the code the message says to reply what no reply fits.
func TestAMessageWhoseCodeIsVoidIsNotSent(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.PaymentLocked, escrow.Shillings(9_000))
		for _, do := range []func(context.Context, escrow.Command) (escrow.Result, error){w.Service.Cancel, w.Service.KeepOn} {
			if _, err := do(t.Context(), w.Command(amina, c.Ref)); err != nil {
				t.Fatal(err)
			}
		}
		w.Work()
		if told := w.Postbox.To(otieno); slices.Contains(told, escrow.MsgCancelAsked) || !slices.Contains(told, escrow.MsgCancelKept) {
			t.Errorf("the seller is told %v", told)
		}
		c = w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
		w.TrustedPIN(amina, pin)
		if _, err := w.Service.ForgotPIN(t.Context(), escrow.PINCommand{Request: w.Request(amina)}); err != nil {
			t.Fatal(err)
		}
		if _, err := try(t, w, c, pin, ""); err != nil {
			t.Fatal(err)
		}
		w.Work()
		if told := w.Postbox.To(amina); slices.Contains(told, escrow.MsgPINResetAsked) {
			t.Errorf("the buyer is told %v", told)
		}
	})
}

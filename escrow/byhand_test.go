package escrow_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// silent is a payout of which M-Pesa has told nothing for more than an hour, and
// which was not asked about just now.
func silent(t *testing.T, w *storetest.World, amount escrow.Cents) (escrow.Contract, escrow.Transfer) {
	t.Helper()
	w.Till.Answer(escrow.Submission{Outcome: escrow.Taken, Code: "0"}, escrow.Submission{Outcome: escrow.Unknown})
	c := w.DealIn(escrow.Completed, amount)
	payout := w.Till.Last(t, escrow.Payout)
	w.Clock.Advance(5 * time.Minute) // no question is under way
	for name, say := range sayings(w, payout) {
		if err := say(t.Context(), w.Errand("early")); err == nil {
			t.Errorf("%s, although M-Pesa may still tell of it", name)
		}
	}
	after(w, 90*time.Minute, 10*time.Minute)
	w.PassTo(w.Clock.Now().Add(time.Hour)) // the next question is put
	wantItems(t, w, "[payout_silent]")
	return c, payout
}

func sayings(w *storetest.World, payout escrow.Transfer) map[string]func(context.Context, escrow.Errand) error {
	return map[string]func(context.Context, escrow.Errand) error{
		"failed": func(ctx context.Context, e escrow.Errand) error { return w.Service.FailedByHand(ctx, payout.ID, e) },
		"settled": func(ctx context.Context, e escrow.Errand) error {
			return w.Service.SettledByHand(ctx, payout.ID, payout.Method, "RHAND", e)
		},
	}
}

// A payout that stays unknown is ended by what an operator finds in the portal: it
// was done, under its own receipt and no other way.
func TestASilentPayoutIsFoundDone(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, payout := silent(t, w, price)
		w.Clock.Advance(5 * time.Minute)
		if err := w.Service.SettledByHand(t.Context(), payout.ID, escrow.MethodReversal, "RHAND", w.Errand("k0")); err == nil {
			t.Error("it was paid another way while it may still be done")
		}
		if err := w.Service.SettledByHand(t.Context(), payout.ID, escrow.MethodB2C, "RHAND", w.Errand("k1")); err != nil {
			t.Fatal(err)
		}
		w.Work()
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
		w.Learn(escrow.Payout, paid("RHAND")) // told late
		wantItems(t, w, "[]")
		wantBalance(t, w, escrow.PayableAccount(c.Seller.ID), 0)
		wantBalance(t, w, escrow.MpesaPayout, -price)
		after(w, 3*time.Hour, time.Hour)
		wantSent(t, w, 2)
	})
}

// Or it was not done, and can be ordered again. Should M-Pesa do it all the same, a
// person hears of it.
func TestASilentPayoutIsFoundNotDone(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, payout := silent(t, w, price)
		w.Clock.Advance(5 * time.Minute)
		if err := w.Service.Retry(t.Context(), payout.ID, "", w.Errand("k0")); err == nil {
			t.Error("it was ordered again while it may still be done")
		}
		if err := w.Service.FailedByHand(t.Context(), payout.ID, w.Errand("k1")); err != nil {
			t.Fatal(err)
		}
		wantItems(t, w, "[payout_failed]")
		if err := w.Service.FailedByHand(t.Context(), payout.ID, w.Errand("k2")); err == nil {
			t.Error("it failed twice")
		}
		if err := w.Service.Retry(t.Context(), payout.ID, "", w.Errand("k3")); err != nil {
			t.Fatal(err)
		}
		w.Work()
		wantSent(t, w, 3)
		if err := w.Service.Learn(t.Context(), payout.ID, paid("R8"), "late"); err != nil {
			t.Fatal(err)
		}
		wantItems(t, w, "[paid_twice]")
		w.Pay(escrow.Payout, "R9")
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	})
}

// While the answer to a question may be on its way nobody says what it is; much
// money takes two to say so.
func TestAPersonsWordWaitsForAnAnswer(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		_, payout := silent(t, w, w.Policy.FourEyesAbove+100)
		ask := func() {
			if err := w.Service.Watch(t.Context(), payout.ID); err != nil && !isLater(err) {
				t.Fatal(err)
			}
		}
		ask()
		e := w.Errand("k")
		e.Second = w.Operator("Second")
		for name, say := range sayings(w, payout) {
			if err := say(t.Context(), e); err == nil {
				t.Errorf("%s, although M-Pesa was asked just now", name)
			}
		}
		w.Clock.Advance(3 * time.Minute)
		for name, say := range sayings(w, payout) {
			if err := say(t.Context(), w.Errand("alone")); !errors.Is(err, escrow.Refuse(escrow.UnknownOperator)) {
				t.Errorf("%s by one alone: %v", name, err)
			}
		}
		if err := w.Service.FailedByHand(t.Context(), payout.ID, e); err != nil {
			t.Error(err)
		}
	})
}

func isLater(err error) bool {
	_, ok := errors.AsType[*escrow.Later](err)
	return ok
}

// The books tell the way that the money left by, not the way that had failed.
func TestARefundThatWasPaidToAPhoneByHand(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		refund := refusedReversal(t, w)
		if err := w.Service.SettledByHand(t.Context(), refund.ID, escrow.MethodSTK, "RHAND", w.Errand("k")); err == nil {
			t.Error("a prompt paid it back")
		}
		if err := w.Service.SettledByHand(t.Context(), refund.ID, escrow.MethodB2C, "RHAND", w.Errand("k1")); err != nil {
			t.Fatal(err)
		}
		wantBalance(t, w, escrow.MpesaCollection, price)
		wantBalance(t, w, escrow.MpesaPayout, -price)
		wantBalance(t, w, escrow.MpesaCharges, -escrow.Shillings(9))
		wantBalance(t, w, escrow.Suspense, 0)
	})
}

// A late success over another amount than was ordered is counted as it was told.
func TestALateSuccessOverAnotherAmount(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		first := w.Till.Last(t, escrow.Payout)
		w.Learn(escrow.Payout, notPaid("", "x"))
		if err := w.Service.Retry(t.Context(), first.ID, "", w.Errand("k")); err != nil {
			t.Fatal(err)
		}
		w.Work()
		late := paid("R9")
		late.Amount = price - 100
		if err := w.Service.Learn(t.Context(), first.ID, late, "late"); err != nil {
			t.Fatal(err)
		}
		w.Learn(escrow.Payout, notPaid("", "x"))
		wantItems(t, w, "[amount_mismatch]")
		wantBalance(t, w, escrow.MpesaPayout, 100-price)
	})
}

package escrow_test

import (
	"errors"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// A locked code is no dead end: an operator who knows who mistyped it lets it be
// tried again, and the item about it is closed.
func TestALockedCodeIsUnlockedByAnOperator(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
		accept := func(code string) error {
			cmd := w.Command(storetest.Amina, c.Ref)
			cmd.Code = code
			_, err := w.Service.AcceptGoods(t.Context(), cmd)
			return err
		}
		unlock := func(reason string) error {
			e := w.Errand("unlock")
			_, err := w.Service.Unlock(t.Context(), escrow.Mediation{
				Key: w.Request(storetest.Amina).Key, Operator: e.Operator, Ref: c.Ref, Reason: reason,
			})
			w.Work()
			return err
		}
		if err := unlock("asked"); !errors.Is(err, escrow.Refuse(escrow.NotNow)) {
			t.Errorf("nothing is locked: %v", err)
		}
		code := w.Codes.For(c)
		for range 5 {
			if err := accept(digitsBut(code)); err == nil {
				t.Fatal("a wrong code was taken")
			}
		}
		if err := accept(code); !errors.Is(err, escrow.Refuse(escrow.CodeLocked)) {
			t.Fatalf("the right code while it is locked: %v", err)
		}
		wantItems(t, w, "[code_locked]")
		if err := unlock(" "); !errors.Is(err, escrow.Refuse(escrow.NoReason)) {
			t.Errorf("without a reason: %v", err)
		}
		told := len(w.Postbox.To(storetest.Amina))
		if err := unlock("called her back"); err != nil {
			t.Fatal(err)
		}
		wantItems(t, w, "[]")
		if got := w.Postbox.To(storetest.Amina); len(got) != told+1 || got[told] != escrow.MsgDeliveredBuyer {
			t.Errorf("she was told %v", got[told:])
		}
		if err := accept(digitsBut(code)); escrow.RefusalOf(err) == nil || escrow.RefusalOf(err).Left != 4 {
			t.Errorf("the first wrong one after it: %v", err)
		}
		if err := accept(code); err != nil {
			t.Fatal(err)
		}
		wantState(t, w, c, escrow.Completed, escrow.PaymentHeld)
	})
}

package escrow_test

import (
	"fmt"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// Whoever misses a text can ask with STATUS; whoever gets one twice may pay twice.
func TestAMessageIsNotSentAgainAfterACrash(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.PaymentLocked, price)
		before := len(w.Postbox.To(amina))
		w.Postbox.Crash()
		if _, err := w.Service.ConfirmDelivery(t.Context(), w.Command(otieno, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.WorkThroughCrash()
		w.Work()
		if got := fmt.Sprint(w.Postbox.To(amina)[before:]); got != "[delivered_buyer]" {
			t.Errorf("after the crash the buyer has %s", got)
		}
	})
}

// The job that sends the prompt may come to it only after the parties have
// called the contract off.
func TestAPromptOfACancelledContractIsNotSent(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Confirmed, price)
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Service.Cancel(t.Context(), w.Command(otieno, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Work()
		wantSent(t, w, 0)
		wantState(t, w, c, escrow.Cancelled, escrow.PaymentFailed)
	})
}

package escrow_test

import (
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// A buyer who holds the seller's phone for a minute cannot ask in the seller's name
// for the money to go back: above the limit asking takes the PIN, where there is one.
func TestASellerAsksToCallOffWithThePIN(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.PaymentLocked, escrow.Shillings(9_000))
		w.TrustedPIN(otieno, pin)
		_, err := w.Service.Cancel(t.Context(), w.Command(otieno, c.Ref))
		refusedWith(t, err, escrow.PINNeeded)
		cmd := w.Command(otieno, c.Ref)
		cmd.PIN = wrongPIN
		_, err = w.Service.Cancel(t.Context(), cmd)
		refusedWith(t, err, escrow.BadPIN)
		cmd = w.Command(otieno, c.Ref)
		cmd.PIN = pin
		result, err := w.Service.Cancel(t.Context(), cmd)
		if err != nil || result.Contract.CancelBy != escrow.Seller {
			t.Fatalf("asked by %q, %v", result.Contract.CancelBy, err)
		}
		w.WantPINEvents(otieno, escrow.PINSet, escrow.PINWrong, escrow.PINUsed)
		w.Work()
		w.Prove()
	})
}

// What asking takes, and of whom.
func TestWhatAskingToCallOffTakes(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	large, small := escrow.Shillings(9_000), w.Policy.CodeAbove
	resting := w.DealIn(escrow.PaymentLocked, large)
	if got := w.Service.AskProof(resting, escrow.Seller, escrow.ChannelUSSD); got != escrow.ProofNone {
		t.Errorf("without a PIN it takes %s", got)
	}
	w.TrustedPIN(otieno, pin)
	w.TrustedPIN(amina, pin)
	for name, test := range map[string]struct {
		state   escrow.State
		amount  escrow.Cents
		role    escrow.Role
		channel escrow.Channel
		want    escrow.Proof
	}{
		"much":            {escrow.Delivered, large, escrow.Seller, escrow.ChannelUSSD, escrow.ProofPIN},
		"little":          {escrow.Delivered, small, escrow.Seller, escrow.ChannelUSSD, escrow.ProofNone},
		"by the buyer":    {escrow.Delivered, large, escrow.Buyer, escrow.ChannelUSSD, escrow.ProofNone},
		"by SMS":          {escrow.Delivered, large, escrow.Seller, escrow.ChannelSMS, escrow.ProofNone},
		"nothing is held": {escrow.Confirmed, large, escrow.Seller, escrow.ChannelUSSD, escrow.ProofNone},
	} {
		if got := w.Service.AskProof(w.DealIn(test.state, test.amount), test.role, test.channel); got != test.want {
			t.Errorf("%s it takes %s, want %s", name, got, test.want)
		}
	}
}

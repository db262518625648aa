package escrow_test

import (
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// disputedAfterAccepting is a contract that the buyer has accepted and then disputed:
// without the dispute, the seller's word alone releases the money.
func disputedAfterAccepting(t *testing.T, w *storetest.World, amount escrow.Cents) escrow.Contract {
	t.Helper()
	c := w.DealIn(escrow.PaymentLocked, amount)
	accept := w.Command(amina, c.Ref)
	accept.PIN = pin
	if _, err := w.Service.AcceptGoods(t.Context(), accept); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Service.Dispute(t.Context(), w.Command(amina, c.Ref)); err != nil {
		t.Fatal(err)
	}
	return c
}

// A buyer who has accepted and takes the dispute back pays by that: above the limit it
// takes the PIN, as the acceptance did, and a wrong one is counted.
func TestWithdrawingAnAcceptanceTakesThePIN(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.TrustedPIN(amina, pin)
		withdraw := func(c escrow.Contract, typed escrow.PIN) string {
			cmd := w.Command(amina, c.Ref)
			cmd.PIN = typed
			_, err := w.Service.Withdraw(t.Context(), cmd)
			return refusalIn(err)
		}
		small := disputedAfterAccepting(t, w, escrow.Shillings(5_000))
		if got := withdraw(small, ""); got != "ok" {
			t.Errorf("little money: %s", got)
		}
		c := disputedAfterAccepting(t, w, escrow.Shillings(5_001))
		for _, step := range []struct {
			typed escrow.PIN
			want  string
		}{{"", "!pin_needed"}, {wrongPIN, "!bad_pin"}, {pin, "ok"}} {
			if got := withdraw(c, step.typed); got != step.want {
				t.Errorf("much money: %s, want %s", got, step.want)
			}
		}
		wantState(t, w, c, escrow.Accepted, escrow.PaymentHeld)
		w.Prove()
	})
}

// Whose PIN was taken away meanwhile waits for a new one: one that was just set moves
// no money. Every other dispute is withdrawn without.
func TestWithdrawingWithoutATrustedPIN(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	w.TrustedPIN(amina, pin)
	c := disputedAfterAccepting(t, w, escrow.Shillings(9_000))
	m := escrow.Mediation{Key: "clear", Operator: w.Operator("Ann"), Reason: "lost the phone"}
	if err := w.Service.ClearPIN(t.Context(), m, amina); err != nil {
		t.Fatal(err)
	}
	_, err := w.Service.Withdraw(t.Context(), w.Command(amina, c.Ref))
	refusedWith(t, err, escrow.PINNotSet)
	w.SetPIN(amina, otherPIN)
	cmd := w.Command(amina, c.Ref)
	cmd.PIN = otherPIN
	_, err = w.Service.Withdraw(t.Context(), cmd)
	refusedWith(t, err, escrow.PINWaits)
	w.Clock.Advance(escrow.PINRest)
	cmd = w.Command(amina, c.Ref)
	cmd.PIN = otherPIN
	if _, err := w.Service.Withdraw(t.Context(), cmd); err != nil {
		t.Error(err)
	}
	delivered := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
	if _, err := w.Service.Dispute(t.Context(), w.Command(amina, delivered.Ref)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Service.Withdraw(t.Context(), w.Command(amina, delivered.Ref)); err != nil {
		t.Errorf("from delivered: %v", err)
	}
	w.Prove()
}

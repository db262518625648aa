package ussd

import (
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/gsm7"
)

// What each screen names before money moves, and after, in a deal of Ksh 3,500 of
// which the service takes Ksh 60 from one side: all that the buyer pays, which is held
// and goes back, or what the seller gets.
func TestEverySumIsTheOneThatMoves(t *testing.T) {
	t.Parallel()
	h := newTestHandler(t)
	both := []escrow.Role{escrow.Buyer, escrow.Seller}
	held, gets := escrow.Contract.Payable, escrow.Contract.Receivable
	for node, test := range map[string]struct {
		state escrow.State
		to    []escrow.Role
		sum   func(escrow.Contract) escrow.Cents
	}{
		"accept": {escrow.Delivered, both[:1], gets}, "code": {escrow.Delivered, both[:1], gets}, "pin": {escrow.Delivered, both[:1], gets},
		"accepted": {escrow.Completed, both[:1], gets}, "delivered": {escrow.Completed, both[1:], gets},
		"withdraw": {escrow.Disputed, both[:1], gets}, "withdraw_pin": {escrow.Disputed, both[:1], gets},
		"withdrawn": {escrow.Accepted, both, held}, "paying": {escrow.Confirmed, both[:1], held}, "cancel": {escrow.Confirmed, both, held},
		"ask_cancel": {escrow.PaymentLocked, both, held}, "asked": {escrow.PaymentLocked, both, held},
		"agree_cancel": {escrow.PaymentLocked, both, held}, "cancel_code": {escrow.PaymentLocked, both, held},
		"cancel_pin": {escrow.PaymentLocked, both, held}, "called_off": {escrow.Cancelled, both, held},
	} {
		for _, payer := range both {
			contract := longContract(test.state, "Maize")
			contract.Amount, contract.Fee, contract.FeePayer = escrow.Shillings(3_500), escrow.Shillings(60), payer
			contract.DisputedFrom, contract.DisputedBy = escrow.Accepted, escrow.Buyer
			for _, to := range test.to {
				for _, language := range []string{"en", "sw"} {
					c := h.callAt(h.menu.Node(node), language)
					c.show(escrow.View{Contract: contract, Role: to})
					screen := gsm7.Clean(c.screen(squeezes()[0]))
					for _, sum := range []escrow.Cents{contract.Amount, contract.Payable(), contract.Receivable()} {
						if named := strings.Contains(screen, sum.String()); named != (sum == test.sum(contract)) {
							t.Errorf("%s, to the %s, where the %s bears the fee: names %s is %t\n%s", node, to, payer, sum, named, screen)
						}
					}
				}
			}
		}
	}
}

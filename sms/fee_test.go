package sms

import (
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
)

// What each text that says where money is or goes names, in a deal of Ksh 3,500
// of which the service takes Ksh 60 from one side: all that the buyer pays, which
// is held and goes back, or what the seller gets.
func TestEverySumIsTheOneThatMoves(t *testing.T) {
	t.Parallel()
	both := []escrow.Role{escrow.Buyer, escrow.Seller}
	held, gets := escrow.Contract.Payable, escrow.Contract.Receivable
	c := newTestComposer(t)
	for template, test := range map[escrow.Template]struct {
		to  []escrow.Role
		sum func(escrow.Contract) escrow.Cents
	}{
		escrow.MsgAgreedBuyer: {both[:1], held}, escrow.MsgPromptSent: {both[:1], held}, escrow.MsgFundedBuyer: {both[:1], held},
		escrow.MsgAgreedSeller: {both[1:], gets}, escrow.MsgDeliveredSeller: {both[1:], gets}, escrow.MsgAcceptedSeller: {both[1:], gets},
		escrow.MsgCompletedSeller: {both[1:], gets}, escrow.MsgConfirmReminder: {both[1:], gets},
		escrow.MsgAcceptedBuyer: {both[:1], gets}, escrow.MsgCompletedBuyer: {both[:1], gets},
		escrow.MsgDisputedRaiser: {both, held}, escrow.MsgDisputedOther: {both, held}, escrow.MsgWithdrawn: {both, held},
		escrow.MsgWarnFirst: {both[1:], held}, escrow.MsgWarnLast: {both[1:], held},
		escrow.MsgOverdue: {both, held}, escrow.MsgOverdueUnwarned: {both, held}, escrow.MsgInspectionOver: {both, held},
		escrow.MsgCancelAsked: {both, held}, escrow.MsgCancelAsking: {both, held}, escrow.MsgCancelKept: {both, held},
		escrow.MsgWordAdded: {both, held}, escrow.MsgCancelRefused: {both, held},
	} {
		for _, payer := range both {
			contract := feeOn(payer)
			want := test.sum(contract)
			for _, to := range test.to {
				for _, language := range []escrow.Language{escrow.English, escrow.Kiswahili} {
					m := escrow.Message{Template: template, Params: escrow.ParamsFor(contract, to)}
					m.Params.Language = language
					text, err := c.compose(m, "8305")
					if err != nil || !strings.Contains(text, want.String()) {
						t.Errorf("%s to the %s, where the %s bears the fee, names not %s: %s, %v", template, to, payer, want, text, err)
					}
					for _, other := range []escrow.Cents{contract.Amount, contract.Payable(), contract.Receivable()} {
						if other != want && strings.Contains(text, other.String()) {
							t.Errorf("%s to the %s, where the %s bears the fee, names %s too: %s", template, to, payer, other, text)
						}
					}
				}
			}
		}
	}
}

func feeOn(payer escrow.Role) escrow.Contract {
	return escrow.Contract{
		Ref: "1234", Item: "Maize", Amount: escrow.Shillings(3_500), Fee: escrow.Shillings(60), FeePayer: payer,
		State: escrow.PaymentLocked,
		Buyer: escrow.Party{Phone: "+254712000001"}, Seller: escrow.Party{Phone: "+254722000418"},
	}
}

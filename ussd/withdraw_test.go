package ussd_test

import (
	"context"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// A buyer who has accepted and takes the dispute back is asked for the PIN, in both
// languages; a wrong one leaves the dispute open.
func TestWithdrawingAnAcceptanceAsksForThePIN(t *testing.T) {
	t.Parallel()
	for language, want := range map[escrow.Language][]string{
		escrow.English: {
			"CON Type your VoicePact PIN: ", " goes on, 0722***418 gets Ksh9,000 when they confirm\n0. Back",
			"CON Wrong PIN. Tries left: 4.\n", " goes on from where it was.",
		},
		escrow.Kiswahili: {
			"CON Weka PIN ya VoicePact: ", " iendelee, 0722***418 atalipwa Ksh9,000 akithibitisha\n0. Rudi",
			"CON PIN si sahihi. Bado mara 4.\n", " inaendelea ilipokuwa.",
		},
	} {
		x := newSmallExchange(t)
		x.speaks(storetest.Amina, language)
		x.world.TrustedPIN(storetest.Amina, "7305")
		c := x.world.DealIn(escrow.PaymentLocked, escrow.Shillings(9_000))
		x.does(storetest.Amina, c, func(ctx context.Context, cmd escrow.Command) (escrow.Result, error) {
			cmd.PIN = "7305"
			return x.world.Service.AcceptGoods(ctx, cmd)
		})
		x.does(storetest.Amina, c, x.world.Service.Dispute)
		amina := x.pick(storetest.Amina)
		amina.dial(string(c.Ref))
		amina.answers("1", "1")
		amina.wants(want[0], want[1])
		amina.answer("7306")
		amina.wants(want[2])
		if x.state(c) != escrow.Disputed {
			t.Errorf("a wrong PIN leads to %s", x.state(c))
		}
		amina.answer("7305")
		amina.wants("END ", want[3])
		if x.state(c) != escrow.Accepted {
			t.Errorf("the right PIN leads to %s", x.state(c))
		}
		x.world.Prove()
	}
}

package escrow_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// Where M-Pesa turns a submission away for what only a person can set right, one is
// called: once, by the item that says what follows.
func TestATurnedAwaySubmissionCallsAPerson(t *testing.T) {
	t.Parallel()
	taken := escrow.Submission{Outcome: escrow.Taken, Code: "0"}
	for name, test := range map[string]struct {
		answers []escrow.Submission
		state   escrow.State
		items   string
	}{
		"a prompt, by our set-up": {
			[]escrow.Submission{{Outcome: escrow.Refused, Cause: escrow.CauseConfig, Alarm: true}},
			escrow.Confirmed, "[provider_alarm]",
		},
		"a prompt, by no fault of ours": {[]escrow.Submission{{Outcome: escrow.Refused}}, escrow.Confirmed, "[]"},
		"a payout that waits for our set-up": {
			[]escrow.Submission{taken, {Outcome: escrow.NotSent, Cause: escrow.CauseConfig, Alarm: true}},
			escrow.Completed, "[provider_alarm]",
		},
		"a payout, by our initiator": {
			[]escrow.Submission{taken, {Outcome: escrow.Refused, Cause: escrow.CauseCredential, Alarm: true}},
			escrow.Completed, "[payouts_halted]",
		},
		"a payout, for no cause that we know": {
			[]escrow.Submission{taken, {Outcome: escrow.Refused, Alarm: true}},
			escrow.Completed, "[provider_alarm payout_failed]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				w.Till.Answer(test.answers...)
				if test.state == escrow.Confirmed {
					paying(t, w)
				} else {
					w.DealIn(test.state, price)
				}
				wantItems(t, w, test.items)
			})
		})
	}
}

// An attempt may be noted as paid after all with no other under way, by a program of
// before that did not count it then. Its money is not ordered again, nor settled.
func TestWhatIsNotedAsPaidAfterAllIsNotOrderedAgain(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		id := w.Till.Last(t, escrow.Payout).ID
		w.Learn(escrow.Payout, notPaid("", "x"))
		err := w.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
			payout, err := tx.Transfer(ctx, id)
			if err != nil {
				return err
			}
			payout.ResultCode = "paid_after_all"
			return tx.SaveTransfer(ctx, payout)
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"ordered again": w.Service.Retry(t.Context(), id, "", w.Errand("k")),
			"settled":       w.Service.SettledByHand(t.Context(), id, escrow.MethodB2C, "RHAND", w.Errand("k2")),
		} {
			if err == nil || !strings.Contains(err.Error(), "was paid after all") {
				t.Errorf("%s: %v", name, err)
			}
		}
		after(w, time.Hour, time.Minute)
		wantSent(t, w, 2) // the collection and the one attempt
	})
}

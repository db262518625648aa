package escrow_test

import (
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// The tariff changed at midnight, in Nairobi, and we hear of everything a minute
// later: M-Pesa has charged by the one that held when the money moved.
func TestChargesAreThoseOfWhenTheMoneyMoved(t *testing.T) {
	t.Parallel()
	change := time.Date(2023, 7, 1, 0, 0, 0, 0, escrow.EAT)
	before, after := change.Add(-30*time.Second), change.Add(30*time.Second)
	at := func(f escrow.Finding, at time.Time) escrow.Finding { f.At = at; return f }
	arriveAt := func(t *testing.T, w *storetest.World, account escrow.Ref, at time.Time) {
		t.Helper()
		w.Clock.Set(change.Add(time.Minute))
		a := arrival(w, "R1", account)
		a.At = at
		arrive(t, w, a)
	}
	byPrompt := func(moved time.Time) func(*testing.T, *storetest.World) {
		return func(t *testing.T, w *storetest.World) {
			t.Helper()
			paying(t, w)
			w.Clock.Set(change.Add(time.Minute))
			w.Learn(escrow.Collect, at(paid("R1"), moved))
		}
	}
	payout := func(moved time.Time) func(*testing.T, *storetest.World) {
		return func(t *testing.T, w *storetest.World) {
			t.Helper()
			w.DealIn(escrow.Completed, price)
			w.Clock.Set(change.Add(time.Minute))
			w.Learn(escrow.Payout, at(paid("R9"), moved))
		}
	}
	for name, test := range map[string]struct {
		story func(*testing.T, *storetest.World)
		cost  int64
	}{
		"a prompt, before":         {byPrompt(before), 0},
		"a prompt, after":          {byPrompt(after), 25},
		"a prompt, no time told":   {byPrompt(time.Time{}), 0}, // that of its sending
		"a payout, before":         {payout(before), 0},
		"a payout, after":          {payout(after), 9},
		"a payout, no time told":   {payout(time.Time{}), 0},
		"a payout, a time to come": {payout(change.AddDate(1, 0, 0)), 0},
		"by PayBill, before": {func(t *testing.T, w *storetest.World) {
			t.Helper()
			arriveAt(t, w, w.DealIn(escrow.Confirmed, price).Ref, before)
		}, 0},
		"by PayBill, after": {func(t *testing.T, w *storetest.World) {
			t.Helper()
			arriveAt(t, w, w.DealIn(escrow.Confirmed, price).Ref, after)
		}, 25},
		"to no contract, before": {func(t *testing.T, w *storetest.World) { t.Helper(); arriveAt(t, w, "77", before) }, 0},
		"to no contract, after":  {func(t *testing.T, w *storetest.World) { t.Helper(); arriveAt(t, w, "77", after) }, 25},
		"a payout by hand, after it had failed": {func(t *testing.T, w *storetest.World) {
			t.Helper()
			w.DealIn(escrow.Completed, price)
			w.Learn(escrow.Payout, notPaid(escrow.CauseNumber, "2040"))
			w.Clock.Set(change.Add(time.Minute))
			id := w.Till.Last(t, escrow.Payout).ID
			if err := w.Service.SettledByHand(t.Context(), id, escrow.MethodB2C, "RHAND", w.Errand("k")); err != nil {
				t.Fatal(err)
			}
		}, 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := storetest.NewWorld(t, storetest.SQLite, func(p *escrow.Policy) { p.Bouquet = escrow.BouquetCustomer })
			w.Clock.Set(change.Add(-time.Minute))
			test.story(t, w)
			wantBalance(t, w, escrow.FeesMpesa, escrow.Shillings(test.cost))
			w.Prove()
		})
	}
}

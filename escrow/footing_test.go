package escrow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// What M-Pesa may have more, or less, on each of its accounts for what is under way
// or came to pass since: in one direction, and through one account. Of as much in
// another a person is told.
func TestWhatIsUnderWayExplainsOneDirection(t *testing.T) {
	t.Parallel()
	const (
		payout, charges   = escrow.UtilityAccount, "Charges Paid Account"
		payBill, takenFor = "PayBill " + payout, "PayBill " + charges
	)
	type footings map[string]escrow.Footing
	for name, test := range map[string]struct {
		begin func(*testing.T, *storetest.World)
		want  footings
	}{
		"nothing": {func(*testing.T, *storetest.World) {}, footings{}},
		"a payout": {
			func(_ *testing.T, w *storetest.World) { w.DealIn(escrow.Completed, price) },
			footings{payout: {Less: price}, charges: {Less: 900}},
		},
		"a payout that is to be sent once more": {
			func(t *testing.T, w *storetest.World) {
				t.Helper()
				w.Till.Answer(escrow.Submission{Outcome: escrow.Taken, Code: "0"}, escrow.Submission{Outcome: escrow.Unknown})
				w.DealIn(escrow.Completed, price)
				w.Clock.Advance(11 * time.Minute)
				w.Learn(escrow.Payout, escrow.Finding{Verdict: escrow.NeverSeen, Code: "2032"})
			},
			footings{payout: {Less: price}, charges: {Less: 900}},
		},
		"a prompt": {
			func(t *testing.T, w *storetest.World) { t.Helper(); paying(t, w) },
			footings{payBill: {More: price}, takenFor: {Less: 2500}},
		},
		"a reversal": {
			func(t *testing.T, w *storetest.World) {
				t.Helper()
				arrive(t, w, arrival(w, "R1", w.DealIn(escrow.Cancelled, price).Ref))
			},
			footings{payBill: {Less: price}},
		},
		"a payout that has failed": {
			func(t *testing.T, w *storetest.World) {
				t.Helper()
				w.DealIn(escrow.Completed, price)
				w.Learn(escrow.Payout, notPaid("", "x"))
			},
			footings{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
				t.Helper()
				w := storetest.NewWorld(t, open, func(p *escrow.Policy) { p.Bouquet = escrow.BouquetCustomer })
				test.begin(t, w)
				w.Clock.Advance(time.Hour)
				for _, account := range []string{payout, charges, payBill, takenFor} {
					wantFooting(t, w, account, test.want[account])
				}
			})
		})
	}
}

// The ledger has seen what moved after M-Pesa told its balance: there the direction
// is the other.
func TestWhatMovedSinceTheBalanceExplainsTheOtherDirection(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		w.Pay(escrow.Payout, "R9")
		wantFooting(t, w, escrow.UtilityAccount, escrow.Footing{More: price})
		wantFooting(t, w, "Charges Paid Account", escrow.Footing{More: 900})
		wantFooting(t, w, "PayBill "+escrow.UtilityAccount, escrow.Footing{Less: price})
		w.Clock.Advance(31 * time.Minute)
		wantFooting(t, w, escrow.UtilityAccount, escrow.Footing{})
		wantFooting(t, w, "PayBill "+escrow.UtilityAccount, escrow.Footing{})
	})
}

// wantFooting has M-Pesa tell balances about the ledger's of one account and looks up
// to which of them nobody is called.
func wantFooting(t *testing.T, w *storetest.World, account string, want escrow.Footing) {
	t.Helper()
	for off, explained := range map[escrow.Cents]bool{
		-want.Less - 1: false, -want.Less: true, want.More: true, want.More + 1: false,
	} {
		w.Clock.Advance(time.Second)
		tellBesides(t, w, account, off)
		r, err := w.Service.Reconcile(t.Context(), escrow.Window{From: w.Clock.Now().Add(-time.Hour)})
		if err != nil || len(r.Balances) != 4 {
			t.Fatalf("the report is %+v, %v", r, err)
		}
		for _, b := range r.Balances {
			if b.Account == account && (b.Explained() != explained || b.Difference() != off) {
				t.Errorf("%s differs by %s: explained %t, by up to %s less and %s more, want %s and %s",
					account, b.Difference(), b.Explained(), b.Less, b.More, want.Less, want.More)
			}
		}
	}
}

// tellBesides makes M-Pesa tell what the ledger says of every account, and of one
// another sum.
func tellBesides(t *testing.T, w *storetest.World, odd string, off escrow.Cents) {
	t.Helper()
	balances, err := w.Store.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	of := func(prefix string, utility, charges escrow.Account) map[string]escrow.Cents {
		told := map[string]escrow.Cents{escrow.UtilityAccount: balances[utility], "Charges Paid Account": balances[charges]}
		if name, ours := strings.CutPrefix(odd, prefix); ours {
			if _, known := told[name]; known {
				told[name] += off
			}
		}
		return told
	}
	tellAccounts(t, w, of("", escrow.MpesaPayout, escrow.MpesaCharges), false)
	tellAccounts(t, w, of("PayBill ", escrow.MpesaCollection, escrow.PayBillCharges), true)
}

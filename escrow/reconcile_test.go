package escrow_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func reconcile(t *testing.T, w *storetest.World) escrow.Reconciliation {
	t.Helper()
	r, err := w.Service.Reconcile(t.Context(), escrow.Window{From: w.Clock.Now().Add(-24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w.Work()
	return r
}

// onStatement is a payment by Amina as the statement shows it.
func onStatement(w *storetest.World, receipt string, account escrow.Ref) escrow.Arrival {
	a := arrival(w, receipt, account)
	a.Channel = escrow.ByStatement
	return a
}

// tellBalance makes M-Pesa tell what the ledger says stands on the utility accounts,
// and so much more on that which pays out.
func tellBalance(t *testing.T, w *storetest.World, more escrow.Cents) {
	t.Helper()
	balances, err := w.Store.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	amount := balances[escrow.MpesaPayout] + more
	b := escrow.Balance{At: w.Clock.Now(), Accounts: []escrow.BalanceLine{
		{Name: escrow.UtilityAccount, Current: amount, Available: amount},
	}}
	for range 2 {
		if err := w.Service.Balances(t.Context(), b, "test"); err != nil {
			t.Fatal(err)
		}
		b.PayBill, b.Accounts[0].Current = true, balances[escrow.MpesaCollection]
	}
}

// A payment of which every callback was lost is found on the statement, takes
// effect once, and is nothing new to the next comparison.
func TestReconcilePlacesWhatNobodyToldOf(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Confirmed, price)
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Work()
		w.Till.Show(onStatement(w, "R1", c.Ref))
		w.Clock.Advance(time.Hour)
		tellBalance(t, w, 0)
		r := reconcile(t, w)
		if r.Lines != 1 || !slices.Equal(r.Placed, []string{"R1"}) || !r.Clean() {
			t.Errorf("the report is %+v", r)
		}
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
		if r = reconcile(t, w); r.Lines != 1 || len(r.Placed) != 0 || !r.Clean() {
			t.Errorf("the second report is %+v", r)
		}
		wantBalance(t, w, escrow.MpesaCollection, price)
		wantItems(t, w, "[]")
		w.Prove()
	})
}

// What only one of the two knows, or knows otherwise, goes to a person; nothing is
// taken back.
func TestReconcileCallsAPerson(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shown  func(*storetest.World, escrow.Contract, string)
		report func(escrow.Reconciliation) []string
		items  string
	}{
		"a payment that M-Pesa does not know": {
			func(w *storetest.World, _ escrow.Contract, receipt string) { w.Till.Doubt(receipt, escrow.NoAnswer) },
			func(r escrow.Reconciliation) []string { return r.Missing }, "[not_on_statement]",
		},
		"a payment over another amount": {
			func(w *storetest.World, c escrow.Contract, receipt string) {
				a := onStatement(w, receipt, c.Ref)
				a.Amount += 100
				w.Till.Show(a)
			},
			func(r escrow.Reconciliation) []string { return r.Differs }, "[amount_mismatch]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(escrow.PaymentLocked, price)
				receipt := w.Till.Last(t, escrow.Collect).ID
				found, err := w.Store.FindTransfer(t.Context(), receipt)
				if err != nil {
					t.Fatal(err)
				}
				test.shown(w, c, found.Receipt)
				w.Clock.Advance(time.Hour)
				tellBalance(t, w, 0)
				for range 2 {
					if r := reconcile(t, w); !slices.Equal(test.report(r), []string{found.Receipt}) || r.Clean() {
						t.Errorf("the report is %+v", r)
					}
				}
				wantItems(t, w, test.items)
				wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
			})
		})
	}
}

// A callback that came a day late is on no statement of today; M-Pesa, asked about
// the payment itself, knows it.
func TestReconcileAsksBeforeItCallsAnybody(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.PaymentLocked, price)
		w.Clock.Advance(time.Hour)
		tellBalance(t, w, 0)
		if r := reconcile(t, w); !r.Clean() {
			t.Errorf("the report is %+v", r)
		}
		wantItems(t, w, "[]")
	})
}

// A balance that differs is a person's until the ledger says why: here, that the
// service's own float was brought to M-Pesa.
func TestReconcileComparesTheBalance(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		float := escrow.Shillings(50_000)
		tellBalance(t, w, float)
		r := reconcile(t, w)
		if len(r.Balances) != 2 || r.Balances[0].Difference() != float || !r.Balances[1].Agrees() || r.Clean() {
			t.Errorf("the report is %+v", r)
		}
		wantItems(t, w, "[balance_differs]")
		change := escrow.FloatChange{Key: "float:TKF1", Operator: w.Operator("Otieno"), Amount: float, Reason: "from the bank"}
		if err := w.Service.BookFloat(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		if err := w.Service.BookFloat(t.Context(), change); !errors.Is(err, escrow.Refuse(escrow.Already)) {
			t.Errorf("booked again: %v", err)
		}
		change.Key, change.Operator = "float:TKF2", "nobody's key"
		if err := w.Service.BookFloat(t.Context(), change); !errors.Is(err, escrow.Refuse(escrow.UnknownOperator)) {
			t.Errorf("booked by nobody: %v", err)
		}
		w.Clock.Advance(time.Second)
		tellBalance(t, w, 0)
		if r := reconcile(t, w); len(r.Balances) != 2 || !r.Balances[0].Agrees() || !r.Clean() {
			t.Errorf("the report is %+v", r)
		}
		wantItems(t, w, "[]") // nobody has to look any more
	})
}

// Where M-Pesa does not answer nothing is concluded, and the report says so.
func TestReconcileWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.PaymentLocked, price)
		w.Till.Silence(errors.New("503"))
		w.Clock.Advance(time.Hour)
		r := reconcile(t, w)
		if len(r.Faults) != 3 || len(r.Missing) != 0 || r.Clean() {
			t.Errorf("the report is %+v", r)
		}
		wantItems(t, w, "[]")
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
	})
}

// A payout of which nothing was heard is asked about, unless every question could
// lock our initiator.
func TestReconcileAsksAboutPayouts(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		payout := w.Till.Last(t, escrow.Payout)
		w.Clock.Advance(time.Minute)
		w.Till.Say(payout.ID, escrow.Finding{Verdict: escrow.Moved, Code: "0", Receipt: "P1", Amount: payout.Amount})
		if r := reconcile(t, w); r.Asked != 1 || r.Settled != 1 {
			t.Errorf("the report is %+v", r)
		}
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
		w.Prove()
	})
}

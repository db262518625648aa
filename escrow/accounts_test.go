package escrow_test

import (
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// statementSettles is longer than what moved counts as under way.
const statementSettles = time.Hour

// Where M-Pesa's accounts stand after a deal of Ksh 3,500 whose payment the
// business is charged Ksh 25 for and whose payout Ksh 9, by how many short codes
// there are; and the first thing that goes wrong there.
func TestEveryAccountIsHeldAgainstTheLedger(t *testing.T) {
	t.Parallel()
	type accounts = map[string]escrow.Cents
	for name, test := range map[string]struct {
		one              bool
		payout, paidInto accounts
		compared         int
	}{
		"one short code": {
			true,
			accounts{"Utility Account": 0, "Charges Paid Account": -34_00, "Working Account": 7_00},
			nil,
			2,
		},
		"one that is paid into and one that pays": {
			false,
			accounts{"Utility Account": -3_500_00, "Charges Paid Account": -9_00},
			accounts{"Utility Account": 3_500_00, "Charges Paid Account": -25_00},
			4,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
				t.Helper()
				w := storetest.NewWorld(t, open, func(p *escrow.Policy) {
					p.OneShortCode, p.Bouquet = test.one, escrow.BouquetCustomer
				})
				w.DealIn(escrow.Completed, price)
				w.Pay(escrow.Payout, "R9")
				w.Clock.Advance(2 * statementSettles)
				tellAccounts(t, w, test.payout, false)
				tellAccounts(t, w, test.paidInto, true)
				if r := reconcile(t, w); len(r.Balances) != test.compared || !r.Clean() {
					t.Errorf("the report is %+v", r)
				}
				for _, account := range []string{"Utility Account", "Charges Paid Account"} {
					w.Clock.Advance(statementSettles)
					tellAccounts(t, w, accounts{account: 1}, !test.one)
					if r := reconcile(t, w); r.Clean() {
						t.Errorf("%s is off, and the report is %+v", account, r)
					}
				}
				wantItems(t, w, "[balance_differs balance_differs]")
			})
		})
	}
}

func tellAccounts(t *testing.T, w *storetest.World, accounts map[string]escrow.Cents, paidInto bool) {
	t.Helper()
	b := escrow.Balance{At: w.Clock.Now(), PayBill: paidInto}
	for name, amount := range accounts {
		b.Accounts = append(b.Accounts, escrow.BalanceLine{Name: name, Current: amount, Available: amount})
	}
	if err := w.Service.Balances(t.Context(), b, "test"); err != nil {
		t.Fatal(err)
	}
}

// What is moved in M-Pesa's portal from the one short code to the other is booked
// at both, and charges where they were settled.
func TestTheFloatOfTwoShortCodes(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		operator := w.Operator("Otieno")
		for key, change := range map[string]escrow.FloatChange{
			"from": {Amount: -escrow.Shillings(300), PayBill: true},
			"to":   {Amount: escrow.Shillings(300)},
			"fees": {Amount: -escrow.Shillings(34), PayBill: true, Charges: true},
		} {
			change.Key, change.Operator, change.Reason = key, operator, "in the portal"
			if err := w.Service.BookFloat(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
		wantBalance(t, w, escrow.MpesaPayout, escrow.Shillings(300))
		wantBalance(t, w, escrow.MpesaCollection, -escrow.Shillings(334))
		wantBalance(t, w, escrow.PayBillCharges, escrow.Shillings(34))
		wantBalance(t, w, escrow.OwnFloat, 0)
	})
}

package sim

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	tariff "github.com/voicepact/gateway/internal/simulator/bank"
	"github.com/voicepact/gateway/mobilemoney"
)

// The bank's accounts of what it charges us, by short code, and its own.
const (
	bankCharges        = "charges of the utility"
	bankPayBillCharges = "charges of the collection"
	bankTariff         = "tariff"
)

// drawPolicy draws what differs from one installation to the next: what the
// service takes and from whom, who bears the bank's charge for a payment, and what
// takes two operators.
func drawPolicy(seed uint64) escrow.Policy {
	d := newDice(seed, "policy")
	policy := escrow.DefaultPolicy()
	if d.chance(0.7) {
		policy.Fee = escrow.FeePlan{
			BasisPoints: pick(d, []int64{0, 150, 333}), Flat: escrow.Shillings(pick(d, []int64{0, 1, 30})),
			Payer: pick(d, []escrow.Role{escrow.Buyer, escrow.Seller}),
		}
	}
	policy.Bouquet = pick(d, []escrow.Bouquet{escrow.BouquetBusiness, escrow.BouquetCustomer, escrow.BouquetMgao})
	policy.FourEyesAbove = escrow.Shillings(pick(d, []int64{100, 3_000, 20_000}))
	return policy
}

// fee is what the service takes for a deal, reckoned in whole shillings and not as
// the gateway does.
func (w *world) fee(d *deal) escrow.Cents {
	plan := w.policy.Fee
	return escrow.Shillings((d.amount.Shillings()*plan.BasisPoints + plan.Flat.Shillings()*10_000) / 10_000)
}

// pays is what the buyer of a deal is to pay.
func (w *world) pays(d *deal) escrow.Cents {
	if w.policy.Fee.Payer == escrow.Buyer {
		return d.amount + w.fee(d)
	}
	return d.amount
}

// gets is what the seller of a deal is to get.
func (w *world) gets(d *deal) escrow.Cents {
	if w.policy.Fee.Payer == escrow.Seller {
		return d.amount - w.fee(d)
	}
	return d.amount
}

// shares are what the customer and we bear of the charge for a payment.
func (b *bank) shares(amount escrow.Cents) (customer, ours escrow.Cents) {
	theirs, us := tariff.PayBillFee(tariff.Bouquet(b.w.policy.Bouquet), int64(amount))
	return escrow.Cents(theirs), escrow.Cents(us)
}

// checkFees holds what was earned and what was charged against what the deals and
// the bank's tables say.
func (w *world) checkFees(s state) {
	w.t.Helper()
	var earned, payouts, payments escrow.Cents
	for _, o := range s.overviews {
		if o.Contract.State == escrow.Completed {
			earned += w.fee(w.crowd.byRef[o.Contract.Ref])
		}
	}
	charged := func(amount escrow.Cents) {
		_, ours := w.bank.shares(amount)
		payments += ours
	}
	for _, t := range s.transfers {
		switch {
		case t.State != escrow.TransferSucceeded:
		case t.Kind == escrow.Collect:
			charged(w.truth(t))
		case w.bank.behind(t).Method == escrow.MethodB2C:
			payouts += escrow.Cents(tariff.PayoutFee(int64(w.truth(t))))
		}
	}
	open := map[string]bool{}
	for _, stray := range s.strays {
		charged(stray.Amount)
		open[stray.Receipt] = true
	}
	for _, p := range w.bank.inList {
		if p.refused && !open[p.receipt] { // and the charge for it is not
			charged(p.amount)
		}
	}
	for _, line := range []struct {
		account escrow.Account
		want    escrow.Cents
	}{
		{escrow.FeesPlatform, -earned},
		{escrow.MpesaCharges, -payouts},
		{escrow.PayBillCharges, -payments},
		{escrow.FeesMpesa, payouts + payments},
	} {
		if got := s.balances[line.account]; got != line.want {
			w.failf("%s stands at %s, and should at %s", line.account, got, line.want)
		}
	}
}

// account is one line of a balance as the portal prints it.
func account(name string, amount escrow.Cents) string {
	four := fmt.Sprintf("%s|%s|0.00|0.00", decimal(amount), decimal(amount))
	return name + "|KES|" + four
}

// told is what the bank says of the accounts of one of our short codes.
func (b *bank) told(utility, charges string) []byte {
	lines := []string{
		account("Working Account", 0), account("Utility Account", b.accounts[utility]),
		account("Charges Paid Account", b.accounts[charges]),
	}
	return encode(values{"Result": values{
		"ResultType": 0, "ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
		"OriginatorConversationID": "o", "ConversationID": "AG_b", "TransactionID": "TKN0000000",
		"ResultParameters": values{"ResultParameter": []values{
			{"Key": "AccountBalance", "Value": strings.Join(lines, "&")},
			{"Key": "BOCompletedTime", "Value": moment(b.w.clock.true)},
		}},
	}})
}

// balances answers what the gateway asks from time to time, as late and as often
// as every callback may come.
func (b *bank) balances() {
	w := b.w
	if w.faults.off && w.crowd.quiet {
		return
	}
	b.asked++
	for kind, body := range b.reports() {
		about := &order{Transfer: escrow.Transfer{ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s %d", kind, b.asked))}}
		b.names[about.ID] = fmt.Sprintf("balance %d", b.asked)
		b.tell(about, kind, body)
	}
	w.in(b.dice.between(time.Hour, 9*time.Hour), b.balances)
}

// reports are the balances of both short codes, in a fixed order.
func (b *bank) reports() func(func(string, []byte) bool) {
	return func(yield func(string, []byte) bool) {
		_ = yield(mobilemoney.KindBalance, b.told(bankUtility, bankCharges)) &&
			yield(mobilemoney.KindPayBillBalance, b.told(bankCollection, bankPayBillCharges))
	}
}

// Statement implements [escrow.Books].
func (c counter) Statement(_ context.Context, from, to time.Time) ([]escrow.Arrival, error) {
	var lines []escrow.Arrival
	for _, p := range c.w.bank.inList {
		if !p.at.Before(from) && p.at.Before(to) {
			lines = append(lines, p.line())
		}
	}
	return lines, nil
}

// line is a payment as the statement shows it.
func (p *payin) line() escrow.Arrival {
	return escrow.Arrival{
		Receipt: p.receipt, Amount: p.amount, Account: p.account, Payer: p.from.MSISDN(), At: p.at, Channel: escrow.ByStatement,
	}
}

// checkBalances tells the gateway the bank's balances once more, now that nothing
// is under way, and lets it compare them with its books. What M-Pesa has charged for
// what was paid beside another attempt is booked when it is settled.
func (w *world) checkBalances(charged escrow.Cents) {
	w.t.Helper()
	w.clock.true = w.clock.true.Add(2 * time.Hour) // what moved shortly before may explain anything
	w.owe()
	w.keepPulse()
	service := w.gate.service
	err := service.BookFloat(w.ctx, escrow.FloatChange{
		Key: "float", Operator: w.staff.list[0].key, Amount: w.bank.funded - w.staff.brought, Reason: "what else was brought",
	})
	if err != nil {
		w.failf("book the float: %v", err)
	}
	for kind, body := range w.bank.reports() {
		b, err := mobilemoney.DecodeBalance(kind, body)
		if err == nil {
			b.At = w.clock.now()
			err = service.Balances(w.ctx, b, "at rest")
		}
		if err != nil {
			w.failf("a balance at rest: %v", err)
		}
	}
	r, err := service.Reconcile(w.ctx, escrow.Window{From: w.clock.now().Add(-time.Hour)})
	if err != nil || len(r.Balances) != 4 {
		w.failf("reconciled %d balances: %v", len(r.Balances), err)
	}
	for _, b := range r.Balances {
		if d := max(b.Difference(), -b.Difference()); d > charged {
			w.failf("at rest: %s stands at %s, the ledger says %s", b.Account, b.Provider, b.Ledger)
		}
	}
}

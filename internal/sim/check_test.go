package sim

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	tariff "github.com/voicepact/gateway/internal/simulator/bank"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// witness takes down what a check has to say, instead of failing the test, so
// that the seed and the story can be said with it.
type witness struct {
	testing.TB
	said []string
}

// Errorf implements [testing.TB].
func (v *witness) Errorf(format string, args ...any) {
	v.said = append(v.said, fmt.Sprintf(format, args...))
}

// state is everything that the store says, read once for a check.
type state struct {
	overviews []store.Overview
	transfers []escrow.Transfer
	byID      map[uuid.UUID]escrow.Transfer
	balances  map[escrow.Account]escrow.Cents
	items     []escrow.Item
	strays    []escrow.Stray
}

func (w *world) read() state {
	const all = 10_000
	s := state{byID: map[uuid.UUID]escrow.Transfer{}}
	var err error
	if s.overviews, err = w.store.Newest(w.ctx, all); err != nil {
		w.t.Fatal(err)
	}
	for _, o := range s.overviews {
		transfers, err := w.store.TransfersOf(w.ctx, o.Contract.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		s.transfers = append(s.transfers, transfers...)
	}
	for _, t := range s.transfers {
		s.byID[t.ID] = t
	}
	if s.balances, err = w.store.Balances(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	if s.items, err = w.store.OpenItems(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	if s.strays, err = w.store.Strays(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// checkSafety asks for what must hold at every moment.
func (w *world) checkSafety() {
	w.t.Helper()
	v := &witness{TB: w.t}
	storetest.Prove(v, w.store)
	if len(v.said) > 0 {
		w.failf("%s", v.said[0])
	}
	s := w.read()
	w.checkBank(s)
	w.checkAnswers(s)
	w.checkPeople(s)
}

// checkBank compares with the truth: nothing is counted that the bank did not
// move, and what is counted is what it moved.
func (w *world) checkBank(s state) {
	w.t.Helper()
	var in, back, out escrow.Cents
	seen := map[string]string{}
	for _, t := range s.transfers {
		if t.State != escrow.TransferSucceeded {
			continue
		}
		amount := w.truth(t)
		if other, twice := seen[t.Receipt]; twice && t.Receipt != "" {
			w.failf("receipt %s counts for %s and for %s", t.Receipt, other, w.bank.name(t.ID))
		}
		seen[t.Receipt] = w.bank.name(t.ID)
		switch {
		case t.Kind == escrow.Collect:
			in += amount
		case w.bank.behind(t).Method == escrow.MethodReversal:
			back += amount
		default:
			out += amount
		}
	}
	for _, stray := range s.strays {
		if p := w.bank.ins[stray.Receipt]; p == nil || p.amount != stray.Amount || seen[stray.Receipt] != "" {
			w.failf("stray %s of %s is not what the bank has, or counts twice", stray.Receipt, stray.Amount)
		}
		in += stray.Amount
	}
	if got := s.balances[escrow.MpesaCollection]; got != in-back {
		w.failf("the ledger has collected %s, the bank %s of what is counted", got, in-back)
	}
	if got := -s.balances[escrow.MpesaPayout] - s.balances[escrow.OwnFloat]; got != out {
		w.failf("the ledger has paid out %s, the bank %s of what is counted", got, out)
	}
	w.checkFees(s)
	w.checkBankItself()
}

func (w *world) checkBankItself() {
	w.t.Helper()
	var sum escrow.Cents
	for _, amount := range w.bank.accounts {
		sum += amount
	}
	if sum != 0 {
		w.failf("the bank's own books are off by %s", sum)
	}
}

// truth is what the bank moved for a transfer that counts as succeeded.
func (w *world) truth(t escrow.Transfer) escrow.Cents {
	w.t.Helper()
	if t.Kind == escrow.Collect && t.Receipt != "" {
		if p := w.bank.ins[t.Receipt]; p != nil {
			return p.amount
		}
	} else if o := w.bank.behind(t); o != nil && o.paid {
		return o.moved
	}
	w.failf("%s %s counts as succeeded under receipt %q, and the bank moved nothing", t.Kind, w.bank.name(t.ID), t.Receipt)
	return 0
}

// checkAnswers looks for the trace of everything that was answered as done.
func (w *world) checkAnswers(s state) {
	w.t.Helper()
	evidence := map[string]bool{}
	for _, o := range s.overviews {
		for _, e := range o.Events {
			evidence[e.Evidence] = true
		}
	}
	for _, d := range w.crowd.deals {
		for _, key := range d.done {
			if !evidence[key] {
				w.failf("deal %d: %s was answered as done and has left no trace", d.n, key)
			}
		}
	}
}

// checkPeople adds up what the bank moved for each deal: nobody is paid twice,
// and nobody without both having said so.
func (w *world) checkPeople(s state) {
	w.t.Helper()
	paid, back, in := map[*deal]escrow.Cents{}, map[*deal]escrow.Cents{}, w.cameIn(s)
	for _, o := range w.bank.list {
		d := w.crowd.byRef[o.Ref]
		switch {
		case !o.paid || w.bank.twice(o):
		case o.Kind == escrow.Payout:
			paid[d] += o.moved
		case o.Kind == escrow.Refund:
			back[d] += o.moved
		}
	}
	for _, d := range w.crowd.deals {
		if said := d.delivered && d.accepted; !said && paid[d] > d.ruled {
			w.failf("deal %d was paid out: delivered %t, accepted %t, ruled %s", d.n, d.delivered, d.accepted, d.ruled)
		}
		if paid[d] > max(w.gets(d), d.ruled) || paid[d]+back[d] > in[d] {
			w.failf("deal %d of %s: %s came, %s was paid out, %s went back", d.n, d.amount, in[d], paid[d], back[d])
		}
	}
}

// cameIn is what the bank took in for each deal: under its reference, or under another
// and placed by an operator.
func (w *world) cameIn(s state) map[*deal]escrow.Cents {
	in, placed := map[*deal]escrow.Cents{}, map[string]*deal{}
	for _, t := range s.transfers {
		placed[t.Receipt] = w.crowd.byID[t.ContractID]
	}
	for _, p := range w.bank.inList {
		d := placed[p.receipt]
		if ref, err := escrow.ParseAccount(p.account); err == nil && w.crowd.byRef[ref] != nil {
			d = w.crowd.byRef[ref]
		}
		in[d] += p.amount
	}
	return in
}

// checkRest asks for what must hold when nothing happens any more: the operators have
// worked everything, so that there is nothing left for a person.
func (w *world) checkRest() {
	w.t.Helper()
	if err := w.queue.check(w.ctx); err != nil {
		w.failf("at rest: %v", err)
	}
	s := w.read()
	for _, t := range s.transfers {
		if !t.State.Final() {
			w.failf("at rest: %s %s is %s", t.Kind, w.bank.name(t.ID), t.State)
		}
	}
	for _, o := range s.overviews {
		c := o.Contract
		if c.State == escrow.Completed && o.Payment != escrow.PaymentReleased || !c.State.Terminal() {
			w.failf("at rest: contract of deal %d is %s, its payment %q", w.crowd.byRef[c.Ref].n, c.State, o.Payment)
		}
	}
	for _, i := range s.items {
		w.failf("at rest: the operators could not work %s about %s of contract %q: %s", i.Kind, w.bank.names[i.TransferID], i.Ref, i.Note)
	}
	if len(w.staff.ledger) > 0 || s.balances[escrow.OwnFloat] != -w.staff.booked {
		w.failf("at rest: the operators have booked %s, the ledger has %s", w.staff.booked, -s.balances[escrow.OwnFloat])
	}
	w.checkTotals(s)
}

// checkTotals holds the ledger against the bank's books, now that every fact has
// been told.
func (w *world) checkTotals(s state) {
	w.t.Helper()
	counted := map[*order]bool{}
	for _, t := range s.transfers {
		if t.State == escrow.TransferSucceeded && t.Kind != escrow.Collect {
			counted[w.bank.behind(t)] = true
		}
	}
	var charged escrow.Cents // for what was paid beside another attempt at the same money
	for _, o := range w.bank.list {
		switch {
		case !o.paid || o.Kind == escrow.Collect || counted[o]:
		case o.squared:
			charged += escrow.Cents(tariff.PayoutFee(int64(o.moved)))
		default:
			w.failf("at rest: %s %s moved and counts as %s", o.Kind, w.bank.name(o.ID), s.byID[o.ID].State)
		}
	}
	if truth := w.bank.accounts[bankCollection]; truth != s.balances[escrow.MpesaCollection] {
		w.failf("at rest: the bank has collected %s, the ledger %s", truth, s.balances[escrow.MpesaCollection])
	}
	truth, books := w.bank.accounts[bankUtility]-w.bank.funded, s.balances[escrow.MpesaPayout]-w.staff.brought
	if truth != books {
		w.failf("at rest: the bank has paid out %s, the ledger %s", -truth, -books)
	}
	w.checkBalances(charged)
}

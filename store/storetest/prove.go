package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// Prove checks the invariants of the money:
//
//   - every posting sums to zero, and so does the ledger;
//   - a contract holds its money exactly while it should;
//   - we owe each person what is on its way to them or failed to arrive, and no
//     cent more or less;
//   - every open contract has a deadline, or a person;
//   - money that a completed contract released is on its way, has arrived, or
//     waits for an operator;
//   - every audit chain is whole, and replaying it by the rules gives the state
//     of the contract and of each of its transfers.
//
// Nothing may change the store meanwhile.
func Prove(tb testing.TB, s *store.Store) {
	tb.Helper()
	const all = 10_000
	contracts, err := s.Newest(tb.Context(), all)
	if err != nil {
		tb.Fatal(err)
	}
	items, err := s.OpenItems(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	p := &proof{tb: tb, items: items, owed: map[escrow.Account]escrow.Cents{}, doubted: map[escrow.Account]bool{}}
	for _, o := range contracts {
		transfers, err := s.TransfersOf(tb.Context(), o.Contract.ID)
		if err != nil {
			tb.Fatal(err)
		}
		p.contract(o)
		p.trail(o, transfers)
		p.alive(o.Contract)
		p.completed(o, transfers)
		p.owes(transfers)
	}
	p.ledger(s)
}

// proof is one run of [Prove].
type proof struct {
	tb      testing.TB
	items   []escrow.Item
	owed    map[escrow.Account]escrow.Cents // what we should owe, by the transfers
	doubted map[escrow.Account]bool         // accounts of which an operator decides
}

func (p *proof) contract(o store.Overview) {
	p.tb.Helper()
	c, want := o.Contract, escrow.Cents(0)
	if c.State.Funded() {
		want = c.Amount
	}
	if o.Held != want {
		p.tb.Errorf("contract %s in %s holds %s, want %s", c.Ref, c.State, o.Held, want)
	}
	if c.State.Funded() && o.Payment != escrow.PaymentHeld {
		p.tb.Errorf("contract %s in %s has a payment that is %q", c.Ref, c.State, o.Payment)
	}
}

// alive looks for what will move an open contract on when its parties do not.
func (p *proof) alive(c escrow.Contract) {
	p.tb.Helper()
	person := slices.ContainsFunc(p.items, func(i escrow.Item) bool { return i.ContractID == c.ID })
	if !c.State.Terminal() && !c.Due.Running() && !person {
		p.tb.Errorf("contract %s is %s, and nothing will happen by itself", c.Ref, c.State)
	}
	if c.State.Terminal() && c.Due.Kind != "" {
		p.tb.Errorf("contract %s is %s, and %s is still to come", c.Ref, c.State, c.Due.Kind)
	}
}

// trail holds a contract and its transfers against their audit events.
func (p *proof) trail(o store.Overview, transfers []escrow.Transfer) {
	p.tb.Helper()
	c := o.Contract
	if bad := escrow.Verify(o.Events, c.ChainHead); bad != 0 {
		p.tb.Errorf("contract %s: audit event %d is broken", c.Ref, bad)
	}
	if int64(len(o.Events)) != c.ChainSeq {
		p.tb.Errorf("contract %s has %d audit events, want %d", c.Ref, len(o.Events), c.ChainSeq)
	}
	state, err := replay(o.Events)
	if err != nil || state != c.State {
		p.tb.Errorf("contract %s is %s, its events say %q, %v", c.Ref, c.State, state, err)
	}
	ends, err := replayTransfers(o.Events)
	if err != nil || len(ends) != len(transfers) {
		p.tb.Errorf("contract %s has %d transfers, its events tell of %d, %v", c.Ref, len(transfers), len(ends), err)
	}
	for _, t := range transfers {
		if end := ends[t.ID.String()]; end != string(t.State) {
			p.tb.Errorf("%s of contract %s is %s, its events say %q", t.Kind, c.Ref, t.State, end)
		}
	}
}

// completed looks for the seller's money of a completed contract.
func (p *proof) completed(o store.Overview, transfers []escrow.Transfer) {
	p.tb.Helper()
	if o.Contract.State != escrow.Completed {
		return
	}
	want := escrow.PaymentHeld
	for _, t := range transfers {
		if t.Kind != escrow.Payout || t.State == escrow.TransferFailed {
			continue
		}
		if t.State == escrow.TransferSucceeded {
			want = escrow.PaymentReleased
		}
		if o.Payment != want {
			p.tb.Errorf("contract %s: the payout is %s, the payment %s", o.Contract.Ref, t.State, o.Payment)
		}
		return
	}
	if !slices.ContainsFunc(p.items, func(i escrow.Item) bool { return i.ContractID == o.Contract.ID }) {
		p.tb.Errorf("contract %s is completed, and no payout is under way, done or with an operator", o.Contract.Ref)
	}
}

// owes adds up what the ledger should owe: every payment that was to leave us
// and has not left.
func (p *proof) owes(transfers []escrow.Transfer) {
	arrived, due := map[uuid.UUID]bool{}, map[uuid.UUID]escrow.Transfer{}
	for _, t := range transfers {
		if t.Kind == escrow.Collect {
			continue
		}
		due[t.PaymentID] = t
		arrived[t.PaymentID] = arrived[t.PaymentID] || t.State == escrow.TransferSucceeded
		if slices.ContainsFunc(p.items, func(i escrow.Item) bool {
			return i.Kind == escrow.ItemAmountMismatch && i.TransferID == t.ID
		}) {
			p.doubted[escrow.PayableAccount(t.Party.ID)] = true
		}
	}
	for payment, t := range due {
		if !arrived[payment] {
			p.owed[escrow.PayableAccount(t.Party.ID)] += t.Amount
		}
	}
}

func (p *proof) ledger(s *store.Store) {
	p.tb.Helper()
	bad, err := s.Unbalanced(p.tb.Context())
	if err != nil {
		p.tb.Fatal(err)
	}
	for _, id := range bad {
		p.tb.Errorf("posting %s does not sum to zero", id)
	}
	balances, err := s.Balances(p.tb.Context())
	if err != nil {
		p.tb.Fatal(err)
	}
	var sum escrow.Cents
	for account, balance := range balances {
		sum += balance
		if _, known := p.owed[account]; !known && strings.HasPrefix(string(account), "payable:") {
			p.owed[account] = 0
		}
	}
	if sum != 0 {
		p.tb.Errorf("the ledger is off by %d cents", sum)
	}
	for account, owed := range p.owed {
		if -balances[account] != owed && !p.doubted[account] {
			p.tb.Errorf("%s says that we owe %s, want %s", account, -balances[account], owed)
		}
	}
}

// ofTransfer tells the events of a transfer, "payout.accepted", from those of
// the contract itself.
func ofTransfer(e escrow.AuditEvent) bool { return strings.Contains(e.Event, ".") }

// replay returns the state that the contract's own events lead to. Each has to
// begin where the one before it ended, and to follow a rule.
func replay(events []escrow.AuditEvent) (escrow.State, error) {
	var state escrow.State
	for _, e := range events {
		if ofTransfer(e) {
			continue
		}
		if e.From != string(state) {
			return state, fmt.Errorf("event %d, %s, begins in %q and not in %q", e.Seq, e.Event, e.From, state)
		}
		next, err := escrow.ParseState(e.To)
		if state != "" && e.To != e.From { // neither the proposal nor a mere note
			ruled, ruleErr := state.Next(escrow.Event(e.Event))
			if err = errors.Join(err, ruleErr); err == nil && ruled != next {
				err = fmt.Errorf("the rule leads to %s", ruled)
			}
		}
		if err != nil {
			return state, fmt.Errorf("event %d, %s from %q to %q: %w", e.Seq, e.Event, e.From, e.To, err)
		}
		state = next
	}
	return state, nil
}

// replayTransfers returns the last state of every transfer by its id, with
// which the detail of its events begins.
func replayTransfers(events []escrow.AuditEvent) (map[string]string, error) {
	states := map[string]string{}
	for _, e := range events {
		if !ofTransfer(e) {
			continue
		}
		id, _, _ := strings.Cut(e.Detail, " ")
		if e.From != states[id] {
			return states, fmt.Errorf("event %d, %s, begins in %q and not in %q", e.Seq, e.Event, e.From, states[id])
		}
		states[id] = e.To
	}
	return states, nil
}

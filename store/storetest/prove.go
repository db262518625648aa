package storetest

import (
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// Prove checks the invariants of the money: the ledger sums to zero, a contract
// holds its money exactly while it should, every audit chain is whole, and the
// state of every contract is what its events say.
func Prove(tb testing.TB, s *store.Store) {
	tb.Helper()
	balances, err := s.Balances(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	var sum escrow.Cents
	for _, balance := range balances {
		sum += balance
	}
	if sum != 0 {
		tb.Errorf("the ledger is off by %d cents", sum)
	}
	const all = 10_000
	contracts, err := s.Newest(tb.Context(), all)
	if err != nil {
		tb.Fatal(err)
	}
	for _, o := range contracts {
		prove(tb, o)
	}
}

func prove(tb testing.TB, o store.Overview) {
	tb.Helper()
	c, want := o.Contract, escrow.Cents(0)
	if c.State.Funded() {
		want = c.Amount
	}
	if o.Held != want {
		tb.Errorf("contract %s in %s holds %s, want %s", c.Ref, c.State, o.Held, want)
	}
	if bad := escrow.Verify(o.Events); bad != 0 {
		tb.Errorf("contract %s: audit event %d is broken", c.Ref, bad)
	}
	if int64(len(o.Events)) != c.ChainSeq {
		tb.Errorf("contract %s has %d audit events, want %d", c.Ref, len(o.Events), c.ChainSeq)
	}
	if state := fold(o.Events); state != string(c.State) {
		tb.Errorf("contract %s is %s, its events say %s", c.Ref, c.State, state)
	}
}

// fold replays the events that are the contract's own.
func fold(events []escrow.AuditEvent) string {
	var state string
	for _, e := range events {
		if _, err := escrow.ParseState(e.To); err == nil && e.From == state {
			state = e.To
		}
	}
	return state
}

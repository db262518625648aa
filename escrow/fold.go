package escrow

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// ofTransfer tells the events of a transfer, "payout.accepted", from those of
// the contract itself.
func (e AuditEvent) ofTransfer() bool { return strings.Contains(e.Event, ".") }

// Fold returns the state that the contract's own events lead to. The first must
// be the proposal; each has to begin where the one before it ended and to follow
// a rule, unless it is a note that changes no state.
func Fold(events []AuditEvent) (State, error) {
	var state State
	for _, e := range events {
		if e.ofTransfer() {
			continue
		}
		if e.From != string(state) {
			return state, fmt.Errorf("event %d, %s, begins in %q and not in %q", e.Seq, e.Event, e.From, state)
		}
		next, err := state.follow(e)
		if err != nil {
			return state, fmt.Errorf("event %d, %s from %q to %q: %w", e.Seq, e.Event, e.From, e.To, err)
		}
		state = next
	}
	return state, nil
}

// follow checks one event that begins in s against the rules.
func (s State) follow(e AuditEvent) (State, error) {
	to, err := ParseState(e.To)
	if err != nil {
		return s, err
	}
	switch {
	case s == "" && (Event(e.Event) != EventPropose || to != Pending):
		return s, errors.New("a contract begins with its proposal")
	case s == "", to == s:
		return to, nil
	}
	ruled, err := s.Next(Event(e.Event))
	if err == nil && ruled != to {
		err = fmt.Errorf("the rule leads to %s", ruled)
	}
	return to, err
}

// FoldTransfers returns the state that their events lead every transfer of a
// contract to, by its id. An event's detail begins with the id.
func FoldTransfers(events []AuditEvent) (map[uuid.UUID]TransferState, error) {
	states := map[uuid.UUID]TransferState{}
	for _, e := range events {
		if !e.ofTransfer() {
			continue
		}
		text, _, _ := strings.Cut(e.Detail, " ")
		id, err := uuid.Parse(text)
		if err != nil {
			return states, fmt.Errorf("event %d, %s, names no transfer", e.Seq, e.Event)
		}
		was := states[id]
		if e.From != string(was) {
			return states, fmt.Errorf("event %d, %s, begins in %q and not in %q", e.Seq, e.Event, e.From, was)
		}
		next := TransferState(e.To)
		_, named, _ := strings.Cut(e.Event, ".")
		if named != e.To || !was.leadsTo(next) {
			return states, fmt.Errorf("event %d, %s from %q to %q: no rule", e.Seq, e.Event, e.From, e.To)
		}
		states[id] = next
	}
	return states, nil
}

// leadsTo is [TransferState.mayFollow] for what was recorded: a transfer begins
// as created, or as done where the buyer paid by themselves, and a note leaves
// it where it is.
func (s TransferState) leadsTo(next TransferState) bool {
	if s == "" {
		return next == TransferCreated || next == TransferSucceeded
	}
	return s == next || s.mayFollow(next)
}

package escrow_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
)

// The golden matrix is the specification: the cells that refuse are as much a
// decision as those that allow.
func TestEveryStateAnswersEveryEvent(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, state := range escrow.States() {
		for _, event := range escrow.Events() {
			to, err := state.Next(event)
			answer := string(to)
			if err != nil {
				answer = "-"
			}
			fmt.Fprintf(&b, "%-16s %-28s %s\n", state, event, answer)
		}
	}
	testkit.Golden(t, "testdata/matrix.golden", b.String())
}

func TestARefusedEventNamesStateAndEvent(t *testing.T) {
	t.Parallel()
	to, err := escrow.Completed.Next(escrow.EventDispute)
	var refused *escrow.TransitionError
	if !errors.As(err, &refused) || refused.State != escrow.Completed || refused.Event != escrow.EventDispute {
		t.Fatalf("got %v", err)
	}
	if to != escrow.Completed {
		t.Fatalf("a refused event moved the contract to %s", to)
	}
}

func TestNothingLeavesATerminalState(t *testing.T) {
	t.Parallel()
	for _, state := range escrow.States() {
		if !state.Terminal() {
			continue
		}
		for _, event := range escrow.Events() {
			if to, err := state.Next(event); err == nil {
				t.Errorf("%s left %s for %s", event, state, to)
			}
		}
	}
}

func TestEveryStateIsReachedAndCanEnd(t *testing.T) {
	t.Parallel()
	reached := reach(escrow.Pending)
	for _, state := range escrow.States() {
		if !reached[state] {
			t.Errorf("%s is never reached", state)
		}
		ends := false
		for next := range reach(state) {
			ends = ends || next.Terminal()
		}
		if !ends {
			t.Errorf("%s never ends", state)
		}
	}
}

func reach(from escrow.State) map[escrow.State]bool {
	seen := map[escrow.State]bool{from: true}
	todo := []escrow.State{from}
	for len(todo) > 0 {
		state := todo[0]
		todo = todo[1:]
		for _, event := range escrow.Events() {
			if to, err := state.Next(event); err == nil && !seen[to] {
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	return seen
}

// story is what of a contract's events decides whether it may be released.
type story struct {
	state, disputedFrom escrow.State
	delivered, accepted bool
}

// after is the story with one event more. A dispute is withdrawn to where it came
// from, which the use case sees to.
func (s story) after(event escrow.Event) (story, bool) {
	next, err := s.state.Next(event)
	withdrawn := s.state == escrow.Disputed && next.Funded()
	if err != nil || withdrawn && next != s.disputedFrom {
		return s, false
	}
	if next == escrow.Disputed {
		s.disputedFrom = s.state
	}
	s.delivered = s.delivered || event == escrow.EventConfirmDelivery
	s.accepted = s.accepted || event == escrow.EventAccept && s.state != escrow.Pending
	s.state = next
	return s, true
}

// The rule that the product stands on: no path of events, however long, leads to a
// release without both the seller's confirmation and the buyer's acceptance of
// goods.
func TestNoReleaseWithoutBothParties(t *testing.T) {
	t.Parallel()
	begun := story{state: escrow.Pending}
	seen, todo, released := map[story]bool{begun: true}, []story{begun}, false
	for len(todo) > 0 {
		now := todo[0]
		todo = todo[1:]
		released = released || now.state == escrow.Completed
		if now.state == escrow.Completed && (!now.delivered || !now.accepted) {
			t.Errorf("completed with delivered=%v accepted=%v", now.delivered, now.accepted)
		}
		for _, event := range escrow.Events() {
			if next, ok := now.after(event); ok && !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	if !released {
		t.Error("nothing is ever released")
	}
}

func TestParseStateKnowsItsOwnStatesOnly(t *testing.T) {
	t.Parallel()
	for _, state := range escrow.States() {
		if parsed, err := escrow.ParseState(string(state)); err != nil || parsed != state {
			t.Errorf("ParseState(%q) = %v, %v", state, parsed, err)
		}
	}
	if _, err := escrow.ParseState("locked"); err == nil {
		t.Error("an unknown state was parsed")
	}
}

func TestTheDiagramIsFresh(t *testing.T) {
	t.Parallel()
	testkit.Golden(t, "../docs/contract-states.mmd", escrow.Diagram())
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```mermaid\n"+escrow.Diagram()+"```") {
		t.Error("the README shows another diagram than docs/contract-states.mmd")
	}
}

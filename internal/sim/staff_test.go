package sim

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// deed is something that an operator does.
type deed string

// What operators do. Whatever is wrong is counted as refused, once it was.
const (
	didRule     deed = "ruled or proposed"
	didApprove  deed = "ruling approved"
	didReject   deed = "ruling rejected"
	didUnlock   deed = "code unlocked"
	didCall     deed = "seller called up"
	didRetry    deed = "payout ordered again"
	didDivert   deed = "payout ordered to another number"
	didSettle   deed = "payout settled by hand"
	didFail     deed = "payout failed by hand"
	didPay      deed = "paid or undone in the portal"
	didPutRight deed = "paid twice, put right"
	didAssign   deed = "stray assigned"
	didReturn   deed = "stray returned"
	didResume   deed = "payouts resumed"
	didBook     deed = "float booked"
	didCompare  deed = "statement pulled"
	didClose    deed = "item closed"
	wasRefused  deed = "wrong act refused"
)

func allDeeds() []deed {
	return []deed{
		didRule, didApprove, didReject, didUnlock, didCall, didRetry, didDivert, didSettle, didFail, didPay, didPutRight,
		didAssign, didReturn, didResume, didBook, didCompare, didClose, wasRefused,
	}
}

// operator is one of the staff, with the secret key.
type operator struct {
	id   uuid.UUID
	key  string
	name string
}

// staff are the operators. They have throws of their own.
type staff struct {
	w       *world
	dice    dice
	list    []operator
	former  string // the key of one who may not act any more
	keys    int
	done    map[deed]int
	ledger  []booking    // that was not heard to be booked
	booked  escrow.Cents // in all
	brought escrow.Cents // of that, what was put into the bank
}

// booking is money of our own that was moved, under the receipt of it.
type booking struct {
	receipt string
	amount  escrow.Cents
}

// newStaff appoints two who may act, because what is worth much takes both, and one
// who may not any more.
func newStaff(w *world) *staff {
	s := &staff{w: w, dice: newDice(w.seed, "staff"), done: map[deed]int{}}
	for n := range 3 {
		key, hash := escrow.NewOperatorKey()
		o := operator{id: uuid.Must(uuid.NewV7()), key: key, name: "operator " + strconv.Itoa(n+1)}
		err := w.store.AddOperator(w.ctx, escrow.Operator{
			ID: o.id, Name: o.name, Role: escrow.Mediator, CreatedAt: w.clock.now(),
		}, hash)
		if err != nil {
			w.t.Fatal(err)
		}
		s.list = append(s.list, o)
	}
	last := s.list[2]
	if _, err := w.store.DisableOperator(w.ctx, last.name, w.clock.now()); err != nil {
		w.t.Fatal(err)
	}
	s.list, s.former = s.list[:2], last.key
	return s
}

// two are who does something, and who stands behind it where two are needed.
func (s *staff) two() (first, second operator) {
	n := s.dice.IntN(2)
	return s.list[n], s.list[1-n]
}

func (s *staff) key() string {
	s.keys++
	return fmt.Sprintf("operator:%d", s.keys)
}

func (s *staff) errand(why string) escrow.Errand {
	first, second := s.two()
	return escrow.Errand{Key: s.key(), Operator: first.key, Second: second.key, Reason: why}
}

func (s *staff) mediation(ref escrow.Ref, why string) escrow.Mediation {
	first, _ := s.two()
	return escrow.Mediation{Key: s.key(), Operator: first.key, Ref: ref, Reason: why}
}

// do is one command that an operator runs, about something that can be named in
// the trace. What was done and not heard of, the operator finds done the next time.
func (s *staff) do(what deed, about string, command func(context.Context) error) outcome {
	w := s.w
	if w.gate == nil {
		return unanswered
	}
	var err error
	lived := w.alive(func() { err = command(w.ctx) })
	w.refresh()
	if wrong, ok := errors.AsType[*escrow.TransitionError](err); ok {
		w.failf("%s, %s: %v", what, about, wrong)
	}
	outcome := answered
	switch {
	case !lived || isInjected(err):
		outcome = unanswered
	case err != nil:
		outcome = refused
	default:
		s.done[what]++
	}
	w.notef("%s, %s: %s", what, about, outcome)
	return outcome
}

// run does so with an errand, behind which both stand.
func (s *staff) run(what deed, about string, act func(context.Context, escrow.Errand) error) outcome {
	return s.do(what, about, func(ctx context.Context) error { return act(ctx, s.errand("as the portal shows")) })
}

// rounds lets the staff look at what is open every few hours, for ever.
func (s *staff) rounds() {
	s.w.in(s.dice.between(3*time.Hour, 12*time.Hour), func() {
		s.round()
		s.rounds()
	})
}

// round is a look at all that is open. Part of it is left for the next time, as long
// as the days are busy.
func (s *staff) round() {
	w := s.w
	if w.gate == nil {
		return
	}
	s.bookAgain()
	items, err := w.store.OpenItems(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	s.reconcile(items)
	for _, item := range items {
		if w.gate != nil && (w.crowd.quiet || s.dice.chance(0.7)) {
			s.attend(item)
		} else {
			s.forget(item)
		}
	}
	often := 0.5
	if w.faults.off {
		often = 0.05
	}
	if w.gate != nil && s.dice.chance(often) {
		s.blunder(items)
	}
	w.notef("the operators have looked at %d items", len(items))
}

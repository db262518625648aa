package escrow

import (
	"context"
	"fmt"
	"slices"

	"github.com/looplab/fsm"
)

// State is where a contract stands.
type State string

// The states of a contract.
const (
	Pending       State = "pending"        // proposed, waiting for the other side
	Confirmed     State = "confirmed"      // both agreed, waiting for money
	PaymentLocked State = "payment_locked" // money held
	Delivered     State = "delivered"      // the seller says delivered
	Accepted      State = "accepted"       // the buyer accepted before the seller confirmed
	Completed     State = "completed"      // both confirmed: released
	Disputed      State = "disputed"       // frozen for a mediator
	Cancelled     State = "cancelled"      // called off; money, if any, goes back
	Expired       State = "expired"        // nobody agreed or paid in time
	Resolved      State = "resolved"       // a mediator decided the money
)

// States lists every state, in the order of a deal's life.
func States() []State {
	return []State{
		Pending, Confirmed, PaymentLocked, Delivered, Accepted,
		Completed, Disputed, Cancelled, Expired, Resolved,
	}
}

// Terminal reports whether the contract has ended.
func (s State) Terminal() bool {
	return slices.Contains([]State{Completed, Cancelled, Expired, Resolved}, s)
}

// Funded reports whether the buyer's money is held in this state.
func (s State) Funded() bool {
	return slices.Contains([]State{PaymentLocked, Delivered, Accepted, Disputed}, s)
}

// Event is what happens to a contract.
type Event string

// The events of a contract. Where one act of a person can end in different
// states for reasons outside the table, each ending is an event of its own.
const (
	EventPropose             Event = "propose" // makes the contract; no rule leads here
	EventDecline             Event = "decline"
	EventCancel              Event = "cancel" // after funding only when one asked and the other agreed
	EventExpire              Event = "expire"
	EventLock                Event = "lock"
	EventConfirmDelivery     Event = "confirm_delivery"
	EventAccept              Event = "accept" // the terms while pending, the goods once money is held
	EventDispute             Event = "dispute"
	EventInspectionOver      Event = "inspection_over"  // no answer in time: a mediator, never a release
	EventOverdue             Event = "overdue"          // late after two delivered warnings: refund
	EventOverdueUnwarned     Event = "overdue_unwarned" // late, but the warnings did not arrive: a mediator
	EventWithdrawToLocked    Event = "withdraw_to_payment_locked"
	EventWithdrawToDelivered Event = "withdraw_to_delivered"
	EventWithdrawToAccepted  Event = "withdraw_to_accepted"
	EventResolve             Event = "resolve"
)

type rule struct {
	event Event
	from  []State
	to    State
}

// rules is the one table of the escrow; the README's diagram is drawn from it.
func rules() []rule {
	return []rule{
		{EventAccept, []State{Pending}, Confirmed},
		{EventDecline, []State{Pending}, Cancelled},
		{EventCancel, []State{Pending, Confirmed}, Cancelled},
		{EventExpire, []State{Pending, Confirmed}, Expired},
		{EventLock, []State{Confirmed}, PaymentLocked},
		{EventConfirmDelivery, []State{PaymentLocked}, Delivered},
		{EventConfirmDelivery, []State{Accepted}, Completed},
		{EventAccept, []State{PaymentLocked}, Accepted},
		{EventAccept, []State{Delivered}, Completed},
		{EventDispute, []State{PaymentLocked, Delivered, Accepted}, Disputed},
		{EventInspectionOver, []State{Delivered}, Disputed},
		{EventOverdue, []State{PaymentLocked}, Cancelled},
		{EventOverdueUnwarned, []State{PaymentLocked}, Disputed},
		{EventCancel, []State{PaymentLocked, Delivered, Accepted, Disputed}, Cancelled},
		{EventWithdrawToLocked, []State{Disputed}, PaymentLocked},
		{EventWithdrawToDelivered, []State{Disputed}, Delivered},
		{EventWithdrawToAccepted, []State{Disputed}, Accepted},
		{EventResolve, []State{Disputed}, Resolved},
	}
}

// Events lists every event that has a rule, in the order of the table.
func Events() []Event {
	var events []Event
	for _, r := range rules() {
		if !slices.Contains(events, r.event) {
			events = append(events, r.event)
		}
	}
	return events
}

// Next returns the state that event leads to, or a [*TransitionError].
//
// The machine is built for this one decision and thrown away: looplab/fsm
// instances keep a stuck transition for ever once a cancelled context hits
// them, so none is shared and none sees a request's context. It costs about
// 5 microseconds.
func (s State) Next(event Event) (State, error) {
	machine := newMachine(s)
	err := machine.Event(context.Background(), string(event))
	if err != nil {
		return s, &TransitionError{State: s, Event: event}
	}
	return State(machine.Current()), nil
}

// ParseState reads a stored state.
func ParseState(text string) (State, error) {
	if state := State(text); slices.Contains(States(), state) {
		return state, nil
	}
	return "", fmt.Errorf("unknown contract state %q", text)
}

func newMachine(initial State) *fsm.FSM {
	events := make(fsm.Events, 0, len(rules()))
	for _, r := range rules() {
		from := make([]string, len(r.from))
		for i, state := range r.from {
			from[i] = string(state)
		}
		events = append(events, fsm.EventDesc{Name: string(r.event), Src: from, Dst: string(r.to)})
	}
	return fsm.NewFSM(string(initial), events, fsm.Callbacks{})
}

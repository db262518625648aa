package sim

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// fault is a kind of misfortune.
type fault string

// The faults of the process and its database.
const (
	crashBeforeCommit fault = "crash before commit"
	crashAfterCommit  fault = "crash after commit"
	crashBeforeCall   fault = "crash before the call"
	crashAfterCall    fault = "crash after the call, answer not stored"
	crashAfterJob     fault = "crash after a job, before it is done"
	commitLost        fault = "commit lost"
	commitUnsure      fault = "commit done, connection lost"
	conflicts         fault = "serialization failure"
	readFails         fault = "read fails"
	notKept           fault = "callback not kept"
	keptUnsure        fault = "callback kept, answer lost"
	downtime          fault = "down for hours"
	clockStep         fault = "clock step"
)

// The faults of the bank and of the way to it.
const (
	busy             fault = "too many requests"
	turnedAway       fault = "request turned away"
	requestLost      fault = "request lost"
	requestLate      fault = "request late"
	answerLost       fault = "answer lost"
	callbackLost     fault = "callback lost"
	callbackTwice    fault = "callback twice"
	callbackLate     fault = "callback late by hours or days"
	callbackEarly    fault = "callback before the response"
	contradicted     fault = "contradicting statement"
	queryFails       fault = "query unanswered"
	queueTimeout     fault = "queue time-out"
	paidLate         fault = "paid after the failure"
	otherAmount      fault = "other amount paid"
	payeeUnreachable fault = "payee's wallet refuses"
	floatEmpty       fault = "float empty"
	initiatorLocked  fault = "initiator locked"
)

// The faults of the SMS gateway.
const (
	smsBusy    fault = "SMS not sent"
	smsUnsure  fault = "SMS outcome unknown"
	reportLost fault = "delivery report lost"
	smsTwice   fault = "inbound SMS twice"
)

func allFaults() []fault {
	return []fault{
		crashBeforeCommit, crashAfterCommit, crashBeforeCall, crashAfterCall, crashAfterJob,
		commitLost, commitUnsure, conflicts, readFails, notKept, keptUnsure, downtime, clockStep,
		busy, turnedAway, requestLost, requestLate, answerLost, callbackLost, callbackTwice, callbackLate, callbackEarly,
		contradicted, queryFails, queueTimeout, paidLate, otherAmount, payeeUnreachable, floatEmpty, initiatorLocked,
		smsBusy, smsUnsure, reportLost, smsTwice,
	}
}

// faults is the plan of one run. Half of the kinds are off in each, and the rest
// come at rates of their own: a run with few kinds goes deeper than one in which
// everything fails at once.
type faults struct {
	dice  dice
	rates map[fault]float64
	count map[fault]int
	off   bool
}

func newFaults(seed uint64) *faults {
	f := &faults{dice: newDice(seed, "faults"), rates: map[fault]float64{}, count: map[fault]int{}}
	for _, kind := range allFaults() {
		on, rate := f.dice.chance(0.5), pick(f.dice, []float64{0.01, 0.03, 0.1, 0.3})
		switch kind {
		case crashBeforeCommit, crashAfterCommit, crashAfterJob, commitLost, commitUnsure, readFails, notKept, keptUnsure:
			rate /= 5 // drawn several times for each act
		case payeeUnreachable, requestLost:
			rate = min(rate*3, 0.6) // there are few payouts
		case downtime, clockStep, floatEmpty, initiatorLocked:
			rate = 1 // when, is drawn elsewhere
		default:
		}
		if on {
			f.rates[kind] = rate
		}
	}
	return f
}

// hit reports whether a fault happens now, and counts it.
func (f *faults) hit(kind fault) bool {
	if f.off || f.rates[kind] == 0 || !f.dice.chance(f.rates[kind]) {
		return false
	}
	f.count[kind]++
	return true
}

// errInjected is a fault of the database, of our making.
var errInjected = errors.New("injected: connection lost")

// died is the panic of a process that dies.
type died struct{ at fault }

func (f *faults) maybeDie(at fault) {
	if f.hit(at) {
		panic(died{at})
	}
}

// flaky is the store as an unlucky process sees it. A process only ever dies
// between transactions here: one that dies inside has not committed, which is
// what crashBeforeCommit does.
type flaky struct {
	*store.Store
	faults *faults
	wrote  *bool // set by whatever may have enqueued a job
}

// InTx implements [escrow.Store].
func (s flaky) InTx(ctx context.Context, fn func(context.Context, escrow.Tx) error) error {
	f := s.faults
	*s.wrote = true
	switch {
	case f.hit(commitLost):
		return s.Store.InTx(ctx, thenFail(fn, errInjected))
	case f.hit(crashBeforeCommit):
		err := s.Store.InTx(ctx, thenFail(fn, errInjected))
		if errors.Is(err, errInjected) {
			panic(died{crashBeforeCommit})
		}
		return err
	case f.hit(conflicts):
		runs := 1 + f.dice.IntN(3)
		return s.Store.InTx(ctx, func(ctx context.Context, tx escrow.Tx) error {
			runs--
			if runs >= 0 {
				return thenFail(fn, escrow.ErrConflict)(ctx, tx)
			}
			return fn(ctx, tx)
		})
	}
	err := s.Store.InTx(ctx, fn)
	if err != nil {
		return err
	}
	f.maybeDie(crashAfterCommit)
	if f.hit(commitUnsure) {
		return errInjected
	}
	return nil
}

// thenFail does the work and then fails, so that it is rolled back.
func thenFail(fn func(context.Context, escrow.Tx) error, with error) func(context.Context, escrow.Tx) error {
	return func(ctx context.Context, tx escrow.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return with
	}
}

// FindTransfer implements [escrow.Store].
func (s flaky) FindTransfer(ctx context.Context, id uuid.UUID) (escrow.Transfer, error) {
	if s.faults.hit(readFails) {
		return escrow.Transfer{}, errInjected
	}
	return s.Store.FindTransfer(ctx, id)
}

// FindContract implements [escrow.Store].
func (s flaky) FindContract(ctx context.Context, ref escrow.Ref) (escrow.Contract, escrow.PaymentStatus, error) {
	if s.faults.hit(readFails) {
		return escrow.Contract{}, "", errInjected
	}
	return s.Store.FindContract(ctx, ref)
}

// Keep implements the keepers of the callback routes.
func (s flaky) Keep(ctx context.Context, kind, key string, body []byte) error {
	*s.wrote = true
	if s.faults.hit(notKept) {
		return errInjected
	}
	if err := s.Store.Keep(ctx, kind, key, body); err != nil {
		return err
	}
	s.faults.maybeDie(crashAfterCommit)
	if s.faults.hit(keptUnsure) {
		return errInjected
	}
	return nil
}

// clock is the true time, and the one that the gateway believes.
type clock struct {
	true time.Time
	skew time.Duration
}

func (c *clock) now() time.Time { return c.true.Add(c.skew) }

// summary lists how often each fault happened, in a fixed order.
func (f *faults) add(to map[fault]int) {
	for kind, n := range f.count {
		to[kind] += n
	}
}

func sortedFaults(counts map[fault]int) []fault {
	var kinds []fault
	for kind := range counts {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

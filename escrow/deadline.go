package escrow

import (
	"context"
	"time"
)

// DueKind names what falls due on a contract.
type DueKind string

// What can fall due. Reminders lead to the end of the same state's time.
const (
	DueExpire       DueKind = "expire"          // nobody agreed, or nobody paid
	DueWarnFirst    DueKind = "warn_first"      // to the seller, on the last day of delivery
	DueWarnLast     DueKind = "warn_last"       // to the seller, the day after
	DueOverdue      DueKind = "overdue"         // the money goes back, or to a mediator
	DueInspectHalf  DueKind = "inspect_half"    // to the buyer, half-way
	DueInspection   DueKind = "inspection_over" // to a mediator
	DueConfirmFirst DueKind = "confirm_first"   // to the seller: only your word is missing
	DueConfirmLast  DueKind = "confirm_last"
	DueSilent       DueKind = "accepted_silent" // to an operator
)

// reminds reports whether nothing but a message follows from the kind.
func (k DueKind) reminds() bool {
	switch k {
	case DueWarnFirst, DueWarnLast, DueInspectHalf, DueConfirmFirst, DueConfirmLast:
		return true
	default:
		return false
	}
}

// Due is what falls due on a contract by itself. It is kept with the
// contract and decides alone: the job that looks at it is only a wake-up, and
// may come late, twice or never.
type Due struct {
	Kind  DueKind   // empty where nothing falls due
	At    time.Time // when Kind falls due
	End   time.Time // when the time of the contract's state is over
	Armed time.Time // since when it runs
	// Counted is how much of our own outages since Armed is in At and End.
	Counted time.Duration
	Frozen  time.Time // since when a dispute stops it; zero while it runs
}

// Running reports whether something will fall due.
func (d Due) Running() bool { return d.Kind != "" && d.Frozen.IsZero() }

// LastDay is the last day of the deadline's time, at midnight East Africa Time.
func (d Due) LastDay() time.Time { return Day(d.End.Add(-time.Second)) }

// shifted is the deadline with all that is to come so much later.
func (d Due) shifted(by time.Duration) Due {
	d.At, d.End = d.At.Add(by), d.End.Add(by)
	return d
}

// The hours of reminders, East Africa Time: nobody is woken by one.
const (
	morning = 8 * time.Hour
	evening = 18 * time.Hour
)

// daytime is t, or where that is at night the next morning.
func daytime(t time.Time) time.Time {
	midnight := Day(t)
	switch hour := t.Sub(midnight); {
	case hour < morning:
		return midnight.Add(morning)
	case hour >= evening:
		return midnight.Add(day + morning)
	default:
		return t
	}
}

const day = 24 * time.Hour

// When the seller is reminded that only the delivery has to be confirmed.
const (
	firstReminder  = day
	secondReminder = 3 * day
)

// afterWarning is the least time between the last warning and the end.
const afterWarning = day

// arm starts the time of the state that the contract has come to. A dispute
// stops the time of the state before, and going back lets it run on.
func (w *work) arm(ctx context.Context, from State) error {
	d, p := &w.contract.Due, w.policy
	if w.contract.State == Disputed {
		return w.freeze(ctx)
	}
	if from == Disputed && w.contract.State.Funded() {
		return w.thaw(ctx)
	}
	*d = Due{Armed: w.now}
	switch w.contract.State {
	case Pending:
		d.Kind, d.End = DueExpire, w.now.Add(p.AgreeWithin)
		d.At = d.End
	case Confirmed:
		d.Kind, d.End = DueExpire, w.now.Add(p.PayWithin)
		d.At = d.End
	case PaymentLocked:
		last := w.lastDelivery()
		d.Kind, d.At, d.End = DueWarnFirst, last.Add(morning), last.Add(day+p.Grace)
	case Delivered:
		d.End = w.now.Add(p.Inspection)
		*d = d.then(DueInspectHalf, w.now.Add(p.Inspection/2), DueInspection)
	case Accepted:
		d.End = w.now.Add(p.ConfirmWithin)
		*d = d.then(DueConfirmFirst, w.now.Add(firstReminder), DueSilent)
	case Completed, Disputed, Cancelled, Expired, Resolved:
		*d = Due{}
	}
	return w.wake(ctx)
}

// then goes on to a reminder, or where it would come too late to the end.
func (d Due) then(reminder DueKind, at time.Time, end DueKind) Due {
	d.Kind, d.At = reminder, daytime(at)
	if !d.At.Before(d.End) {
		d.Kind, d.At = end, d.End
	}
	return d
}

// lastDelivery is the day by whose evening the goods have to be there: the one
// agreed, or the first that begins with the money held, so that nobody is warned
// of a delivery that must not begin yet.
func (w *work) lastDelivery() time.Time {
	last := Day(w.contract.DeliverBy)
	if w.now.After(last.Add(morning)) {
		last = Day(w.now.Add(day - morning))
	}
	return last
}

// wake stores the job that looks when the deadline falls due.
func (w *work) wake(ctx context.Context) error {
	if !w.contract.Due.Running() {
		return nil
	}
	return w.Enqueue(ctx, Deadline{Contract: w.contract.ID}, w.contract.Due.At)
}

// freeze stops the time that runs, after it got back what outages took of it.
func (w *work) freeze(ctx context.Context) error {
	d := &w.contract.Due
	if !d.Running() {
		return nil
	}
	if _, err := w.countOutages(ctx); err != nil {
		return err
	}
	d.Frozen = w.now
	return nil
}

// thaw lets the time that was left when the dispute began run on.
func (w *work) thaw(ctx context.Context) error {
	d := &w.contract.Due
	if d.Kind == "" || d.Frozen.IsZero() {
		return nil
	}
	*d = d.shifted(w.now.Sub(d.Frozen))
	d.Armed, d.Counted, d.Frozen = w.now, 0, time.Time{}
	return w.wake(ctx)
}

package escrow

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// nearly is how much too early a wake-up may come and still wait for its
// deadline. One that is earlier belongs to a deadline that has moved, and that
// has a wake-up of its own.
const nearly = time.Minute

// Deadline does what is due on a contract, if it is. It is the work of
// [Deadline] and may run at any time and any number of times: the contract is
// read again under lock. The pulse goes first, so that after an outage nobody
// loses the time that we were away.
func (s *Service) Deadline(ctx context.Context, contract uuid.UUID) error {
	if err := s.Beat(ctx); err != nil {
		return err
	}
	var later time.Duration
	var asked []Item
	err := s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		later, asked = 0, nil
		c, err := tx.Contract(ctx, contract)
		if err != nil {
			return err
		}
		due := c.Due
		if !due.Running() {
			return nil
		}
		w := &work{
			Tx: tx, signer: s.signer, policy: &s.policy, now: s.now(), contract: c, channel: ChannelTimer,
			evidence: fmt.Sprintf("deadline:%s:%d", due.Kind, due.At.UnixMicro()),
		}
		if early := due.At.Sub(w.now); early > 0 {
			if early < nearly {
				later = early
			}
			return nil
		}
		if err := w.fallDue(ctx); err != nil {
			return err
		}
		asked = w.asked
		return w.save(ctx)
	})
	if err != nil {
		return err
	}
	s.announce(ctx, asked)
	if later > 0 {
		return &Later{After: later}
	}
	return nil
}

// fallDue does what is due, unless an outage, an open prompt or the night puts it
// off; then it moves the deadline on.
func (w *work) fallDue(ctx context.Context) error {
	d := &w.contract.Due
	if more, err := w.countOutages(ctx); err != nil {
		return err
	} else if more > 0 && w.now.Before(d.At) {
		return w.wake(ctx)
	}
	if fair := daytime(w.now); d.Kind.reminds() && fair.After(w.now) {
		d.At = fair
		return w.wake(ctx)
	}
	switch d.Kind {
	case DueExpire:
		return w.expire(ctx)
	case DueWarnFirst, DueWarnLast, DueInspectHalf, DueConfirmFirst, DueConfirmLast:
		return w.remind(ctx)
	case DueOverdue:
		return w.overdue(ctx)
	case DueInspection:
		return w.stall(ctx, EventInspectionOver, ItemInspectionOver, MsgInspectionOver)
	case DueSilent:
		*d = Due{}
		return w.ask(ctx, ItemAcceptedSilent, uuid.Nil, "accepted, and the seller has not confirmed the delivery")
	default:
		return fmt.Errorf("contract %s has %q due", w.contract.Ref, d.Kind)
	}
}

// expire ends a contract that nobody agreed to or paid for. While M-Pesa is
// asking for the money it waits; what is paid later goes back.
func (w *work) expire(ctx context.Context) error {
	if w.contract.State == Confirmed {
		open, err := w.PromptOpen(ctx, w.contract.ID, w.contract.Buyer.ID)
		if err != nil {
			return err
		}
		if open {
			w.contract.Due.At = w.now.Add(w.policy.PromptLife)
			w.contract.Due.End = w.contract.Due.At
			return w.wake(ctx)
		}
	}
	if err := w.move(ctx, EventExpire, ""); err != nil {
		return err
	}
	return w.tellBoth(ctx, MsgExpired)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// remind sends the reminder that is due and goes on to what comes after it.
func (w *work) remind(ctx context.Context) error {
	d := &w.contract.Due
	role, template := Seller, MsgConfirmReminder
	switch d.Kind {
	case DueWarnFirst:
		template = MsgWarnFirst
		d.Kind, d.At = DueWarnLast, daytime(d.At.Add(day))
		d.End = later(d.End, d.At.Add(afterWarning))
	case DueWarnLast:
		template = MsgWarnLast
		d.End = later(d.End, w.now.Add(afterWarning))
		d.Kind, d.At = DueOverdue, d.End
	case DueInspectHalf:
		role, template = Buyer, MsgInspectReminder
		d.Kind, d.At = DueInspection, d.End
	case DueConfirmFirst:
		*d = d.then(DueConfirmLast, d.At.Add(secondReminder-firstReminder), DueSilent)
	default:
		d.Kind, d.At = DueSilent, d.End
	}
	if err := w.receipt(ctx, role, template); err != nil {
		return err
	}
	if err := w.note(ctx, string(template), ""); err != nil {
		return err
	}
	return w.wake(ctx)
}

// warnings are the two messages that a seller must have got before money that was
// not delivered for goes back without a person.
func warnings() []Template { return []Template{MsgWarnFirst, MsgWarnLast} }

// overdue gives the money back where the seller is known to have got both
// warnings. Where a phone was off, the network lost one or no report came, a
// mediator asks first: silence alone costs nobody their money.
func (w *work) overdue(ctx context.Context) error {
	got, err := w.MessagesDelivered(ctx, w.contract.ID, warnings())
	if err != nil {
		return err
	}
	if got < len(warnings()) {
		return w.stall(ctx, EventOverdueUnwarned, ItemOverdueUnwarned, MsgOverdueUnwarned)
	}
	payment, err := w.HeldPayment(ctx, w.contract.ID)
	if err != nil {
		return err
	}
	if err := w.move(ctx, EventOverdue, ""); err != nil {
		return err
	}
	if err := w.giveBack(ctx, payment, payment.Amount); err != nil {
		return err
	}
	return w.tellBoth(ctx, MsgOverdue)
}

// stall gives a contract whose time is over to a mediator. Nobody raised it, so
// nobody can withdraw it.
func (w *work) stall(ctx context.Context, event Event, item ItemKind, template Template) error {
	from := w.contract.State
	if err := w.move(ctx, event, ""); err != nil {
		return err
	}
	w.contract.DisputedFrom, w.contract.DisputedBy, w.contract.Reason = from, "", ""
	if err := w.ask(ctx, item, uuid.Nil, "time is over"); err != nil {
		return err
	}
	return w.tellBoth(ctx, template)
}

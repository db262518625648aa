package escrow

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Learn takes one statement of the provider about a transfer, from a callback
// or a query, and does what follows from it. Callback, query and, later,
// reconciliation all end here, any number of times and in any order: money that
// moved is counted once, a success is never taken back, and a failure says
// nothing once money has moved.
//
// A success of a collection of [Policy.ConfirmAbove] and more counts once the
// provider, asked by us, says so too; until then Learn returns [Later].
func (s *Service) Learn(ctx context.Context, id uuid.UUID, f Finding, evidence string) error {
	t, err := s.store.FindTransfer(ctx, id)
	if err != nil {
		return err
	}
	believed, err := s.confirmSuccess(ctx, t, f)
	if err != nil || !believed {
		return err
	}
	return s.learn(ctx, id, f, evidence, ByCallback)
}

// learn takes a statement that needs no confirmation.
func (s *Service) learn(ctx context.Context, id uuid.UUID, f Finding, evidence string, via ArrivalChannel) error {
	if f.Cause == CauseDone && f.Verdict == NotMoved {
		f.Verdict = Moved // somebody undid the payment before: the payer has the money
	}
	_, err := s.onTransfer(ctx, id, evidence, func(ctx context.Context, w *work, t *Transfer) error {
		w.via = via
		if err := w.alarm(ctx, *t, f); err != nil {
			return err
		}
		switch f.Verdict {
		case Moved:
			return w.moved(ctx, t, f)
		case NotMoved:
			if t.State.Final() {
				return w.failedBefore(ctx, *t, f)
			}
			return w.fail(ctx, t, f)
		case NeverSeen:
			return s.neverSeen(ctx, w, t)
		case Processing, NoAnswer, NotAsked:
			return nil
		default:
			return fmt.Errorf("provider verdict %q", f.Verdict)
		}
	})
	if err == nil {
		s.log.InfoContext(ctx, "provider statement", "transfer", id, "verdict", f.Verdict, "code", f.Code)
	}
	return err
}

// alarm calls a person to what only a person can set right at the provider. A
// wrong or locked initiator stops everything that it signs.
func (w *work) alarm(ctx context.Context, t Transfer, f Finding) error {
	switch {
	case f.Cause == CauseCredential && t.Method != MethodSTK && f.Verdict != NotMoved:
		return w.haltBy(ctx, t, f)
	case f.Verdict == NotMoved && t.Method == MethodB2C && f.Cause != "":
		return nil // what follows from it has an item of its own
	case f.Alarm:
		return w.ask(ctx, ItemProviderAlarm, t.ID, f.Reason)
	default:
		return nil
	}
}

// failedBefore takes what is said to have failed and has ended already. Of another
// sending that the provider refused for our initiator it is news, and the next would
// be refused too; what ended the transfer is told more than once.
func (w *work) failedBefore(ctx context.Context, t Transfer, f Finding) error {
	if f.Code == t.ResultCode || haltFor(t, f.Cause) != HaltInitiator {
		return nil
	}
	return w.haltBy(ctx, t, f)
}

// neverSeen sends an unknown payout again, under the same id, once the provider
// has had time to know it. A prompt has no id that would make this harmless, nor
// has a reversal: of two requests one can fail, the money go back another way, and
// the other be done late.
func (s *Service) neverSeen(ctx context.Context, w *work, t *Transfer) error {
	if t.Method != MethodB2C || t.State != TransferUnknown || t.age(w.now) < s.policy.ResendAfter {
		return nil
	}
	if given, err := s.giveWay(ctx, w, t); err != nil || given {
		return err
	}
	t.Resent = true
	if err := w.turn(ctx, t, TransferCreated, "never seen by the provider"); err != nil {
		return err
	}
	return w.Enqueue(ctx, SubmitTransfer{Transfer: t.ID}, w.now)
}

// moved records that the money of a transfer has moved.
func (w *work) moved(ctx context.Context, t *Transfer, f Finding) error {
	if f.Amount == 0 {
		f.Amount = t.Amount
	}
	switch t.Kind {
	case Collect:
		return w.collected(ctx, t, f)
	case Payout, Refund:
		return w.left(ctx, t, f)
	default:
		return fmt.Errorf("transfer kind %q", t.Kind)
	}
}

// fail records that the money of a transfer did not move. The buyer can pay
// again, and is told how.
func (w *work) fail(ctx context.Context, t *Transfer, f Finding) error {
	t.ResultCode = f.Code
	if t.State == TransferCreated {
		if err := w.turn(ctx, t, TransferSubmitted, "not sent"); err != nil {
			return err
		}
	}
	if err := w.turn(ctx, t, TransferFailed, f.Code+" "+f.Reason); err != nil {
		return err
	}
	if t.Kind != Collect {
		return w.notPaid(ctx, *t, f)
	}
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	payment.Status, payment.UpdatedAt = PaymentFailed, w.now
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if w.contract.State != Confirmed {
		return nil
	}
	return w.receipt(ctx, Buyer, MsgPaymentFailed, func(p *MessageParams) {
		p.Result, p.Cause, p.Amount = f.Code, f.Cause, payment.Amount
	})
}

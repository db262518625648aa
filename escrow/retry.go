package escrow

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Retry orders a payout or refund once more that has failed for good, to another
// number where one is given. Only an operator does it, who has spoken with the
// person; it is refused while an attempt goes on or has arrived.
func (s *Service) Retry(ctx context.Context, id uuid.UUID, to Phone, e Errand) error {
	var by Operator
	_, err := s.onTransfer(ctx, id, e.Key, func(ctx context.Context, w *work, t *Transfer) error {
		var err error
		if by, err = e.who(ctx, w.Tx); err != nil {
			return err
		}
		w.channel, w.actor, w.operator = ChannelOperator, by.ID, by.Name
		if err := w.mayRetry(ctx, t); err != nil {
			return err
		}
		if err := w.mayPayPhone(ctx, *t, to); err != nil {
			return err
		}
		if err := w.redirect(ctx, t, to, by, &e); err != nil {
			return err
		}
		detail := e.names + " to " + t.Party.Phone.Masked() + ": " + e.Reason
		if err := w.record(ctx, "retry", string(w.contract.State), string(w.contract.State), detail); err != nil {
			return err
		}
		if err := w.again(ctx, *t, MethodB2C, w.now); err != nil {
			return err
		}
		return w.settleFailed(ctx, *t, e.closing(w.now))
	})
	if err == nil {
		s.log.InfoContext(ctx, "transfer ordered again", "transfer", id, "by", by.Name)
	}
	return err
}

// settleFailed closes what was asked of a person about a transfer that failed or was
// silent, and about the other attempts at the same money: whichever of them was named.
func (w *work) settleFailed(ctx context.Context, t Transfer, c Closing) error {
	attempts, err := w.Attempts(ctx, t.PaymentID, t.Kind)
	if err != nil {
		return err
	}
	for _, attempt := range attempts {
		for _, kind := range []ItemKind{ItemPayoutFailed, ItemNoWayBack, ItemPayoutSilent} {
			if err := w.SettleItems(ctx, kind, attempt.ID, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayPayPhone refuses what M-Pesa would not pay to a phone, and a refund to the
// buyer of what another number paid.
func (w *work) mayPayPhone(ctx context.Context, t Transfer, to Phone) error {
	if t.Amount < MinAmount || !t.Amount.Whole() {
		return fmt.Errorf("M-Pesa pays no %s to a phone: give it back in the portal", t.Amount)
	}
	if t.Kind != Refund || to != "" {
		return nil
	}
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	ours, err := w.fromBuyer(ctx, payment)
	if err == nil && !ours {
		err = errors.New("another number paid this: name the number to pay, or undo the payment in the portal")
	}
	return err
}

// redirect makes a transfer pay to another number. Above [Policy.FourEyesAbove]
// that takes two operators, as a ruling does.
func (w *work) redirect(ctx context.Context, t *Transfer, to Phone, by Operator, e *Errand) error {
	if to == "" || to == t.Party.Phone {
		return nil
	}
	if err := w.fourEyes(ctx, t.Amount, by, e); err != nil {
		return err
	}
	party, err := w.EnsureParty(ctx, to)
	if err != nil {
		return err
	}
	t.Party = party
	return nil
}

// mayRetry refuses what goes on or has arrived, and goes on from the last attempt.
func (w *work) mayRetry(ctx context.Context, t *Transfer) error {
	if t.Kind == Collect || t.State != TransferFailed {
		return fmt.Errorf("the %s is %s: only a payout or refund that has failed can be ordered again", t.Kind, t.State)
	}
	attempts, err := w.Attempts(ctx, t.PaymentID, t.Kind)
	if err != nil {
		return err
	}
	for _, other := range attempts {
		if other.State != TransferFailed {
			return fmt.Errorf("attempt %d of the same money is %s", other.Attempt, other.State)
		}
		if other.ResultCode == paidAfterAll {
			return fmt.Errorf("attempt %d of the same money was paid after all", other.Attempt)
		}
		t.Attempt = max(t.Attempt, other.Attempt)
	}
	return nil
}

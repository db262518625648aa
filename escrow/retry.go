package escrow

import (
	"context"
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
		if err := w.redirect(ctx, t, to, by, e); err != nil {
			return err
		}
		detail := by.Name + " to " + t.Party.Phone.Masked() + ": " + e.Reason
		if err := w.record(ctx, "retry", string(w.contract.State), string(w.contract.State), detail); err != nil {
			return err
		}
		if err := w.again(ctx, *t, MethodB2C, w.now); err != nil {
			return err
		}
		return w.SettleItems(ctx, ItemPayoutFailed, t.ID, e.closing(by, w.now))
	})
	if err == nil {
		s.log.InfoContext(ctx, "transfer ordered again", "transfer", id, "by", by.Name)
	}
	return err
}

// redirect makes a transfer pay to another number. Above [Policy.FourEyesAbove]
// that takes two operators, as a ruling does.
func (w *work) redirect(ctx context.Context, t *Transfer, to Phone, by Operator, e Errand) error {
	if to == "" || to == t.Party.Phone {
		return nil
	}
	if t.Amount > w.policy.FourEyesAbove {
		second, err := operatorOf(ctx, w.Tx, e.Second)
		if err != nil {
			return err
		}
		if second.ID == by.ID {
			return Refuse(SameOperator).About(w.contract)
		}
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
	if t.Amount < MinAmount || !t.Amount.Whole() {
		return fmt.Errorf("M-Pesa pays no %s to a phone: give it back in the portal", t.Amount)
	}
	attempts, err := w.Attempts(ctx, t.PaymentID, t.Kind)
	if err != nil {
		return err
	}
	for _, other := range attempts {
		if other.State != TransferFailed {
			return fmt.Errorf("attempt %d of the same money is %s", other.Attempt, other.State)
		}
		t.Attempt = max(t.Attempt, other.Attempt)
	}
	return nil
}

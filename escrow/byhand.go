package escrow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// byHand is the result code that we give ourselves to what an operator told us.
const byHand = "by_hand"

// SettledByHand records that the money of a payout or refund has left, by the way
// and under the receipt that M-Pesa's own portal shows: an operator has moved it
// there after the transfer had failed, or found there that the transfer, of which
// M-Pesa has told nothing for [Policy.PayoutPatience], was done. It is refused while
// another attempt goes on or has arrived.
func (s *Service) SettledByHand(ctx context.Context, id uuid.UUID, by Method, receipt string, e Errand) error {
	switch {
	case receipt == "":
		return errors.New("the receipt of what was done in the portal is needed")
	case by != MethodB2C && by != MethodReversal:
		return fmt.Errorf("money leaves by %s or %s, not by %q", MethodB2C, MethodReversal, by)
	}
	return s.byHand(ctx, id, "settled", e, func(ctx context.Context, w *work, t *Transfer, e *Errand) error {
		if err := w.maySettle(ctx, t, by); err != nil {
			return err
		}
		f := Finding{Verdict: Moved, Code: byHand, Receipt: receipt, Amount: t.Amount, By: by}
		if t.State == TransferFailed {
			f.At = w.now // and not when it was sent: somebody has moved it since
		}
		// For the operator's reason: what arrives is no more silent anyhow.
		if err := w.settleFailed(ctx, *t, e.closing(w.now)); err != nil {
			return err
		}
		if err := w.left(ctx, t, f); err != nil {
			return err
		}
		if t.State != TransferSucceeded {
			return fmt.Errorf("receipt %s was counted before, or another attempt was paid", receipt)
		}
		return w.note(ctx, "settled_by_hand", "by "+string(by)+", "+e.words())
	})
}

// FailedByHand records that the money of a payout or refund has not left and will
// not any more, as an operator found in M-Pesa's own portal, where M-Pesa has told
// nothing of it for [Policy.PayoutPatience]. What follows is what follows when
// M-Pesa says so.
func (s *Service) FailedByHand(ctx context.Context, id uuid.UUID, e Errand) error {
	return s.byHand(ctx, id, "failed", e, func(ctx context.Context, w *work, t *Transfer, e *Errand) error {
		if err := w.maySay(ctx, t); err != nil {
			return err
		}
		if err := w.note(ctx, "failed_by_hand", e.words()); err != nil {
			return err
		}
		if err := w.SettleItems(ctx, ItemPayoutSilent, t.ID, e.closing(w.now)); err != nil {
			return err
		}
		return w.fail(ctx, t, Finding{Verdict: NotMoved, Code: byHand, Reason: "not done, says the portal"})
	})
}

// byHand opens the work of an operator who knows from the portal what became of a
// transfer. Above [Policy.FourEyesAbove] it takes two.
func (s *Service) byHand(
	ctx context.Context, id uuid.UUID, what string, e Errand, fn func(context.Context, *work, *Transfer, *Errand) error,
) error {
	_, err := s.onTransfer(ctx, id, e.Key, func(ctx context.Context, w *work, t *Transfer) error {
		by, err := e.who(ctx, w.Tx)
		if err != nil {
			return err
		}
		w.channel, w.actor, w.operator, w.via = ChannelOperator, by.ID, by.Name, ByOperator
		if err := w.fourEyes(ctx, t.Amount, by, &e); err != nil {
			return err
		}
		return fn(ctx, w, t, &e)
	})
	if err == nil {
		s.log.InfoContext(ctx, "transfer "+what+" by hand", "transfer", id, "by", e.names)
	}
	return err
}

// maySettle refuses what goes on or has arrived. Of a transfer that has not failed
// only its own success can be found: whoever moves the money another way before
// that pays it twice.
func (w *work) maySettle(ctx context.Context, t *Transfer, by Method) error {
	if t.State == TransferFailed {
		return w.mayRetry(ctx, t)
	}
	if err := w.maySay(ctx, t); err != nil {
		return err
	}
	if by != t.Method {
		return fmt.Errorf("the %s was ordered by %s and is %s: what settles it is its own success", t.Kind, t.Method, t.State)
	}
	return nil
}

// answerWait is how long the answer to a question about a transfer may be on its
// way to us.
const answerWait = 2 * time.Minute

// maySay refuses a person's word about a transfer of which M-Pesa may yet tell by
// itself: it has not been silent for long, or was asked just now.
func (w *work) maySay(ctx context.Context, t *Transfer) error {
	if t.Kind == Collect || t.State != TransferUnknown && t.State != TransferAccepted {
		return fmt.Errorf("the %s is %s: only a payout or refund without an answer can be settled by what the portal shows",
			t.Kind, t.State)
	}
	if wait := w.policy.PayoutPatience - t.age(w.now); wait > 0 {
		return fmt.Errorf("M-Pesa may still tell of it: try again in %s", wait.Round(time.Second))
	}
	halts, err := w.Halted(ctx)
	if err != nil {
		return err
	}
	for _, h := range halts {
		if h.Kind == HaltInitiator {
			return nil // and nothing is asked
		}
	}
	if wait := answerWait - w.now.Sub(t.UpdatedAt); wait > 0 {
		return fmt.Errorf("M-Pesa was asked about it just now: try again in %s", wait.Round(time.Second))
	}
	return nil
}

// paidAmount is what M-Pesa told of an attempt that was paid after all: by its
// receipt, where there was one.
func (w *work) paidAmount(ctx context.Context, t Transfer) (Cents, error) {
	if t.Receipt == "" {
		return t.Amount, nil
	}
	known, err := w.Receipt(ctx, t.Receipt)
	return known.Amount, err
}

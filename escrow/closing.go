package escrow

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// CloseItem closes an operator item, with the operator's reason. It refuses
// [LastItem] where nothing else looks after what the item is about: then that has
// to be settled, which closes the item too.
func (s *Service) CloseItem(ctx context.Context, item uuid.UUID, m Mediation) error {
	m.Reason = printable(m.Reason)
	if m.Reason == "" {
		return Refuse(NoReason)
	}
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		operator, err := operatorOf(ctx, tx, m.Operator)
		if err != nil {
			return err
		}
		found, err := tx.Item(ctx, item)
		if IsNotFound(err) {
			return Refuse(UnknownItem)
		} else if err != nil {
			return err
		}
		if !found.Closed.At.IsZero() {
			return Refuse(Already)
		}
		if needed, err := stillNeeded(ctx, tx, found); err != nil {
			return err
		} else if needed {
			return Refuse(LastItem)
		}
		if found.ContractID != uuid.Nil {
			if err := s.noteClosing(ctx, tx, operator, found, m); err != nil {
				return err
			}
		}
		return tx.CloseItemByID(ctx, item, Closing{By: operator.Name, Why: m.Reason, At: s.now()})
	})
}

// stillNeeded reports whether the item is all that looks after money: a halt that
// holds, a stray that is open, a payment out that has failed and is neither ordered
// again nor settled, or one that was paid while another attempt is under way.
func stillNeeded(ctx context.Context, tx Tx, item Item) (bool, error) {
	switch item.Kind {
	case ItemPayoutsHalted:
		halts, err := tx.Halted(ctx)
		return slices.ContainsFunc(halts, func(h Halt) bool { return haltItem(h.Kind) == item.TransferID }), err
	case ItemStrayMoney:
		open, err := tx.OpenStrays(ctx)
		return slices.ContainsFunc(open, func(receipt string) bool { return receiptItem(receipt) == item.TransferID }), err
	case ItemPayoutFailed, ItemNoWayBack:
		attempts, err := attemptsBeside(ctx, tx, item.TransferID)
		return err == nil && !slices.ContainsFunc(attempts, func(a Transfer) bool { return a.State != TransferFailed }), err
	case ItemPaidTwice:
		attempts, err := attemptsBeside(ctx, tx, item.TransferID)
		return slices.ContainsFunc(attempts, func(a Transfer) bool { return !a.State.Final() }), err
	default:
		return false, nil
	}
}

// attemptsBeside returns all attempts to move the money of a transfer.
func attemptsBeside(ctx context.Context, tx Tx, id uuid.UUID) ([]Transfer, error) {
	t, err := tx.Transfer(ctx, id)
	if err != nil {
		return nil, err
	}
	return tx.Attempts(ctx, t.PaymentID, t.Kind)
}

// noteClosing writes the closing into the contract's history, unless nobody would
// look after the contract any more.
func (s *Service) noteClosing(ctx context.Context, tx Tx, operator Operator, item Item, m Mediation) error {
	c, err := tx.Contract(ctx, item.ContractID)
	if err != nil {
		return err
	}
	if item.Kind.MovesOn() && !c.State.Terminal() && !c.Due.Running() {
		return Refuse(LastItem).About(c) // whatever else is open: it looks after something else
	}
	w := &work{
		Tx: tx, signer: s.signer, policy: &s.policy, now: s.now(), contract: c,
		actor: operator.ID, channel: ChannelOperator, evidence: m.Key,
	}
	if err := w.note(ctx, "item_closed", string(item.Kind)+": "+m.Reason); err != nil {
		return err
	}
	return w.save(ctx)
}

package escrow

import (
	"context"

	"github.com/google/uuid"
)

// ConfirmDelivery is the seller's word that the goods were handed over. The
// buyer is asked to accept and gets the release code; if the buyer has accepted
// already, the money goes out.
func (s *Service) ConfirmDelivery(ctx context.Context, cmd Command) (Result, error) {
	return s.party(ctx, "confirm_delivery", cmd, func(ctx context.Context, w *work) error {
		if w.role != Seller {
			return Refuse(NotYourTurn).About(w.contract)
		}
		switch w.contract.State {
		case PaymentLocked:
			if err := w.move(ctx, EventConfirmDelivery, ""); err != nil {
				return err
			}
			if err := w.receipt(ctx, Buyer, MsgDeliveredBuyer); err != nil {
				return err
			}
			return w.tell(ctx, Seller, MsgDeliveredSeller)
		case Accepted:
			if err := w.move(ctx, EventConfirmDelivery, ""); err != nil {
				return err
			}
			return w.release(ctx)
		case Delivered, Completed:
			return Refuse(Already).About(w.contract)
		default:
			return w.notNow()
		}
	})
}

// AcceptGoods is the buyer's word that the goods came and are in order. Once
// the seller has confirmed delivery too, the money goes out; never before.
//
// Where [Service.Proof] asks for the PIN it refuses [PINNeeded], [BadPIN] and
// [PINLocked], and where it asks for the release code [CodeNeeded], [CodeNotSent],
// [BadCode] and [CodeLocked].
func (s *Service) AcceptGoods(ctx context.Context, cmd Command) (Result, error) {
	setAt, err := s.tryPIN(ctx, &cmd, act{what: "accept_goods", proof: s.Proof, open: func(c Contract, role Role) bool {
		return role == Buyer && (c.State == PaymentLocked || c.State == Delivered)
	}})
	if err != nil {
		return Result{}, err
	}
	return s.party(ctx, "accept_goods", cmd, func(ctx context.Context, w *work) error {
		if w.role != Buyer {
			return Refuse(NotYourTurn).About(w.contract)
		}
		switch w.contract.State {
		case Accepted, Completed:
			return Refuse(Already).About(w.contract)
		case PaymentLocked, Delivered:
		default:
			return w.notNow()
		}
		switch s.Proof(w.contract, w.role, cmd.Channel) {
		case ProofPIN:
			if err := w.pinProved(ctx, setAt); err != nil {
				return err
			}
		case ProofCode:
			if w.refusal = s.codeRefusal(w.contract, cmd.Code); w.refusal != nil {
				return w.countWrongCode(ctx, &w.contract.CodeTries)
			}
		case ProofNone:
		}
		if err := w.move(ctx, EventAccept, ""); err != nil {
			return err
		}
		if w.contract.State == Completed {
			return w.release(ctx)
		}
		return w.tellAccepted(ctx)
	})
}

func (w *work) tellAccepted(ctx context.Context) error {
	if err := w.tell(ctx, Buyer, MsgAcceptedBuyer); err != nil {
		return err
	}
	return w.tell(ctx, Seller, MsgAcceptedSeller)
}

// codeRefusal returns why a release code is not accepted, or nil where it is right.
func (s *Service) codeRefusal(c Contract, code string) *Refusal {
	switch {
	case c.CodeLocked():
		return Refuse(CodeLocked).About(c)
	case c.State != Delivered:
		return Refuse(CodeNotSent).About(c)
	case code == "":
		return Refuse(CodeNeeded).About(c)
	case !s.codes.match(c, code):
		return Refuse(BadCode).About(c)
	default:
		return nil
	}
}

// countWrongCode counts a code that was wrong. The count must be kept although
// the act is refused: so the refusal stays in the work and reaches the caller
// after the commit.
func (w *work) countWrongCode(ctx context.Context, tries *int) error {
	if w.refusal.Code != BadCode {
		return nil
	}
	*tries++
	if err := w.note(ctx, "code_wrong", ""); err != nil {
		return err
	}
	if w.refusal.Left = maxCodeTries - *tries; w.refusal.Left > 0 {
		return nil
	}
	w.refusal = Refuse(CodeLocked).About(w.contract)
	return w.ask(ctx, ItemCodeLocked, uuid.Nil, "wrong codes")
}

// release pays the seller of a contract that both sides have confirmed.
func (w *work) release(ctx context.Context) error {
	payment, err := w.HeldPayment(ctx, w.contract.ID)
	if err != nil {
		return err
	}
	if err := w.payOn(ctx, payment, w.contract.Receivable()); err != nil {
		return err
	}
	if err := w.earn(ctx); err != nil {
		return err
	}
	if err := w.tell(ctx, Buyer, MsgCompletedBuyer); err != nil {
		return err
	}
	return w.tell(ctx, Seller, MsgCompletedSeller)
}

// payOn moves held money to what we owe the seller and orders the payout.
func (w *work) payOn(ctx context.Context, payment Payment, amount Cents) error {
	seller := w.contract.Seller
	owed := entries(EscrowAccount(w.contract.ID), PayableAccount(seller.ID), amount)
	if err := w.post(ctx, "released", uuid.Nil, owed); err != nil {
		return err
	}
	return w.order(ctx, Payout, payment, seller, amount)
}

// Dispute freezes a funded contract for a mediator, with the party's reason. Where a
// dispute is open already the reason is a word to that, as with [Service.AddWord], so
// that of two who raise one at once neither is left unheard; without one it is refused
// with [Already].
func (s *Service) Dispute(ctx context.Context, cmd Command) (Result, error) {
	cmd.Words = printable(cmd.Words)
	return s.party(ctx, "dispute", cmd, func(ctx context.Context, w *work) error {
		from := w.contract.State
		switch {
		case from == Disputed && cmd.Words != "":
			return w.addWord(ctx, cmd.Words)
		case from == Disputed:
			return Refuse(Already).About(w.contract)
		}
		if !from.Funded() {
			return w.notNow()
		}
		if err := w.move(ctx, EventDispute, cmd.Words); err != nil {
			return err
		}
		w.contract.DisputedFrom, w.contract.DisputedBy, w.contract.Reason = from, w.role, cmd.Words
		if err := w.ask(ctx, ItemDispute, uuid.Nil, cmd.Words); err != nil {
			return err
		}
		if err := w.receipt(ctx, w.role, MsgDisputedRaiser); err != nil {
			return err
		}
		return w.receipt(ctx, w.role.Other(), MsgDisputedOther, func(p *MessageParams) { p.Words = cmd.Words })
	})
}

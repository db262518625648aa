package escrow

import "context"

// Agree accepts the proposed terms and freezes them under a hash. Only the side
// that did not propose can.
func (s *Service) Agree(ctx context.Context, cmd Command) (Result, error) {
	return s.party(ctx, "agree", cmd, func(ctx context.Context, w *work) error {
		if w.contract.State == Pending && w.role == w.contract.Proposer {
			return Refuse(NotYourTurn).About(w.contract)
		}
		if w.contract.State == Confirmed {
			return Refuse(Already).About(w.contract)
		}
		if w.contract.State != Pending {
			return w.notNow()
		}
		w.contract.TermsHash = w.contract.hashTerms()
		if err := w.move(ctx, EventAccept, ""); err != nil {
			return err
		}
		if err := w.tell(ctx, Buyer, MsgAgreedBuyer); err != nil {
			return err
		}
		return w.tell(ctx, Seller, MsgAgreedSeller)
	})
}

// Decline refuses a proposal. Only the side that did not propose can; the
// proposer takes it back with [Service.Cancel].
func (s *Service) Decline(ctx context.Context, cmd Command) (Result, error) {
	return s.party(ctx, "decline", cmd, func(ctx context.Context, w *work) error {
		if w.contract.State == Pending && w.role == w.contract.Proposer {
			return Refuse(NotYourTurn).About(w.contract)
		}
		if w.contract.State != Pending {
			return w.notNow()
		}
		if err := w.move(ctx, EventDecline, ""); err != nil {
			return err
		}
		return w.tellBoth(ctx, MsgDeclined)
	})
}

func (w *work) tellBoth(ctx context.Context, template Template) error {
	if err := w.tell(ctx, Buyer, template); err != nil {
		return err
	}
	return w.tell(ctx, Seller, template)
}

// notNow is the refusal that fits the contract's state, with the contract, so
// that the answer can say how things stand.
func (w *work) notNow() *Refusal {
	switch {
	case w.contract.State == Disputed:
		return Refuse(Frozen).About(w.contract)
	case w.contract.State.Terminal():
		return Refuse(Closed).About(w.contract)
	default:
		return Refuse(NotNow).About(w.contract)
	}
}

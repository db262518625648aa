package escrow

import "context"

// Withdraw takes back a dispute: the contract is where it was before, and the time
// that was left runs on. Only the side that raised it can; one that time raised
// stays with the mediator. Where [Service.WithdrawProof] says so it takes the PIN, and
// refuses [PINNeeded], [PINNotSet], [PINWaits], [BadPIN] and [PINLocked].
func (s *Service) Withdraw(ctx context.Context, cmd Command) (Result, error) {
	setAt, err := s.tryPIN(ctx, &cmd, act{what: "withdraw", proof: s.WithdrawProof, open: func(c Contract, role Role) bool {
		return c.State == Disputed && c.DisputedBy == role
	}})
	if err != nil {
		return Result{}, err
	}
	return s.party(ctx, "withdraw", cmd, func(ctx context.Context, w *work) error {
		if refusal := w.mayWithdraw(cmd.Channel); refusal != nil {
			return refusal
		}
		switch s.WithdrawProof(w.contract, w.role, cmd.Channel) {
		case ProofPIN:
			if err := w.pinProved(ctx, setAt); err != nil {
				return err
			}
		case ProofCode: // there is none: the seller has not said delivered
			return w.withoutPIN()
		case ProofNone:
		}
		event, err := withdrawalTo(w.contract.DisputedFrom)
		if err != nil {
			return err
		}
		if err := w.move(ctx, event, ""); err != nil {
			return err
		}
		return w.tellBoth(ctx, MsgWithdrawn)
	})
}

// withoutPIN is why a side that has to give its PIN has none that counts.
func (w *work) withoutPIN() *Refusal {
	if w.contract.Party(w.role).PIN.Set() {
		return Refuse(PINWaits).About(w.contract)
	}
	return Refuse(PINNotSet).About(w.contract)
}

// mayWithdraw is why the actor cannot withdraw the dispute, or nil.
func (w *work) mayWithdraw(channel Channel) *Refusal {
	c := w.contract
	switch {
	case c.State != Disputed && c.State.Funded() && c.DisputedBy == w.role:
		return Refuse(Already).About(c)
	case c.State != Disputed:
		return w.notNow()
	case c.DisputedBy == "":
		return Refuse(Frozen).About(c)
	case c.DisputedBy != w.role:
		return Refuse(NotYourTurn).About(c)
	case w.role == Buyer && c.DisputedFrom == Accepted && channel != ChannelUSSD:
		// After it the seller's word alone releases the money, so that a seller
		// must not be able to forge it.
		return Refuse(DialNeeded).About(c)
	default:
		return nil
	}
}

// withdrawalTo is the event that leads back to the state before a dispute.
func withdrawalTo(state State) (Event, error) {
	switch state {
	case PaymentLocked:
		return EventWithdrawToLocked, nil
	case Delivered:
		return EventWithdrawToDelivered, nil
	case Accepted:
		return EventWithdrawToAccepted, nil
	default:
		return "", &TransitionError{State: Disputed, Event: Event("withdraw_to_" + string(state))}
	}
}

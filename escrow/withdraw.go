package escrow

import "context"

// Withdraw takes back a dispute: the contract is where it was before, and the time
// that was left runs on. Only the side that raised it can; one that time raised
// stays with the mediator.
func (s *Service) Withdraw(ctx context.Context, cmd Command) (Result, error) {
	return s.party(ctx, "withdraw", cmd, func(ctx context.Context, w *work) error {
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
		case w.role == Buyer && c.DisputedFrom == Accepted && cmd.Channel == ChannelSMS:
			// After it the seller's word alone releases the money, so that a seller
			// must not be able to forge it.
			return Refuse(DialNeeded).About(c)
		}
		event, err := withdrawalTo(c.DisputedFrom)
		if err != nil {
			return err
		}
		if err := w.move(ctx, event, ""); err != nil {
			return err
		}
		return w.tellBoth(ctx, MsgWithdrawn)
	})
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

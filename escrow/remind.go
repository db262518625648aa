package escrow

import (
	"context"
	"time"
)

// remindPause is how long nobody is reminded again: a person who asks every hour
// is no reminder any more.
const remindPause = 24 * time.Hour

// CanRemind reports whether the contract waits for the other side, who can be
// reminded of it: to agree, or to pay.
func (c Contract) CanRemind(role Role) bool {
	return c.State == Pending && role == c.Proposer || c.State == Confirmed && role == Seller
}

// Remind tells the other side again what waits for them, at most once a day. It
// refuses [Reminded] before that, and [NotNow] where nothing waits.
func (s *Service) Remind(ctx context.Context, cmd Command) (Result, error) {
	return s.party(ctx, "remind", cmd, func(ctx context.Context, w *work) error {
		if !w.contract.CanRemind(w.role) {
			return w.notNow()
		}
		if w.now.Sub(w.contract.RemindedAt) < remindPause {
			return Refuse(Reminded).About(w.contract)
		}
		w.contract.RemindedAt = w.now
		if err := w.note(ctx, "reminded", ""); err != nil {
			return err
		}
		if w.contract.State == Confirmed {
			return w.tell(ctx, Buyer, MsgAgreedBuyer)
		}
		return w.invite(ctx, w.role.Other())
	})
}

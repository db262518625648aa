package escrow

import (
	"context"
	"time"
)

// Silence notes that a person wants no reminders any more, or wants them again.
// Receipts, codes and what is told about disputes and money come all the same.
func (s *Service) Silence(ctx context.Context, from Phone, silent bool) error {
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		party, err := tx.EnsureParty(ctx, from)
		if err != nil {
			return err
		}
		var since time.Time
		if silent {
			since = s.now()
		}
		return tx.Silence(ctx, party.ID, since)
	})
}

// hold keeps a reminder back: for good where the receiver said STOP, until the
// morning where it is night. A reminder may have waited for the gateway until then.
func (s *Service) hold(ctx context.Context, m Message) (held bool, err error) {
	if m.State != MessageQueued || !m.Template.Reminder() {
		return false, nil
	}
	if m.Silent && m.Template.Stoppable() {
		return true, s.drop(ctx, m, "not sent: the receiver said STOP")
	}
	now := s.now()
	if wait := daytime(now).Sub(now); wait > 0 {
		return true, &Later{After: wait}
	}
	return false, nil
}

// drop notes why a message is not to be sent any more.
func (s *Service) drop(ctx context.Context, m Message, why string) error {
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		m, err := tx.Message(ctx, m.ID)
		if err != nil || m.State != MessageQueued {
			return err
		}
		m.Note = why
		return s.mark(ctx, tx, &m, MessageFailed)
	})
}

package simulator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// deliverText brings a text that somebody sent to a phone, in the state of the
// phone's network: at once, when it is on again, late, or twice. A number without
// a phone here is one that is off. reports says that the sender is told.
func (s *Sim) deliverText(ctx context.Context, tx *sqlx.Tx, m message, reports bool) error {
	_, known, err := readPhone(ctx, tx, m.Number)
	if err != nil {
		return err
	}
	n, err := readNetwork(ctx, tx, m.Number)
	if err != nil {
		return err
	}
	first := m.ID
	for copied := range 1 + n.extra() {
		if copied > 0 {
			m.ID = first + copySuffix
		}
		m.Status = n.statusOf(known)
		if err := s.storeMessage(ctx, tx, m); err != nil {
			return err
		}
		switch {
		case m.Status == statusSent:
			err = s.holdBack(ctx, tx, m.ID, n.late())
		case reports:
			err = s.enqueueReport(ctx, tx, smsRecipient{Number: m.Number, MessageID: first}, m.Status)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// statusOf is what becomes of a text that is sent now to a phone of this network.
func (n Network) statusOf(known bool) string {
	switch {
	case !known || n.Off:
		return statusBuffered
	case n.LateSeconds > 0:
		return statusSent
	default:
		return statusSuccess
	}
}

// copySuffix marks the second copy of a text, which the sender knows by the id of
// the first.
const copySuffix = "-again"

func firstCopy(id string) string { return strings.TrimSuffix(id, copySuffix) }

func (s *Sim) holdBack(ctx context.Context, tx *sqlx.Tx, id string, wait time.Duration) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO late_texts (message_id, due_at) VALUES ($1, $2)`,
		id, micros(s.now().Add(wait))); err != nil {
		return fmt.Errorf("hold text back: %w", err)
	}
	return nil
}

// deliverLate brings the texts whose time has come.
func (s *Sim) deliverLate(ctx context.Context) error {
	due := 0
	// Looked at without a write transaction first: this runs many times a second.
	if err := s.db.GetContext(ctx, &due,
		`SELECT count(*) FROM late_texts WHERE due_at <= $1`, micros(s.now())); err != nil {
		return fmt.Errorf("count late texts: %w", err)
	}
	if due == 0 {
		return nil
	}
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		waiting, err := readWaiting(ctx, tx,
			`JOIN late_texts l ON l.message_id = m.message_id WHERE l.due_at <= $1 ORDER BY l.due_at, m.id`, micros(s.now()))
		if err != nil {
			return err
		}
		for _, m := range waiting {
			if err := s.arrive(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("deliver late texts: %w", err)
	}
	s.changed()
	return nil
}

// deliverBuffered brings the texts that waited for a phone to come on.
func (s *Sim) deliverBuffered(ctx context.Context, tx *sqlx.Tx, number string) error {
	waiting, err := readWaiting(ctx, tx, `WHERE m.number = $1 AND m.status = $2 ORDER BY m.id`, number, statusBuffered)
	if err != nil {
		return err
	}
	for _, m := range waiting {
		if err := s.arrive(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}

// waitingText is a text on its way to a phone.
type waitingText struct {
	ID     string `db:"message_id"`
	Number string `db:"number"`
	Sender string `db:"sender"`
}

func readWaiting(ctx context.Context, tx *sqlx.Tx, where string, args ...any) ([]waitingText, error) {
	var texts []waitingText
	if err := tx.SelectContext(ctx, &texts,
		`SELECT m.message_id, m.number, m.sender FROM messages m `+where, args...); err != nil {
		return nil, fmt.Errorf("read waiting texts: %w", err)
	}
	return texts, nil
}

// arrive puts a text that waited into its phone, behind those that came before
// it, or has it go on waiting when the phone is off. M-PESA asks for no report.
func (s *Sim) arrive(ctx context.Context, tx *sqlx.Tx, m waitingText) error {
	n, err := readNetwork(ctx, tx, m.Number)
	if err != nil {
		return err
	}
	status := statusSuccess
	if n.Off {
		status = statusBuffered
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM late_texts WHERE message_id = $1`, m.ID); err != nil {
		return fmt.Errorf("release late text: %w", err)
	}
	if _, err := tx.ExecContext(ctx,
		`UPDATE messages SET status = $1, at = $2, id = (SELECT max(id) + 1 FROM messages) WHERE message_id = $3`,
		status, micros(s.now()), m.ID); err != nil {
		return fmt.Errorf("deliver text: %w", err)
	}
	if m.Sender == mpesaSender {
		return nil
	}
	return s.enqueueReport(ctx, tx, smsRecipient{Number: m.Number, MessageID: firstCopy(m.ID)}, status)
}

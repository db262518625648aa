package simulator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
)

// maxTextLength is what a feature phone lets a person type.
const maxTextLength = 640

// textShortCode sends a phone's text to the short code: an inbound message in
// the form of Africa's Talking's notification page, repeated until the gateway
// answers 200.
func (s *Sim) textShortCode(ctx context.Context, number, text string) error {
	if size := utf8.RuneCountInString(text); size > maxTextLength {
		return refuse(http.StatusBadRequest, "That message is too long for this phone.")
	}
	id := s.newMessageID()
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		if err := s.storeMessage(ctx, tx, message{
			ID: id, Number: number, Sender: number, Body: text, Outgoing: true, Status: statusSending,
		}); err != nil {
			return err
		}
		network, err := readNetwork(ctx, tx, number)
		if err != nil {
			return err
		}
		for range 1 + network.extra() {
			if err := s.enqueue(ctx, tx, s.inbound(id, number, text, s.now()), network.late()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("simulator: send text: %w", err)
	}
	s.changed()
	return nil
}

// inbound is the notification of a phone's text.
func (s *Sim) inbound(id, number, text string, at time.Time) callback {
	return callback{
		Kind: kindSMSIn, Who: mask(number), URL: s.gatewayURL("/sms"), Ref: id,
		// The text may hold a PIN or a release code: only its size is told.
		Summary: fmt.Sprintf("Text to %s, %d characters", s.cfg.ShortCode, utf8.RuneCountInString(text)),
		Body: encodeForm(
			field{"linkId", ""}, // filled for on-demand premium only
			field{"text", text},
			field{"to", s.cfg.ShortCode},
			field{"id", id},
			field{"date", at.Format(time.RFC3339)},
			field{"from", number},
			field{"networkCode", sandboxNetwork},
		),
	}
}

// repeatText sends the phone's last text again, as Africa's Talking does when it
// did not hear the gateway's 200: the same message with the same id.
func (s *Sim) repeatText(ctx context.Context, number string) error {
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		var last struct {
			ID   string `db:"message_id"`
			Body string `db:"body"`
			At   int64  `db:"at"`
		}
		err := tx.GetContext(ctx, &last,
			`SELECT message_id, body, at FROM messages WHERE number = $1 AND outgoing = 1 ORDER BY id DESC LIMIT 1`, number)
		if errors.Is(err, sql.ErrNoRows) {
			return refuse(http.StatusConflict, "This phone has sent no text yet.")
		}
		if err != nil {
			return fmt.Errorf("read last text: %w", err)
		}
		return s.enqueue(ctx, tx, s.inbound(last.ID, number, last.Body, fromMicros(last.At)), 0)
	})
	if err != nil {
		return fmt.Errorf("simulator: repeat text: %w", err)
	}
	s.changed()
	return nil
}

package simulator

import (
	"context"
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
		return s.enqueue(ctx, tx, callback{
			Kind: kindSMSIn, Who: mask(number), URL: s.gatewayURL("/sms"), Ref: id,
			// The text may hold a PIN or a release code: only its size is told.
			Summary: fmt.Sprintf("Text to %s, %d characters", s.cfg.ShortCode, utf8.RuneCountInString(text)),
			Body: encodeForm(
				field{"linkId", ""}, // filled for on-demand premium only
				field{"text", text},
				field{"to", s.cfg.ShortCode},
				field{"id", id},
				field{"date", s.now().Format(time.RFC3339)},
				field{"from", number},
				field{"networkCode", sandboxNetwork},
			),
		}, 0)
	})
	if err != nil {
		return fmt.Errorf("simulator: send text: %w", err)
	}
	s.changed()
	return nil
}

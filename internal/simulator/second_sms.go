package simulator

import (
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/jmoiron/sqlx"
)

// secondText is a send of the second SMS provider: nobody's real API, but shaped
// like those of most.
type secondText struct {
	To      string `json:"to"`
	From    string `json:"from"`
	Message string `json:"message"`
}

// secondSMS is POST /sim/secondsms/send, with the key of Africa's Talking as bearer.
func (s *Sim) secondSMS(c *fiber.Ctx) error {
	out, err := request[secondText](c)
	if err != nil {
		return s.failure(c, err)
	}
	status, answer, err := s.sendSecond(c, out)
	if err != nil {
		return s.failure(c, err)
	}
	s.wire.add(WireEntry{
		To: toProvider, Kind: kindSMSOut, Who: mask(out.To), Status: status,
		Summary: fmt.Sprintf("Text by the second provider, %d characters", utf8.RuneCountInString(out.Message)),
	})
	s.changed()
	return c.Status(status).JSON(answer)
}

func (s *Sim) sendSecond(c *fiber.Ctx, out secondText) (int, fiber.Map, error) {
	fault := s.CurrentFaults().SecondSMSStatus
	switch {
	case fault != 0:
		return fault, fiber.Map{"status": "ERROR"}, nil
	case !same(c.Get(fiber.HeaderAuthorization), "Bearer "+s.cfg.ATAPIKey):
		return http.StatusUnauthorized, fiber.Map{"status": "UNAUTHORIZED"}, nil
	case !e164Pattern.MatchString(out.To) || out.Message == "":
		return http.StatusBadRequest, fiber.Map{"status": "INVALID"}, nil
	}
	id := s.newMessageID()
	err := s.db.tx(c.UserContext(), func(tx *sqlx.Tx) error {
		return s.storeMessage(c.UserContext(), tx, message{
			ID: id, Number: out.To, Sender: out.From, Body: out.Message, Status: statusSuccess,
		})
	})
	return http.StatusOK, fiber.Map{"status": "ACCEPTED", "id": id}, err
}

package simulator

import (
	"fmt"
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// smsFunds is what the messaging account holds on a good day, in shillings.
const smsFunds = 10_000

// account is GET /version1/user: what is left to send messages with.
func (s *Sim) account(c *fiber.Ctx) error {
	if !same(c.Get("apiKey"), s.cfg.ATAPIKey) || !same(c.Query("username"), s.cfg.ATUsername) {
		c.Set(fiber.HeaderContentType, "text/plain; charset=UTF-8")
		return c.Status(http.StatusUnauthorized).SendString(badCredentials)
	}
	left := smsFunds
	if fault := s.CurrentFaults().SMSBalanceKsh; fault != 0 {
		left = fault
	}
	return c.JSON(fiber.Map{"UserData": fiber.Map{"balance": fmt.Sprintf("KES %d.5000", left)}})
}

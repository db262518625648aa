package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/internal/testkit"
)

// carry takes a request to an app without a network.
func carry(app *fiber.App) testkit.Carrier {
	const noLimit = -1
	return func(r *http.Request) (*http.Response, error) { return app.Test(r, noLimit) }
}

func TestOnlyASecretOpensTheDoor(t *testing.T) {
	t.Parallel()
	current, old := strings.Repeat("a", minSecret), strings.Repeat("b", minSecret)
	app := newHTTP(slog.New(slog.DiscardHandler))
	app.Group("/at/:secret", behindSecret([]string{current, old})).
		Post("/sms", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusOK) })
	for secret, want := range map[string]int{
		current: 200, old: 200, // while one is replaced both are good
		strings.Repeat("c", minSecret): 404, current[1:]: 404, current + "a": 404, strings.ToUpper(current): 404, "x": 404,
	} {
		if got := testkit.Send(t, carry(app), http.MethodPost, "/at/"+secret+"/sms", "", "").Status; got != want {
			t.Errorf("/at/%s is answered %d, want %d", secret, got, want)
		}
	}
}

// fiber lends a handler strings of a buffer that the next request fills again.
func TestWhatIsKeptOfARequestStays(t *testing.T) {
	t.Parallel()
	var kept []string
	app := newHTTP(slog.New(slog.DiscardHandler))
	app.Post("/sms", func(c *fiber.Ctx) error {
		kept = append(kept, c.FormValue("from"))
		return nil
	})
	const callers = 50
	for i := range callers {
		body := fmt.Sprintf("from=25472200%04d", i)
		testkit.Send(t, carry(app), http.MethodPost, "/sms", fiber.MIMEApplicationForm, body)
	}
	for i, number := range kept {
		if want := fmt.Sprintf("25472200%04d", i); number != want {
			t.Errorf("caller %d was kept as %q, want %q", i, number, want)
		}
	}
}

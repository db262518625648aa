package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

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

// Whoever sends a letter a minute holds a connection, and no more than that, for
// no longer than anybody needs.
func TestASlowSenderIsHungUpOn(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app := newHTTP(slog.New(slog.DiscardHandler))
	app.Post("/mm", func(*fiber.Ctx) error {
		t.Error("half a request was worked")
		return nil
	})
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener) }()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "POST /mm HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(3 * readTimeout)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("still connected after %s", 3*readTimeout)
	}
	if err := errors.Join(conn.Close(), app.Shutdown(), <-served); err != nil {
		t.Error(err)
	}
}

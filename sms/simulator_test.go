package sms

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/testkit"
)

// serve runs an app on loopback until the test ends, and returns its address.
// Go's own server carries it: fasthttp's leaves a goroutine asleep for seconds.
func serve(t *testing.T, mount func(*fiber.App)) string {
	t.Helper()
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	mount(app)
	server := httptest.NewServer(adaptor.FiberApp(app))
	t.Cleanup(server.Close)
	return server.URL
}

// simulate runs Africa's Talking with Amina's phone, whose callbacks land on
// the shelf, and returns its address.
func simulate(t *testing.T, s *shelf) string {
	t.Helper()
	address, _ := simulateFaults(t, s)
	return address
}

// simulateFaults also returns the simulator, whose faults can be set.
func simulateFaults(t *testing.T, s *shelf) (string, *simulator.Sim) {
	t.Helper()
	gateway := serve(t, func(app *fiber.App) {
		NewHandler(HandlerConfig{ShortCode: "40404", Log: quiet()}).Register(app.Group("/at/s3cr3t"), s)
	})
	sim, err := simulator.New(t.Context(), simulator.Config{
		GatewayURL: gateway, ATSecret: "s3cr3t", ShortCode: "40404", ATUsername: "sandbox", ATAPIKey: "atsk_secret",
		CallbackDelay: time.Millisecond, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Seed(simulator.Person{Number: string(amina), Name: "Amina", PIN: "1234", WalletCents: 100}); err != nil {
		t.Fatal(err)
	}
	address := serve(t, func(app *fiber.App) { sim.Register(app) })
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- sim.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return address, sim
}

// inbox reads the texts on Amina's phone.
func inbox(t *testing.T, address string) []simulator.MessageView {
	t.Helper()
	var state simulator.State
	request(t, http.MethodGet, address+"/sim/state", "", &state)
	for _, phone := range state.Phones {
		if phone.Number == string(amina) {
			return phone.Inbox
		}
	}
	t.Fatal("no phone")
	return nil
}

func request(t *testing.T, method, address, body string, answer any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	err = json.NewDecoder(response.Body).Decode(answer)
	if closeErr := response.Body.Close(); err != nil || closeErr != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %v, %v", response.StatusCode, err, closeErr)
	}
}

// TestThereAndBackAgain sends a message to the simulated phone, takes the
// delivery reports, and reads what the phone replies.
func TestThereAndBackAgain(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	address := simulate(t, s)
	c := newTestClient(t, address+"/sim/africastalking", quiet())
	got := c.Send(t.Context(), notice(), "8305")
	if got.Outcome != escrow.Taken || !strings.HasPrefix(got.ProviderID, "ATXid_") || got.Cost != "KES 0.8000" {
		t.Fatalf("answer %+v", got)
	}
	texts := inbox(t, address)
	if len(texts) != 1 || texts[0].From != "40404" || !strings.Contains(texts[0].Text, "Reply ACCEPT 1234 8305") {
		t.Errorf("on the phone: %+v", texts)
	}
	s.await(t, "dlr "+got.ProviderID+":Sent::", "dlr "+got.ProviderID+":Success::")
	var state simulator.State
	keypad := address + "/sim/phones/" + url.PathEscape(string(amina)) + "/sms"
	request(t, http.MethodPost, keypad, `{"text":"Accept 1234 8305 & thanks"}`, &state)
	texts = inbox(t, address)
	key := "sms " + texts[len(texts)-1].ID
	s.await(t, key)
	f, ok := parseForm([]byte(s.body(key)))
	in := readInbound(f)
	from, person := in.person("40404")
	if !ok || !person || from != amina || in.text != "Accept 1234 8305 & thanks" {
		t.Errorf("inbound %+v", in)
	}
}

func TestRefusedBySimulator(t *testing.T) {
	t.Parallel()
	address := simulate(t, &shelf{}) + "/sim/africastalking"
	c := newTestClient(t, address, quiet())
	c.cfg.APIKey = "wrong"
	if got := c.Send(t.Context(), notice(), "8305"); got.Outcome != escrow.NotSent || got.RetryAfter != afterNewKey {
		t.Errorf("wrong key: %+v", got)
	}
	c = newTestClient(t, address, quiet())
	c.cfg.Sender = "99999"
	got := c.Send(t.Context(), notice(), "8305")
	if want := (escrow.Dispatch{Outcome: escrow.Refused, Reason: "nobody served: InvalidSenderId"}); got != want {
		t.Errorf("wrong sender: %+v", got)
	}
}

// await waits until all keys are kept.
func (s *shelf) await(t *testing.T, keys ...string) {
	t.Helper()
	for _, key := range keys {
		testkit.Eventually(t, key, func() bool { return s.body(key) != "" })
	}
}

func (s *shelf) body(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[key]
}

package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/sms"
	"github.com/voicepact/gateway/store/storetest"
)

// A person is called while too little is left to send with, once, and no more when
// somebody has paid in.
func TestALowSMSBalanceCallsAPerson(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	log := slog.New(slog.DiscardHandler)
	sim, err := simulator.New(t.Context(), simulator.Config{ATUsername: "sandbox", ATAPIKey: "atsk_test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	sim.Register(app)
	server := httptest.NewServer(adaptor.FiberApp(app))
	t.Cleanup(func() {
		server.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	messages, err := sms.New(sms.Config{
		BaseURL: server.URL + "/sim/africastalking", Username: "sandbox", APIKey: "atsk_test", Sender: "40404",
		ServiceCode: "*384*12345#", HelpPhone: "0700000000", PayBill: "600992", Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	m := meter{service: w.Service, messages: messages, low: escrow.Shillings(500), log: log}
	for _, step := range []struct {
		left int
		want string
	}{
		{0, "[]"}, {499, "[sms_balance]"}, {3, "[sms_balance]"}, {500, "[]"}, {100, "[sms_balance]"},
	} {
		sim.SetFaults(simulator.Faults{SMSBalanceKsh: step.left})
		if err := m.work(t.Context(), askSMSBalance{}); err != nil {
			t.Fatal(err)
		}
		if items := fmt.Sprint(w.Items()); items != step.want {
			t.Errorf("with Ksh %d left: %s, want %s", step.left, items, step.want)
		}
	}
	m.low = 0
	sim.SetFaults(simulator.Faults{SMSStatus: http.StatusTeapot})
	if err := m.work(t.Context(), askSMSBalance{}); err != nil {
		t.Error(err)
	}
}

func TestTheSecondSMSRouteIsReadFromTheEnvironment(t *testing.T) {
	t.Parallel()
	cfg, err := readEnv[struct {
		Second secondSMS `envPrefix:"SMS2_"`
	}]([]string{
		"SMS2_URL=https://sms.example/send", "SMS2_SUCCESS=ACCEPTED", `SMS2_BODY={"to":{{json .To}},"text":{{json .Text}}}`,
		"SMS2_HEADERS=Authorization: Bearer a:b | Content-Type: application/json",
	})
	if err != nil {
		t.Fatal(err)
	}
	route, err := cfg.Second.route()
	if err != nil {
		t.Fatal(err)
	}
	if route.Header.Get("Authorization") != "Bearer a:b" || route.Header.Get("Content-Type") != "application/json" ||
		route.Method != http.MethodPost || route.Name != "second" {
		t.Errorf("got %+v", route)
	}
	for _, wrong := range []secondSMS{
		{URL: "https://x", Success: "ok", Name: "b", Headers: "nothing"},
		{URL: "https://x", Name: "b"},
		{URL: "https://x", Success: "ok", Name: "b", Body: "{{.What}}"},
	} {
		if route, err := wrong.route(); err == nil {
			t.Errorf("%+v is taken", route)
		}
	}
	if route, err := (secondSMS{}).route(); route != nil || err != nil {
		t.Errorf("nothing set: %+v, %v", route, err)
	}
}

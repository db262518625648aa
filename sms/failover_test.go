package sms

import (
	"bytes"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
)

// secondAt is the simulated second provider, as an operator would configure it.
func secondAt(address string) *Route {
	return &Route{
		Name: "second", URL: address + "/sim/secondsms/send", From: "VoicePact",
		Header:  http.Header{"Authorization": {"Bearer atsk_secret"}, "Content-Type": {"application/json"}},
		Body:    `{"to":{{json .To}},"from":{{json .From}},"message":{{json .Text}}}`,
		Success: `"status":"ACCEPTED"`, ID: `"id":"([^"]+)"`,
	}
}

// withSecond is a client whose first route is at one address and whose second is
// the simulated one at another.
func withSecond(t *testing.T, first, second string, log *slog.Logger) *Client {
	t.Helper()
	c, err := New(Config{
		BaseURL: first, Username: "sandbox", APIKey: "atsk_secret", Sender: "40404", Second: secondAt(second),
		ServiceCode: "*384*12345#", HelpPhone: "0700000000", PayBill: "600992", Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// nobodyListens is an address that refuses every connection.
func nobodyListens(t *testing.T) string {
	t.Helper()
	p := newProvider(t, func(call) (int, string) { return http.StatusOK, "" })
	p.Close()
	return p.URL
}

// came are the texts that came to Amina's phone.
func came(t *testing.T, address string) []simulator.MessageView {
	t.Helper()
	var texts []simulator.MessageView
	for _, text := range inbox(t, address) {
		if text.From == "40404" || text.From == "VoicePact" {
			texts = append(texts, text)
		}
	}
	return texts
}

func TestTheSecondRouteTakesWhatTheFirstCannotBeReachedFor(t *testing.T) {
	t.Parallel()
	address := simulate(t, &shelf{})
	got := withSecond(t, nobodyListens(t), address, quiet()).Send(t.Context(), notice(), "8305")
	if got.Outcome != escrow.Taken || got.Route != "second" || !strings.HasPrefix(got.ProviderID, "second:ATXid_") {
		t.Errorf("got %+v", got)
	}
	texts := came(t, address)
	if len(texts) != 1 || texts[0].From != "VoicePact" || !strings.Contains(texts[0].Text, "Reply ACCEPT 1234 8305") {
		t.Errorf("on the phone: %+v", texts)
	}
}

// TestTheSecondRouteTakesOverFromAnOpenBreaker answers 503 until the breaker of the
// first route opens. What the first may have taken never goes by the second.
func TestTheSecondRouteTakesOverFromAnOpenBreaker(t *testing.T) {
	t.Parallel()
	address, sim := simulateFaults(t, &shelf{})
	sim.SetFaults(simulator.Faults{SMSStatus: http.StatusServiceUnavailable})
	c := withSecond(t, address+"/sim/africastalking", address, quiet())
	const enough = 30
	for tries := range enough {
		got := c.Send(t.Context(), notice(), "8305")
		if got.Outcome == escrow.Unknown && len(came(t, address)) == 0 {
			continue
		}
		if got.Outcome != escrow.Taken || got.Route != "second" || len(came(t, address)) != 1 {
			t.Fatalf("after %d tries: %+v, %d texts", tries, got, len(came(t, address)))
		}
		return
	}
	t.Error("the second route never took over")
}

// TestWhatTheFirstMayHaveTakenIsNotSentAgain loses the answer after the text went out.
func TestWhatTheFirstMayHaveTakenIsNotSentAgain(t *testing.T) {
	t.Parallel()
	address, sim := simulateFaults(t, &shelf{})
	sim.SetFaults(simulator.Faults{DropSMSResponse: true})
	got := withSecond(t, address+"/sim/africastalking", address, quiet()).Send(t.Context(), notice(), "8305")
	if got.Outcome != escrow.Unknown || got.Route != "" {
		t.Errorf("got %+v", got)
	}
	if texts := came(t, address); len(texts) != 1 || texts[0].From != "40404" {
		t.Errorf("on the phone: %+v", texts)
	}
	cut := newProvider(t, func(call) (int, string) { panic(http.ErrAbortHandler) })
	got = withSecond(t, cut.URL, address, quiet()).Send(t.Context(), notice(), "8305")
	if texts := came(t, address); got.Outcome != escrow.Unknown || got.Route != "" || len(texts) != 1 {
		t.Errorf("after a cut connection: %+v, %d texts", got, len(texts))
	}
}

// TestWhichAnswersGoByTheSecondRoute sends into each answer of the first.
func TestWhichAnswersGoByTheSecondRoute(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault   simulator.Faults
		outcome escrow.Outcome
		texts   int
	}{
		"401":             {simulator.Faults{SMSStatus: 401}, escrow.Taken, 1},
		"no balance":      {simulator.Faults{SMSCode: 405}, escrow.Taken, 1},
		"throttled":       {simulator.Faults{SMSStatus: 429}, escrow.NotSent, 0},
		"server error":    {simulator.Faults{SMSStatus: 500}, escrow.Unknown, 0},
		"stumbled":        {simulator.Faults{SMSCode: 501}, escrow.NotSent, 0},
		"opted out":       {simulator.Faults{SMSCode: 406}, escrow.Refused, 0},
		"nobody":          {simulator.Faults{SMSNobody: true}, escrow.Refused, 0},
		"both refused":    {simulator.Faults{SMSStatus: 401, SecondSMSStatus: 401}, escrow.NotSent, 0},
		"second unsure":   {simulator.Faults{SMSStatus: 401, SecondSMSStatus: 500}, escrow.Unknown, 0},
		"second does not": {simulator.Faults{SMSStatus: 401, SecondSMSStatus: 400}, escrow.NotSent, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, sim := simulateFaults(t, &shelf{})
			sim.SetFaults(tt.fault)
			got := withSecond(t, address+"/sim/africastalking", address, quiet()).Send(t.Context(), notice(), "8305")
			if texts := came(t, address); got.Outcome != tt.outcome || len(texts) != tt.texts {
				t.Errorf("got %+v, %d texts", got, len(texts))
			}
		})
	}
}

// TestASecondRouteThatRefusesLosesNothing mistypes the address of the second
// provider: the text goes by the first as soon as that can be reached, and an
// operator is told why not sooner.
func TestASecondRouteThatRefusesLosesNothing(t *testing.T) {
	t.Parallel()
	address, sim := simulateFaults(t, &shelf{})
	for _, status := range []int{http.StatusBadRequest, http.StatusNotFound} {
		var log bytes.Buffer
		c := withSecond(t, address+"/sim/africastalking", address, slog.New(slog.NewTextHandler(&log, nil)))
		sim.SetFaults(simulator.Faults{SMSStatus: http.StatusUnauthorized, SecondSMSStatus: status})
		got := c.Send(t.Context(), notice(), "8305")
		if got.Outcome != escrow.NotSent || got.Route != "" || got.RetryAfter <= 0 || !strings.Contains(got.Reason, strconv.Itoa(status)) {
			t.Errorf("got %+v", got)
		}
		if !strings.Contains(log.String(), "the second SMS provider refuses our requests") {
			t.Errorf("an operator reads %s", log.String())
		}
		sim.SetFaults(simulator.Faults{})
		c.refusedUntil.Store(0) // a while later
		if got := c.Send(t.Context(), notice(), "8305"); got.Outcome != escrow.Taken || got.Route != "" {
			t.Errorf("by the first: %+v", got)
		}
	}
	if texts := came(t, address); len(texts) != 2 {
		t.Errorf("on the phone: %+v", texts)
	}
}

// TestARefusedAccountIsLeftAlone sends twice into a 401: the second try would only
// hide what is wrong.
func TestARefusedAccountIsLeftAlone(t *testing.T) {
	t.Parallel()
	p := newProvider(t, func(call) (int, string) { return http.StatusUnauthorized, "The supplied authentication is invalid" })
	c := newTestClient(t, p.URL, quiet())
	for range 3 {
		got := c.Send(t.Context(), notice(), "8305")
		if got.Outcome != escrow.NotSent || got.RetryAfter <= 0 || got.RetryAfter > afterNewKey {
			t.Errorf("got %+v", got)
		}
	}
	if n := len(p.taken()); n != 1 {
		t.Errorf("%d calls, want one", n)
	}
}

func TestAnswersOfTheSecondRoute(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status  int
		body    string
		outcome escrow.Outcome
		id      string
	}{
		{200, `{"status":"ACCEPTED","id":"7"}`, escrow.Taken, "second:7"},
		{202, `{"status":"ACCEPTED"}`, escrow.Taken, ""},
		{200, `{"status":"FAILED"}`, escrow.Unknown, ""},
		{302, "", escrow.Unknown, ""},
		{400, "", escrow.Refused, ""},
		{401, "", escrow.NotSent, ""},
		{403, "", escrow.NotSent, ""},
		{429, "", escrow.NotSent, ""},
		{502, "", escrow.Unknown, ""},
	} {
		p := newProvider(t, func(call) (int, string) { return tt.status, tt.body })
		route := secondAt(p.URL)
		route.URL = p.URL + "/send?to={{url .To}}&n={{.Digits}}"
		r, err := newRoute(*route, quiet())
		if err != nil {
			t.Fatal(err)
		}
		got := r.send(t.Context(), amina, `say "hi" & bye`)
		if got.Outcome != tt.outcome || got.ProviderID != tt.id {
			t.Errorf("%d %s: %+v", tt.status, tt.body, got)
		}
		calls := p.taken()
		const body = `{"to":"+254712000001","from":"VoicePact","message":"say \"hi\" \u0026 bye"}`
		if len(calls) != 1 || calls[0].body != body || calls[0].header.Get("Authorization") != "Bearer atsk_secret" {
			t.Errorf("on the wire: %+v", calls)
		}
	}
}

func TestARouteThatCannotBeUnderstood(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Route){
		"field":     func(r *Route) { r.Body = "{{.Message}}" },
		"template":  func(r *Route) { r.Body = "{{json .Text" },
		"function":  func(r *Route) { r.URL = "http://x/{{html2 .To}}" },
		"no host":   func(r *Route) { r.URL = "send" },
		"success":   func(r *Route) { r.Success = "" },
		"pattern":   func(r *Route) { r.Success = "(" },
		"id":        func(r *Route) { r.ID = "(" },
		"id, group": func(r *Route) { r.ID = "id" },
		"name":      func(r *Route) { r.Name = "" },
	} {
		route := secondAt("http://127.0.0.1:1")
		if err := route.Check(); err != nil {
			t.Fatal(err)
		}
		change(route)
		if route.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

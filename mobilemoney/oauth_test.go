package mobilemoney_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

// TestV2TokensOfBothSpellings is vector V2: the life of a token as text and as a
// number, and without a word about it.
func TestV2TokensOfBothSpellings(t *testing.T) {
	t.Parallel()
	for body, ttl := range map[string]time.Duration{
		`{"access_token":"A","expires_in":"3599"}`: 3539 * time.Second,
		`{"access_token":"A","expires_in":3599}`:   3539 * time.Second,
		`{"access_token":"A"}`:                     3540 * time.Second,
		`{"access_token":"A","expires_in":"soon"}`: 3540 * time.Second,
		`{"access_token":"A","expires_in":"30"}`:   15 * time.Second,
		`{"access_token":"A","expires_in":"-30"}`:  3540 * time.Second,
		// More nanoseconds than fit.
		`{"access_token":"A","expires_in":"9999999999999"}`: 3540 * time.Second,
	} {
		d := newDaraja(t, fixed(http.StatusOK, accepted))
		tokens := &memory{}
		// A mux in front of the usual server, to answer the token request.
		front := newDaraja(t, nil)
		front.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == pathToken {
				_, _ = io.WriteString(w, body)
				return
			}
			d.ServeHTTP(w, r)
		})
		got := newClient(t, config(t, front.URL), tokens).Submit(t.Context(), transfer(escrow.Collect))
		same(t, body, got.Outcome, escrow.Taken)
		same(t, body, tokens.ttl, ttl)
		same(t, body, d.at(pathPush)[0].auth, "Bearer A")
	}
}

// rejecting turns away a token as one of Daraja's products does.
func rejecting(status int, body, bad string) func(http.ResponseWriter, request) {
	return func(w http.ResponseWriter, r request) {
		if r.auth == "Bearer "+bad {
			fixed(status, body)(w, r)
			return
		}
		fixed(http.StatusOK, conversation)(w, r)
	}
}

// rejections is vector V3, and two more spellings.
func rejections() map[string]struct {
	status int
	body   string
} {
	return map[string]struct {
		status int
		body   string
	}{
		"404.001.03": {404, envelope("404.001.03", "Invalid Access Token")},
		"400.003.01": {400, envelope("400.003.01", "Invalid Access Token")},
		"401.002.01": {401, envelope("401.002.01", "Error Occurred - Invalid Access Token - c9SQxWWhmdVRlyh0zh8gZDTkubVF")},
		"401.003.01": {401, envelope("401.003.01", "Error Occurred - Invalid Access Token")},
		"401.001":    {401, envelope("401.001", "Invalid Access Token")},
		"no code":    {401, ""},
		"words only": {500, envelope("500.1", "Invalid Access Token")},
	}
}

// TestV3ARejectedTokenIsReplacedOnceAndTheRequestSentAgain is vector V3.
func TestV3ARejectedTokenIsReplacedOnceAndTheRequestSentAgain(t *testing.T) {
	t.Parallel()
	for name, c := range rejections() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaraja(t, rejecting(c.status, c.body, "old"))
			tokens := &memory{token: "old"}
			client := newClient(t, config(t, d.URL), tokens)
			got := client.Submit(t.Context(), transfer(escrow.Payout))
			same(t, "outcome", got.Outcome, escrow.Taken)
			sent := d.at(pathB2C)
			if len(sent) != 2 || sent[0].body != sent[1].body || sent[1].auth != "Bearer token1" {
				t.Errorf("sent %d, the second with %s", len(sent), sent[len(sent)-1].auth)
			}
			same(t, "shared", tokens.token, "token1")
		})
	}
}

func TestATokenThatIsNeverRightEndsInAnAlarm(t *testing.T) {
	t.Parallel()
	for name, c := range rejections() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaraja(t, fixed(c.status, c.body))
			got := newClient(t, config(t, d.URL), &memory{token: "old"}).Submit(t.Context(), transfer(escrow.Payout))
			if got.Outcome != escrow.NotSent || !got.Alarm || got.RetryAfter < time.Minute {
				t.Errorf("got %+v", got)
			}
			if strings.Contains(got.Reason, "c9SQxWWh") {
				t.Errorf("the reason holds the token: %s", got.Reason)
			}
			same(t, "requests", len(d.at(pathB2C)), 2)
			same(t, "tokens bought", d.minted, 1)
			found := newClient(t, config(t, d.URL), &memory{token: "old"}).Look(t.Context(), transfer(escrow.Payout))
			if found.Verdict != escrow.NotAsked || !found.Alarm {
				t.Errorf("found %+v", found)
			}
		})
	}
}

func TestManyCallersBuyOneToken(t *testing.T) {
	t.Parallel()
	const callers = 20
	for name, first := range map[string]string{"none yet": "", "all refused": "old"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaraja(t, rejecting(404, envelope("404.001.03", "Invalid Access Token"), "old"))
			tokens := &memory{token: first}
			// Two processes that share a token.
			clients := []*mobilemoney.Client{newClient(t, config(t, d.URL), tokens), newClient(t, config(t, d.URL), tokens)}
			var all sync.WaitGroup
			for i := range callers {
				all.Go(func() {
					got := clients[i%len(clients)].Submit(t.Context(), transfer(escrow.Payout))
					if got.Outcome != escrow.Taken {
						t.Errorf("got %+v", got)
					}
				})
			}
			all.Wait()
			same(t, "tokens bought", d.minted, 1)
		})
	}
}

func TestPaymentsGoOnWithoutTheSharedMemory(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, conversation))
	var book logbook
	cfg := config(t, d.URL)
	cfg.Logger = book.logger()
	got := newClient(t, cfg, &memory{broken: errDown}).Submit(t.Context(), transfer(escrow.Payout))
	same(t, "outcome", got.Outcome, escrow.Taken)
	if !strings.Contains(book.String(), "token not shared") || strings.Contains(book.String(), "token1") {
		t.Errorf("logged %s", book.String())
	}
}

func TestWithoutATokenNothingIsSent(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		status int
		body   string
		alarm  bool
	}{
		"credentials":     {400, envelope("400.008.01", "Invalid Authentication passed"), true},
		"credentials too": {401, envelope("400.008.01", "Invalid Authentication passed"), true},
		"firewall":        {503, firewall, false},
		"firewall too":    {403, firewall, false},
		"busy":            {429, spikeArrest, false},
		"no token in it":  {200, `{"expires_in":"3599"}`, false},
		"no JSON":         {200, "welcome", false},
		// Shared, it would keep every call from being made until it ran out.
		"a line break": {200, `{"access_token":"A\r\nHost: b","expires_in":"3599"}`, false},
		"another type": {200, `{"access_token":{"a":"b"},"expires_in":"3599"}`, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaraja(t, nil)
			d.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != pathToken {
					t.Errorf("%s was called without a token", r.URL.Path)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			client := newClient(t, config(t, d.URL), &memory{})
			got := client.Submit(t.Context(), transfer(escrow.Collect))
			if got.Outcome != escrow.NotSent || got.Alarm != c.alarm || got.RetryAfter <= 0 {
				t.Errorf("got %+v", got)
			}
			for _, kind := range []escrow.TransferKind{escrow.Collect, escrow.Payout} {
				found := client.Look(t.Context(), transfer(kind))
				if found.Verdict != escrow.NotAsked || found.Alarm != c.alarm || found.Code != got.Code {
					t.Errorf("found %+v", found)
				}
			}
		})
	}
}

func TestNoAnswerRepeatsASecret(t *testing.T) {
	t.Parallel()
	said := "use Bearer old with secret and " + passkey + " or Pa55#word at https://pay.example.co.ke/mm/x for 254708374149\\n now"
	for _, status := range []int{400, 500} {
		d := newDaraja(t, fixed(status, envelope("400.002.02", said)))
		got := newClient(t, config(t, d.URL), &memory{token: "old"}).Submit(t.Context(), transfer(escrow.Collect))
		for _, secret := range []string{"old", "secret", passkey, "Pa55#word", "example", "254708374149", "\n"} {
			if strings.Contains(got.Reason, secret) {
				t.Errorf("%q holds %q", got.Reason, secret)
			}
		}
		if !strings.HasPrefix(got.Reason, "use Bearer") || !strings.HasSuffix(got.Reason, "now") {
			t.Errorf("too little is left: %q", got.Reason)
		}
	}
}

// M-Pesa repeats the token that it refuses, which need not be one that we know, or
// look like one.
func TestNoAnswerRepeatsATokenOfAnybody(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusUnauthorized, envelope("401.002.01", "Error Occurred - Invalid Access Token - zQkXw")))
	got := newClient(t, config(t, d.URL), &memory{}).Submit(t.Context(), transfer(escrow.Payout))
	if strings.Contains(got.Reason, "zQkXw") || !strings.Contains(got.Reason, "Invalid Access Token - ") {
		t.Errorf("got %q", got.Reason)
	}
}

// The answer to the second try, with a new token, still speaks of the first; so does
// that to a later call. Neither looks like a token.
func TestNoAnswerRepeatsATokenOfBefore(t *testing.T) {
	t.Parallel()
	const before = "opensesame"
	d := newDaraja(t, fixed(http.StatusNotFound, envelope("404.001.03", "Invalid Access Token ("+before+", token1)")))
	client := newClient(t, config(t, d.URL), &memory{token: before})
	for range 2 {
		got := client.Submit(t.Context(), transfer(escrow.Payout))
		if strings.Contains(got.Reason, before) || strings.Contains(got.Reason, "token1") || !strings.Contains(got.Reason, "Invalid") {
			t.Errorf("the reason is %q", got.Reason)
		}
	}
	if d.minted < 2 {
		t.Errorf("%d tokens were bought", d.minted)
	}
}

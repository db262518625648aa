package mobilemoney_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

// shape is an answer that is none to the question, and what it leaves known:
// whether money may have moved, and whether a question was put.
type shape struct {
	answer  func(http.ResponseWriter, request)
	outcome escrow.Outcome
	verdict escrow.Verdict
	late    bool
}

// shapes is the reference's list of what really comes back instead of an answer.
func shapes() map[string]shape {
	return map[string]shape{
		"envelope":               {fixed(400, envelope("400.002.02", "Bad Request")), escrow.Refused, escrow.NoAnswer, false},
		"envelope in capitals":   {fixed(400, `{"RequestID":"r","ErrorCode":"400.002.02","ErrorMessage":"Bad"}`), escrow.Refused, escrow.NoAnswer, false},
		"envelope of a server":   {fixed(500, envelope("500.003.1001", "Internal Server Error")), escrow.Unknown, escrow.NoAnswer, false},
		"envelope inside 200":    {fixed(200, envelope("500.001.1001", "")), escrow.Unknown, escrow.NoAnswer, false},
		"maintenance":            {fixed(503, envelope("00.002.1001", "under maintenance")), escrow.Unknown, escrow.NoAnswer, false},
		"Apigee, 429":            {fixed(429, spikeArrest), escrow.NotSent, escrow.NotAsked, false},
		"Apigee, 500":            {fixed(500, spikeArrest), escrow.NotSent, escrow.NotAsked, false},
		"busy":                   {fixed(500, envelope("500.003.02", "System is busy")), escrow.NotSent, escrow.NotAsked, false},
		"quota":                  {fixed(500, envelope("500.003.03", "Quota Violation")), escrow.NotSent, escrow.NotAsked, false},
		"SOAP":                   {fixed(409, `{"Envelope":{"Body":{"Fault":{"faultcode":"x","faultstring":"y"}}}}`), escrow.Unknown, escrow.NoAnswer, false},
		"firewall, 403":          {fixed(403, firewall), escrow.Unknown, escrow.NoAnswer, false},
		"firewall, 503":          {fixed(503, firewall), escrow.Unknown, escrow.NoAnswer, false},
		"firewall, 200":          {fixed(200, firewall), escrow.Unknown, escrow.NoAnswer, false},
		"a code in no table":     {fixed(200, `{"ResponseCode":"77","ResponseDescription":"?"}`), escrow.Unknown, escrow.NoAnswer, false},
		"nothing":                {fixed(200, ""), escrow.Unknown, escrow.NoAnswer, false},
		"nothing, 500":           {fixed(500, ""), escrow.Unknown, escrow.NoAnswer, false},
		"half an answer":         {fixed(200, `{"ResponseCode":"0`), escrow.Unknown, escrow.NoAnswer, false},
		"a list":                 {fixed(200, `[{"ResponseCode":"0"}]`), escrow.Unknown, escrow.NoAnswer, false},
		"values of other types":  {fixed(200, `{"ResponseCode":{"a":1},"fault":"x","errorCode":[]}`), escrow.Unknown, escrow.NoAnswer, false},
		"a closed connection":    {dropped, escrow.Unknown, escrow.NoAnswer, false},
		"more than fits":         {fixed(200, `{"ResponseCode":"0","x":"`+strings.Repeat("x", 9<<20)+`"}`), escrow.Unknown, escrow.NoAnswer, false},
		"an answer that is late": {late, escrow.Unknown, escrow.NoAnswer, true},
	}
}

// late answers when nobody waits any more.
func late(w http.ResponseWriter, r request) {
	<-r.gone
	fixed(200, accepted)(w, r)
}

func TestEveryMoneyCallSurvivesEveryShape(t *testing.T) {
	t.Parallel()
	calls := map[string]escrow.Transfer{
		"push": transfer(escrow.Collect), "payout": transfer(escrow.Payout), "refund": transfer(escrow.Refund), "reversal": reversal(),
	}
	eachShape(t, func(t *testing.T, client *mobilemoney.Client, s shape) {
		t.Helper()
		for name, asked := range calls {
			got := client.Submit(s.patience(t), asked)
			if got.Outcome != s.outcome || got.ProviderID != "" || got.Code == "" || (got.RetryAfter > 0) != (got.Outcome == escrow.NotSent) {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
}

func TestEveryQuestionSurvivesEveryShape(t *testing.T) {
	t.Parallel()
	answered := reversal()
	answered.ProviderID = "dad6-4c34-8787-c8cb963a496d1268232"
	calls := map[string]escrow.Transfer{
		"prompt": transfer(escrow.Collect), "payout": transfer(escrow.Payout), "lost reversal": reversal(), "reversal": answered,
	}
	eachShape(t, func(t *testing.T, client *mobilemoney.Client, s shape) {
		t.Helper()
		for name, asked := range calls {
			got := client.Look(s.patience(t), asked)
			if got.Verdict != s.verdict || got.Code == "" || got.Receipt != "" || got.Amount != 0 {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
}

func TestEveryOtherCallSurvivesEveryShape(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *mobilemoney.Client) error{
		"balance":   func(ctx context.Context, c *mobilemoney.Client) error { return c.AskBalance(ctx) },
		"addresses": func(ctx context.Context, c *mobilemoney.Client) error { _, err := c.RegisterURLs(ctx); return err },
		"pull": func(ctx context.Context, c *mobilemoney.Client) error {
			_, err := c.RegisterPull(ctx, "0722000000")
			return err
		},
		"statement": func(ctx context.Context, c *mobilemoney.Client) error {
			_, err := c.Statement(ctx, noon().Add(-time.Hour), noon())
			return err
		},
	}
	eachShape(t, func(t *testing.T, client *mobilemoney.Client, s shape) {
		t.Helper()
		for name, call := range calls {
			err := call(s.patience(t), client)
			if err == nil || strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("%s: %v", name, err)
			}
		}
		same(t, "a forged payment", client.Confirm(s.patience(t), "TKL51ZDR4F", 150_000, noon(), reversal()), escrow.NoAnswer)
	})
}

// patience is how long a caller waits: for an answer that never comes not long.
func (s shape) patience(t *testing.T) context.Context {
	t.Helper()
	long := time.Minute
	if s.late {
		long = 200 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	t.Cleanup(cancel)
	return ctx
}

func eachShape(t *testing.T, story func(t *testing.T, client *mobilemoney.Client, s shape)) {
	t.Helper()
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaraja(t, s.answer)
			story(t, newClient(t, config(t, d.URL), &memory{token: "t"}), s)
		})
	}
}

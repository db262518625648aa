package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
)

// Config says how messages leave. Every field but Sender is needed.
type Config struct {
	BaseURL  string // https://api.africastalking.com
	Username string
	APIKey   string
	Sender   string // short code or sender name; empty lets the gateway choose
	// ServiceCode and HelpPhone are shown to people, as they are dialled.
	ServiceCode string
	HelpPhone   string
	// PayBill is the business number that buyers pay into by themselves.
	PayBill string
	Log     *slog.Logger
}

// check names every field that is missing.
func (c Config) check() error {
	var problems []error
	for _, field := range []struct{ name, value string }{
		{"BaseURL", c.BaseURL},
		{"Username", c.Username},
		{"APIKey", c.APIKey},
		{"ServiceCode", c.ServiceCode},
		{"HelpPhone", c.HelpPhone},
		{"PayBill", c.PayBill},
	} {
		if field.value == "" {
			problems = append(problems, fmt.Errorf("sms: no %s", field.name))
		}
	}
	if c.Log == nil {
		problems = append(problems, errors.New("sms: no Log"))
	}
	return errors.Join(problems...)
}

const (
	// sendTimeout is what a send that the gateway does not queue can take; see
	// nyaruka/courier, which had to raise its own to a minute.
	sendTimeout = 60 * time.Second
	// maxSends is how many messages are under way at once.
	maxSends = 16
)

// Client sends messages by Africa's Talking. It implements [escrow.Messenger]
// and is safe for concurrent use.
type Client struct {
	cfg      Config
	composer *composer
	calls    *outcall.Executor
}

// New makes a client.
func New(cfg Config) (*Client, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	composer, err := newComposer(cfg.ServiceCode, cfg.HelpPhone, cfg.PayBill)
	if err != nil {
		return nil, err
	}
	return &Client{
		cfg: cfg, composer: composer,
		calls: outcall.New(outcall.Config{
			Name: "africastalking messaging", Timeout: sendTimeout, MaxConcurrent: maxSends, Log: cfg.Log,
		}),
	}, nil
}

// Send implements [escrow.Messenger]. The gateway has no idempotency key, so a
// message is handed over once: only an answer that says it was not taken, or no
// connection at all, allows another try.
func (c *Client) Send(ctx context.Context, m escrow.Message, code string) escrow.Dispatch {
	text, err := c.composer.compose(m, code)
	if err != nil {
		c.cfg.Log.ErrorContext(ctx, "message has no text", "message", m.ID, "template", m.Template)
		return escrow.Dispatch{Outcome: escrow.Refused, Reason: err.Error()}
	}
	reply, err := c.calls.Do(ctx, outcall.Call{
		Method: http.MethodPost,
		URL:    strings.TrimSuffix(c.cfg.BaseURL, "/") + "/version1/messaging",
		Header: http.Header{
			"Apikey":       {c.cfg.APIKey},
			"Accept":       {"application/json"},
			"Content-Type": {"application/x-www-form-urlencoded"},
		},
		Body: c.form(m.To.Phone, text),
	})
	if err != nil {
		return failed(err)
	}
	answer := read(reply, m.To.Phone)
	if answer.alarm {
		c.cfg.Log.ErrorContext(ctx, "Africa's Talking refuses our account: an operator must act",
			"status", reply.Status, "reason", answer.Reason)
	}
	return answer.Dispatch
}

// form writes the fields in the order of the provider's own samples.
func (c *Client) form(to escrow.Phone, text string) []byte {
	fields := []struct{ name, value string }{
		{"username", c.cfg.Username}, {"to", string(to)}, {"message", text}, {"from", c.cfg.Sender}, {"enqueue", "1"},
	}
	var form strings.Builder
	for _, f := range fields {
		if f.value == "" {
			continue // without a sender the gateway uses its own
		}
		if form.Len() > 0 {
			form.WriteByte('&')
		}
		form.WriteString(f.name + "=" + url.QueryEscape(f.value))
	}
	return []byte(form.String())
}

// failed is a send without an answer.
func failed(err error) escrow.Dispatch {
	if outcall.NotSent(err) {
		return escrow.Dispatch{Outcome: escrow.NotSent, Reason: err.Error(), RetryAfter: soon}
	}
	return escrow.Dispatch{Outcome: escrow.Unknown, Reason: err.Error()}
}

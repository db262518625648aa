package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
)

// Config says how messages leave. The limits, the second route and Sender may be
// left out.
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
	// All spaces out the requests of all processes, EachNumber the messages to one
	// person; nil is no limit.
	All, EachNumber Limiter
	// Second, unless nil, takes what Africa's Talking certainly did not take.
	Second *Route
	Log    *slog.Logger
}

// Limiter says how long a call under the key has to wait; 0 means that it may go.
type Limiter interface {
	Take(ctx context.Context, key string) (wait time.Duration, err error)
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
	// readRetries is how often the account is asked again at once.
	readRetries = 2
)

// Client sends messages by Africa's Talking, and where that is down by a second
// route. It implements [escrow.Messenger] and [escrow.Broadcaster], and is safe for
// concurrent use.
type Client struct {
	cfg      Config
	composer *composer
	calls    *outcall.Executor
	reads    *outcall.Executor
	second   *route // nil where there is none

	// refusedUntil is when the account may be tried again, in Unix nanoseconds. Each
	// process finds out by itself, at the price of one call that is refused.
	refusedUntil atomic.Int64
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
	c := &Client{
		cfg: cfg, composer: composer,
		calls: outcall.New(outcall.Config{
			Name: "africastalking messaging", Timeout: sendTimeout, MaxConcurrent: maxSends, Log: cfg.Log,
		}),
		reads: outcall.New(outcall.Config{Name: "africastalking account", Retries: readRetries, Log: cfg.Log}),
	}
	if cfg.Second != nil {
		if c.second, err = newRoute(*cfg.Second, cfg.Log); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Send implements [escrow.Messenger]. The gateway has no idempotency key, so a
// message is handed over once: only an answer that says it was not taken, or no
// connection at all, allows another try.
func (c *Client) Send(ctx context.Context, m escrow.Message, code string) escrow.Dispatch {
	return c.handOver(ctx, []escrow.Message{m}, code)[0]
}

// Broadcast implements [escrow.Broadcaster]: one request, one answer for each.
func (c *Client) Broadcast(ctx context.Context, messages []escrow.Message) []escrow.Dispatch {
	return c.handOver(ctx, messages, "")
}

// handOver sends messages that read alike.
func (c *Client) handOver(ctx context.Context, messages []escrow.Message, code string) []escrow.Dispatch {
	text, err := c.composer.compose(messages[0], code)
	if err != nil {
		c.cfg.Log.ErrorContext(ctx, "message has no text", "message", messages[0].ID, "template", messages[0].Template)
		return repeat(escrow.Dispatch{Outcome: escrow.Refused, Reason: err.Error()}, len(messages))
	}
	dispatches := make([]escrow.Dispatch, len(messages))
	var places []int // of those that may go now
	var phones []escrow.Phone
	for i, m := range messages {
		if wait := c.wait(ctx, c.cfg.EachNumber, m.To.ID.String()); wait > 0 {
			dispatches[i] = limited(wait)
			continue
		}
		places, phones = append(places, i), append(phones, m.To.Phone)
	}
	for i, a := range c.call(ctx, phones, text) {
		if a.elsewhere && c.second != nil {
			a.Dispatch = c.detour(ctx, phones[i], text, a.Dispatch)
		}
		dispatches[places[i]] = a.Dispatch
	}
	return dispatches
}

// call sends one text to phones, unless the account was just refused: each further
// try would fail as well, and hide what is wrong.
func (c *Client) call(ctx context.Context, phones []escrow.Phone, text string) []answer {
	if len(phones) == 0 {
		return nil
	}
	if wait := time.Until(time.Unix(0, c.refusedUntil.Load())); wait > 0 {
		refused := escrow.Dispatch{Outcome: escrow.NotSent, Reason: "the account was refused", RetryAfter: wait}
		return repeat(answer{Dispatch: refused, elsewhere: true}, len(phones))
	}
	if wait := c.wait(ctx, c.cfg.All, "all"); wait > 0 {
		return repeat(answer{Dispatch: limited(wait)}, len(phones))
	}
	reply, err := c.calls.Do(ctx, outcall.Call{
		Method: http.MethodPost,
		URL:    c.address("/version1/messaging"),
		Header: c.header("application/x-www-form-urlencoded"),
		Body:   c.form(phones, text),
	})
	if err != nil {
		return repeat(answer{Dispatch: failed(err), elsewhere: outcall.Down(err)}, len(phones))
	}
	if reply.Status == http.StatusUnauthorized {
		c.refusedUntil.Store(time.Now().Add(afterNewKey).UnixNano())
	}
	answers := read(reply, phones)
	c.alarm(ctx, reply, answers)
	return answers
}

// alarm tells once that the account has to be looked at.
func (c *Client) alarm(ctx context.Context, reply outcall.Reply, answers []answer) {
	for _, a := range answers {
		if a.alarm {
			c.cfg.Log.ErrorContext(ctx, "Africa's Talking refuses our account: an operator must act",
				"status", reply.Status, "reason", a.Reason)
			return
		}
	}
}

// detour sends by the second route what the first one did not take. Where the
// second does not take it either, the first is tried again later: what the second
// refuses may be its configuration, which must lose nobody a message.
func (c *Client) detour(ctx context.Context, phone escrow.Phone, text string, first escrow.Dispatch) escrow.Dispatch {
	second := c.second.send(ctx, phone, text)
	both := first.Reason + "; " + c.second.cfg.Name + ": " + second.Reason
	switch second.Outcome {
	case escrow.NotSent:
		first.RetryAfter, first.Reason = min(first.RetryAfter, max(second.RetryAfter, soon)), both
		return first
	case escrow.Refused:
		c.cfg.Log.ErrorContext(ctx, "the second SMS provider refuses our requests: an operator must act", "reason", second.Reason)
		first.Reason = both
		return first
	default:
		second.Route = c.second.cfg.Name
		return second
	}
}

// wait asks a limit. Where it cannot be asked, words are worth more than a limit.
func (c *Client) wait(ctx context.Context, limiter Limiter, key string) time.Duration {
	if limiter == nil {
		return 0
	}
	wait, err := limiter.Take(ctx, key)
	if err != nil {
		c.cfg.Log.WarnContext(ctx, "rate limit of messages not asked", "error", err)
		return 0
	}
	return wait
}

func limited(wait time.Duration) escrow.Dispatch {
	return escrow.Dispatch{Outcome: escrow.NotSent, Reason: "our own rate limit", RetryAfter: wait}
}

// repeat is the same answer for everybody.
func repeat[T any](one T, times int) []T {
	all := make([]T, times)
	for i := range all {
		all[i] = one
	}
	return all
}

func (c *Client) address(path string) string { return strings.TrimSuffix(c.cfg.BaseURL, "/") + path }

func (c *Client) header(contentType string) http.Header {
	header := http.Header{"Apikey": {c.cfg.APIKey}, "Accept": {"application/json"}}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	return header
}

// form writes the fields in the order of the provider's own samples. Many numbers
// go as a list: the sandbox is not known to have the endpoint for bulk.
func (c *Client) form(to []escrow.Phone, text string) []byte {
	numbers := make([]string, len(to))
	for i, phone := range to {
		numbers[i] = string(phone)
	}
	fields := []struct{ name, value string }{
		{"username", c.cfg.Username}, {"to", strings.Join(numbers, ",")}, {"message", text}, {"from", c.cfg.Sender}, {"enqueue", "1"},
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

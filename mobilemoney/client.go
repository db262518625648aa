package mobilemoney

import (
	"context"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
)

// Tokens shares one access token between all processes, because Safaricom's
// FAQ says that a new token voids the one before.
type Tokens interface {
	// Get returns the token in force, or "" where there is none.
	Get(ctx context.Context) (string, error)
	// Put keeps a token for ttl.
	Put(ctx context.Context, token string, ttl time.Duration) error
	// Forget drops a token that was refused.
	Forget(ctx context.Context) error
	// Lock takes the right to fetch a token for at most ttl, and reports whether
	// it got it. The release is never nil.
	Lock(ctx context.Context, ttl time.Duration) (release func(), ok bool, err error)
}

// Slots hands out the right to put one STK query, which Daraja limits for the
// whole app and not for each process.
type Slots interface {
	// Take takes a slot, or says how long there is none: 0 means that it got one.
	Take(ctx context.Context) (wait time.Duration, err error)
}

// Client is an M-Pesa account. It is safe for concurrent use.
type Client struct {
	cfg      Config
	key      *rsa.PublicKey
	signer   signer
	tokens   Tokens
	held     heldTokens
	fetching singleflight.Group
	now      func() time.Time
	log      *slog.Logger

	oauth, push, b2c, reversal *outcall.Executor
	status, balance, c2b, pull *outcall.Executor
	query, queryAlone          *outcall.Executor // with and without a slot
}

const (
	// moneyTimeout is long, because giving up early turns an answer into an
	// unknown outcome. With a token to fetch before, it stays within the time
	// that a job has.
	moneyTimeout = 40 * time.Second
	// readTimeout bounds one attempt of a call that moves nothing.
	readTimeout = 8 * time.Second

	readRetries = 2

	maxConcurrent = 32
	// callsPerSecond is a courtesy: the production limits are not published.
	callsPerSecond = 50
	// QueriesPerMinute is the sandbox's limit on STK queries for the whole app,
	// with no two at once (observed in June 2026); production's is not known.
	QueriesPerMinute = 5
	// maxStatement bounds one page of the statement, whose size nobody documents.
	maxStatement = 8 << 20
)

// New makes a client. It refuses a configuration that Daraja would refuse
// later, in a sentence that names what is wrong.
func New(cfg Config, tokens Tokens) (*Client, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	key, err := readCertificate(cfg.Certificate)
	if err != nil {
		return nil, err
	}
	if _, err := seal(key, cfg.InitiatorPassword); err != nil {
		return nil, err
	}
	c := &Client{
		cfg: cfg, key: key, signer: signer{keys: cfg.CallbackKeys}, tokens: tokens, now: cfg.Now, log: cfg.Logger,
	}
	if err := c.checkAddresses(); err != nil {
		return nil, err
	}
	c.oauth = c.reader("daraja token", outcall.Config{})
	c.status = c.reader("daraja status", outcall.Config{PerSecond: callsPerSecond})
	c.c2b = c.reader("daraja c2b", outcall.Config{PerSecond: callsPerSecond})
	c.balance = c.reader("daraja balance", outcall.Config{PerSecond: callsPerSecond})
	c.pull = c.reader("daraja pull", outcall.Config{PerSecond: callsPerSecond, MaxBody: maxStatement})
	// No retries: a second attempt would have no slot.
	queries := outcall.Config{Name: "daraja stk query", Timeout: readTimeout, Failed: troubled, Log: c.log}
	c.query = outcall.New(queries)
	queries.PerMinute = QueriesPerMinute
	c.queryAlone = outcall.New(queries)
	c.push = c.mover("daraja stk push")
	c.b2c = c.mover("daraja b2c")
	c.reversal = c.mover("daraja reversal")
	return c, nil
}

func (c *Client) reader(name string, cfg outcall.Config) *outcall.Executor {
	cfg.Name, cfg.Timeout, cfg.Retries, cfg.MaxConcurrent = name, readTimeout, readRetries, maxConcurrent
	cfg.Failed, cfg.Log = troubled, c.log
	return outcall.New(cfg)
}

func (c *Client) mover(name string) *outcall.Executor {
	return outcall.New(outcall.Config{
		Name: name, Timeout: moneyTimeout, MaxConcurrent: maxConcurrent, PerSecond: callsPerSecond,
		Failed: troubled, Log: c.log,
	})
}

// Submit implements [escrow.Provider].
func (c *Client) Submit(ctx context.Context, t escrow.Transfer) escrow.Submission {
	if err := sendable(t); err != nil {
		return escrow.Submission{Outcome: escrow.Refused, Code: codeLocal, Reason: err.Error(), Alarm: true}
	}
	switch t.Method {
	case escrow.MethodSTK:
		return c.stkPush(ctx, t)
	case escrow.MethodReversal:
		return c.reverse(ctx, t)
	default: // [sendable] knows no other
		return c.payOut(ctx, t)
	}
}

// Look implements [escrow.Provider]. For all but a prompt it returns at best
// [escrow.Processing]: the answer comes to the status callback.
func (c *Client) Look(ctx context.Context, t escrow.Transfer) escrow.Finding {
	var found escrow.Finding
	switch t.Method {
	case escrow.MethodSTK:
		found = c.stkQuery(ctx, t)
	case escrow.MethodPayBill:
		found = c.askReceipt(ctx, t)
	case escrow.MethodB2C:
		found = c.askPayout(ctx, t)
	case escrow.MethodReversal:
		found = c.askReversal(ctx, t)
	default:
		found = nothing(codeLocal, fmt.Sprintf("transfer method %q", t.Method))
	}
	if found.Alarm {
		c.log.ErrorContext(ctx, "the provider needs an operator", "transfer", t.ID, "code", found.Code, "reason", found.Reason)
	}
	return found
}

// codeLocal is the code of what we refused ourselves, before sending.
const codeLocal = "local"

// maxReference is the length of an AccountReference (Daraja portal, M-Pesa
// Express page). A longer one makes the prompt too long to be shown.
const maxReference = 12

// sendable refuses what can only be a fault of ours.
func sendable(t escrow.Transfer) error {
	if t.Amount <= 0 || !t.Amount.Whole() {
		return fmt.Errorf("transfer %s is over %s, and M-Pesa moves whole shillings only", t.ID, t.Amount)
	}
	switch {
	case t.Method == escrow.MethodSTK && t.Kind == escrow.Collect,
		t.Method == escrow.MethodB2C && (t.Kind == escrow.Payout || t.Kind == escrow.Refund):
		return addressed(t)
	case t.Method == escrow.MethodReversal && t.Kind == escrow.Refund:
		if _, ok := scalar(t.Original).receipt(); !ok {
			return fmt.Errorf("transfer %s has no receipt of a payment to reverse", t.ID)
		}
		return nil
	default:
		return fmt.Errorf("transfer %s is a %q by %q, which M-Pesa has no call for", t.ID, t.Kind, t.Method)
	}
}

// addressed checks what a reversal does without: whom it goes to, and why.
func addressed(t escrow.Transfer) error {
	number, err := escrow.ParsePhone(string(t.Party.Phone))
	switch {
	case err != nil || number != t.Party.Phone:
		return fmt.Errorf("transfer %s has no phone number that M-Pesa could take", t.ID)
	case t.Ref == "" || len(t.Ref) > maxReference:
		return fmt.Errorf("transfer %s has a reference of %d characters", t.ID, len(t.Ref))
	default:
		return nil
	}
}

// nothing is a finding that says nothing in either direction.
func nothing(code, reason string) escrow.Finding {
	return escrow.Finding{Verdict: escrow.NoAnswer, Code: code, Reason: reason}
}

// alarm is a finding that says nothing, and calls a person.
func alarm(code, reason string) escrow.Finding {
	return escrow.Finding{Verdict: escrow.NoAnswer, Code: code, Reason: reason, Alarm: true}
}

package mobilemoney

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/voicepact/gateway/internal/outcall"
)

const (
	pathOAuth = "/oauth/v1/generate?grant_type=client_credentials"

	// tokenLife is what Daraja gives a token when it does not say, and as long as
	// we believe in any.
	tokenLife = time.Hour
	// tokenSpare is how long before its end a token is no longer used.
	tokenSpare = time.Minute
	// fetchBudget bounds getting a token with all its attempts, and so the time
	// for which another process waits for us.
	fetchBudget = 30 * time.Second
	// lockLife outlives a fetch, and frees the others when we die in one.
	lockLife = fetchBudget + 5*time.Second
	// peek is how often a process that waits for another one's token looks.
	peek = 50 * time.Millisecond
)

// noTokenError is a call that was not made for want of a token, so that
// certainly nothing was sent.
type noTokenError struct {
	reason string
	alarm  bool // the credentials are wrong: waiting alone does not help
}

func (e *noTokenError) Error() string { return "M-Pesa token: " + e.reason }

func tokenFailure(err error) (*noTokenError, bool) {
	var e *noTokenError
	ok := errors.As(err, &e)
	return e, ok
}

// token returns the token in force, or fetches one.
func (c *Client) token(ctx context.Context) (string, error) {
	token, err := c.tokens.Get(ctx)
	if err != nil {
		// Payments do not stop because the shared memory does: every process
		// then fetches for itself.
		c.log.WarnContext(ctx, "M-Pesa token not shared", "error", err)
	}
	if token != "" {
		return token, nil
	}
	return c.renew(ctx, "")
}

// renew returns a token that is not the refused one. Callers that were refused
// together fetch once together: within this process by waiting for one call,
// between processes by a lock. The fetch goes on when one of them gives up.
func (c *Client) renew(ctx context.Context, refused string) (string, error) {
	result := c.fetching.DoChan(refused, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchBudget)
		defer cancel()
		return c.takeTurn(ctx, refused)
	})
	select {
	case <-ctx.Done():
		return "", &noTokenError{reason: "the caller gave up waiting"}
	case r := <-result:
		token, _ := r.Val.(string)
		return token, r.Err
	}
}

// takeTurn waits until this process may fetch, or another one has fetched.
func (c *Client) takeTurn(ctx context.Context, refused string) (string, error) {
	tick := time.NewTicker(peek)
	defer tick.Stop()
	for {
		if token, err := c.tryTurn(ctx, refused); token != "" || err != nil {
			return token, err
		}
		select {
		case <-ctx.Done():
			return "", &noTokenError{reason: "another process is fetching one and has not come back"}
		case <-tick.C:
		}
	}
}

// tryTurn returns the token that another process has fetched, or fetches one if
// it is our turn. While another process is at it, the token is "".
func (c *Client) tryTurn(ctx context.Context, refused string) (string, error) {
	release, mine, err := c.tokens.Lock(ctx, lockLife)
	token, getErr := c.tokens.Get(ctx)
	if token != "" && token != refused {
		release()
		return token, nil
	}
	if !mine && err == nil && getErr == nil {
		return "", nil
	}
	defer release()
	return c.fetch(ctx, token)
}

// fetch buys a token and shares it. stale is what is shared now, if anything:
// it goes first, so that nobody takes it while we are waiting for its successor.
func (c *Client) fetch(ctx context.Context, stale string) (string, error) {
	if stale != "" {
		if err := c.tokens.Forget(ctx); err != nil {
			c.log.WarnContext(ctx, "M-Pesa token not forgotten", "error", err)
		}
	}
	reply, err := c.oauth.Do(ctx, outcall.Call{
		Method: http.MethodGet, URL: c.cfg.BaseURL + pathOAuth,
		Header: http.Header{"Authorization": {"Basic " + c.basic()}},
	})
	if err != nil {
		return "", &noTokenError{reason: err.Error()}
	}
	token, life, err := c.readToken(reply)
	if err != nil {
		return "", err
	}
	if err := c.tokens.Put(ctx, token, max(life-tokenSpare, life/2)); err != nil {
		c.log.WarnContext(ctx, "M-Pesa token not shared", "error", err)
	}
	return token, nil
}

// tokenShape is what can be sent in a header (RFC 6750, section 2.1). Any other
// would be shared, and would keep every call from being made until it ran out.
var tokenShape = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

func (c *Client) basic() string {
	return base64.StdEncoding.EncodeToString([]byte(c.cfg.ConsumerKey + ":" + c.cfg.ConsumerSecret))
}

// readToken reads an answer to a token request. expires_in is a number on the
// portal and a string in most answers that people recorded.
func (c *Client) readToken(r outcall.Reply) (string, time.Duration, error) {
	var bought struct {
		Token scalar `json:"access_token"`
		Life  scalar `json:"expires_in"`
	}
	a := readAnswer(r)
	err := json.Unmarshal(r.Body, &bought)
	if !a.ok() || err != nil || !tokenShape.MatchString(string(bought.Token)) {
		return "", 0, &noTokenError{
			reason: fmt.Sprintf("refused with %s %s", a.code(), words(c.withoutSecrets(a.message(), c.basic()))),
			// Only an answer of Daraja itself speaks of our credentials.
			alarm: a.ErrorCode != "" && r.Status < http.StatusInternalServerError && !a.busy(),
		}
	}
	life := tokenLife
	if seconds, err := strconv.Atoi(string(bought.Life)); err == nil && 0 < seconds && seconds < int(tokenLife.Seconds()) {
		life = time.Duration(seconds) * time.Second
	}
	return string(bought.Token), life, nil
}

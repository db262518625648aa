// Package outcall makes HTTP calls to providers under failsafe-go policies.
//
// The whole exchange (build, send, read a bounded body, close) is what the
// policies wrap, never the transport alone: a policy around the transport does
// not see the body, leaks the answers it discards and repeats a POST that was
// answered 502. One [Executor] serves one product of one provider, so that a
// broken product does not stop the others.
//
// Two kinds of call exist. A call that only reads may be repeated
// ([Config.Retries]). A call that moves money or sends words is made once; what
// its failure means to the caller is [NotSent] or unknown.
//
// Errors name the executor and the kind of failure. They hold no URL, no header
// and no body, because those carry tokens, phone numbers and callback secrets.
package outcall

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"
)

// Call is one request. Header may be nil.
type Call struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
}

// String keeps what a call carries out of every print.
func (c Call) String() string { return fmt.Sprintf("%s call, %d bytes", c.Method, len(c.Body)) }

// Reply is a complete answer.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// String keeps what a reply carries out of every print, the policies' own
// errors included.
func (r Reply) String() string { return fmt.Sprintf("status %d, %d bytes", r.Status, len(r.Body)) }

// Config says how one product of a provider is called.
type Config struct {
	// Name stands for the product in logs and errors.
	Name string
	// Timeout bounds one whole exchange, the last byte of the body included; 0
	// means 30 seconds. Money needs a long one: a short one manufactures
	// unknown outcomes.
	Timeout time.Duration
	// Retries is how often a failed exchange is repeated; 0 for everything that
	// moves money or sends words.
	Retries int
	// MaxConcurrent bounds the exchanges under way; 0 means no bound.
	MaxConcurrent uint
	// PerSecond and PerMinute space the exchanges out evenly; 0 means no limit.
	// When both are set, PerMinute holds.
	PerSecond, PerMinute uint
	// MaxBody is the largest answer that is read, in bytes; 0 means 64 KiB. A
	// larger one is an error.
	MaxBody int64
	// Failed says which answers count against the breaker, and are worth a
	// retry where there are any; nil means status 500 and above, and 429.
	Failed func(Reply) bool
	// Client makes the exchanges; nil means one of our own. Its redirects and
	// its timeout are not used.
	Client *http.Client
	// Log receives the states of the breaker; nil discards them.
	Log *slog.Logger
}

// Executor calls one product of a provider. It is safe for concurrent use.
type Executor struct {
	cfg      Config
	client   *http.Client
	policies failsafe.Executor[Reply]
}

// defaultTimeout is what most providers' own gateways allow themselves.
const defaultTimeout = 30 * time.Second

// New makes an executor.
func New(cfg Config) *Executor { return build(cfg, standard()) }

func build(cfg Config, t tuning) *Executor {
	if cfg.Failed == nil {
		cfg.Failed = failed
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = maxBody
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Executor{cfg: cfg, client: clientFor(cfg.Client), policies: failsafe.With(policies(cfg, t)...)}
}

// failed is the default of [Config.Failed].
func failed(r Reply) bool {
	return r.Status >= http.StatusInternalServerError || r.Status == http.StatusTooManyRequests
}

// Do makes the call and returns the provider's answer, whatever its status. An
// error means that there is no complete answer; [NotSent] tells whether the
// provider can have seen the request.
func (e *Executor) Do(ctx context.Context, call Call) (Reply, error) {
	// One flag for all attempts: after any of them touched a connection, the
	// provider may have seen the request.
	var touched atomic.Bool
	reply, err := e.policies.WithContext(ctx).GetWithExecution(func(x failsafe.Execution[Reply]) (Reply, error) {
		return e.exchange(x.Context(), call, &touched)
	})
	if err != nil {
		return Reply{}, &Error{Name: e.cfg.Name, cause: err, notSent: !touched.Load()}
	}
	return reply, nil
}

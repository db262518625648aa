package outcall

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"
)

// tuning is what is the same for every product; tests make it quicker.
type tuning struct {
	failureRate   float64       // of the calls in window, opens the breaker
	failureCalls  uint          // fewer calls than this never open it
	window        time.Duration // what the rate is taken over
	openFor       time.Duration // then single calls try the provider again
	closeAfter    uint          // successes in a row that close it
	firstPause    time.Duration // before the first retry; doubles
	longestPause  time.Duration
	pauseJitter   float64       // keeps processes from retrying in step
	permitPatient time.Duration // how long a call waits for its turn
}

const (
	// half of the calls is trouble; single failures are a provider's daily life.
	half = 0.5
	// hiccup is what a lost packet or a restarted proxy takes to pass, and what a
	// waiting person hardly notices.
	hiccup = 200 * time.Millisecond
	// rest gives a provider time to recover, and is soon enough for what waits.
	rest = 15 * time.Second
	// quarter of a pause, more or less, spreads the processes well.
	quarter = 0.25
)

func standard() tuning {
	return tuning{
		failureRate: half, failureCalls: 10, window: time.Minute, openFor: rest, closeAfter: 2,
		firstPause: hiccup, longestPause: 2 * time.Second, pauseJitter: quarter,
		permitPatient: 2 * time.Second,
	}
}

// policies composes from the outside in: each retry asks breaker, limiter and
// bulkhead again, and none of them is held through a pause between retries.
func policies(cfg Config, t tuning) []failsafe.Policy[Reply] {
	var all []failsafe.Policy[Reply]
	if cfg.Retries > 0 {
		all = append(all, retry(cfg, t))
	}
	all = append(all, breaker(cfg, t))
	if limiter := limit(cfg, t); limiter != nil {
		all = append(all, limiter)
	}
	if cfg.MaxConcurrent > 0 {
		all = append(all, bulkhead.NewBuilder[Reply](cfg.MaxConcurrent).WithMaxWaitTime(t.permitPatient).Build())
	}
	if cfg.Retries > 0 {
		// Money has the deadline of its exchange alone: this policy calls a
		// success that comes at the last moment a failure.
		all = append(all, timeout.New[Reply](cfg.Timeout))
	}
	return all
}

func limit(cfg Config, t tuning) failsafe.Policy[Reply] {
	switch {
	case cfg.PerMinute > 0:
		return ratelimiter.NewSmoothBuilder[Reply](cfg.PerMinute, time.Minute).WithMaxWaitTime(t.permitPatient).Build()
	case cfg.PerSecond > 0:
		return ratelimiter.NewSmoothBuilder[Reply](cfg.PerSecond, time.Second).WithMaxWaitTime(t.permitPatient).Build()
	default:
		return nil
	}
}

// breaker counts what the provider did wrong. What we did (a full bulkhead, our
// own cancellation) says nothing about the provider.
func breaker(cfg Config, t tuning) failsafe.Policy[Reply] {
	return circuitbreaker.NewBuilder[Reply]().
		HandleIf(func(r Reply, err error) bool {
			if err != nil {
				return !ours(err)
			}
			return cfg.Failed(r)
		}).
		WithFailureRateThreshold(t.failureRate, t.failureCalls, t.window).
		WithDelay(t.openFor).
		WithSuccessThreshold(t.closeAfter).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			cfg.Log.WarnContext(e.Context(), "breaker", "provider", cfg.Name, "from", e.OldState.String(), "to", e.NewState.String())
		}).
		Build()
}

// retry repeats what may go better at once. An answer 429 asks us to go away,
// and an answer too large will be too large again.
func retry(cfg Config, t tuning) failsafe.Policy[Reply] {
	return retrypolicy.NewBuilder[Reply]().
		HandleIf(func(r Reply, err error) bool {
			if err != nil {
				return !errors.Is(err, errTooLarge)
			}
			return cfg.Failed(r) && r.Status != http.StatusTooManyRequests
		}).
		AbortIf(func(_ Reply, err error) bool { return errors.Is(err, circuitbreaker.ErrOpen) || ours(err) }).
		WithMaxRetries(cfg.Retries).
		WithBackoff(t.firstPause, t.longestPause).
		WithJitterFactor(t.pauseJitter).
		ReturnLastFailure().
		Build()
}

// ours reports errors that the provider has no part in. The caller's deadline
// is among them; that of [Config.Timeout] is not.
func ours(err error) bool {
	for _, target := range []error{
		context.Canceled, context.DeadlineExceeded, bulkhead.ErrFull, ratelimiter.ErrExceeded, errBadCall,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

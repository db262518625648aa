package outcall

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// ask makes n calls one after the other and returns the last error.
func ask(t *testing.T, e *Executor, url string, n int) error {
	t.Helper()
	var err error
	for range n {
		_, err = e.Do(t.Context(), post(url))
	}
	return err
}

func TestTheBreakerOpensAndFindsItsWayBack(t *testing.T) {
	t.Parallel()
	var ill atomic.Bool
	ill.Store(true)
	p := newProvider(t, func(w http.ResponseWriter, _ *http.Request) {
		if ill.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	var out bytes.Buffer
	e := quick(t, Config{Log: slog.New(slog.NewTextHandler(&out, nil))})
	if err := ask(t, e, p.URL, 10); err != nil {
		t.Fatal(err)
	}
	err := ask(t, e, p.URL, 1)
	if !NotSent(err) || !strings.Contains(err.Error(), "breaker open") || p.hits.Load() != 10 {
		t.Fatalf("after ten failures: %v, %d requests", err, p.hits.Load())
	}
	ill.Store(false)
	deadline := time.Now().Add(10 * time.Second)
	for ask(t, e, p.URL, 1) != nil {
		if time.Now().After(deadline) {
			t.Fatal("the breaker never tried again")
		}
	}
	if err := ask(t, e, p.URL, 20); err != nil {
		t.Errorf("healthy again: %v", err)
	}
	for _, state := range []string{"to=open", "to=half-open", "to=closed"} {
		if !strings.Contains(out.String(), state) {
			t.Errorf("no %s in %s", state, out.String())
		}
	}
}

func TestAProbeThatFailsKeepsTheBreakerOpen(t *testing.T) {
	t.Parallel()
	p := newProvider(t, status(http.StatusServiceUnavailable))
	e := quick(t, Config{})
	if err := ask(t, e, p.URL, 10); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for p.hits.Load() == 10 {
		if time.Now().After(deadline) {
			t.Fatal("no probe was sent")
		}
		_ = ask(t, e, p.URL, 1) // kept back until the breaker lets a probe through
	}
	probes := p.hits.Load()
	if err := ask(t, e, p.URL, 1); !NotSent(err) || p.hits.Load() != probes {
		t.Errorf("after a failed probe: %v", err)
	}
}

func TestRefusalsAndOurOwnGivingUpLeaveTheBreakerClosed(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/slow" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		arrived <- struct{}{}
		<-release
	})
	t.Cleanup(func() { close(release) })
	e := quick(t, Config{Failed: func(r Reply) bool { return r.Status == http.StatusBadGateway }})
	if err := ask(t, e, p.URL, 15); err != nil {
		t.Fatal(err)
	}
	for range 15 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-arrived
			cancel()
		}()
		if _, err := e.Do(ctx, Call{Method: http.MethodPost, URL: p.URL + "/slow"}); !errors.Is(err, context.Canceled) || NotSent(err) {
			t.Fatalf("canceled while waiting: %v", err)
		}
	}
	if err := ask(t, e, p.URL, 1); err != nil {
		t.Errorf("the breaker opened: %v", err)
	}
}

func TestADialThatTakesTooLongIsNotTheCallersDeadline(t *testing.T) {
	t.Parallel()
	p := newProvider(t, status(http.StatusOK))
	impatient := &http.Transport{DialContext: (&net.Dialer{Timeout: time.Nanosecond}).DialContext}
	e := quick(t, Config{Client: &http.Client{Transport: impatient}})
	for range 10 {
		err := ask(t, e, p.URL, 1)
		if !NotSent(err) || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "timeout") {
			t.Fatalf("got %v", err)
		}
	}
	if err := ask(t, e, p.URL, 1); !strings.Contains(err.Error(), "breaker open") {
		t.Errorf("the breaker does not count it: %v", err)
	}
}

func TestRetriesStopAtAnOpenBreaker(t *testing.T) {
	t.Parallel()
	p := newProvider(t, status(http.StatusInternalServerError))
	tune := standard()
	tune.failureCalls, tune.firstPause, tune.longestPause = 3, time.Millisecond, 2*time.Millisecond
	// So many retries that going on would outlast the caller.
	e := tuned(t, Config{Retries: 1_000_000}, tune)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := e.Do(ctx, post(p.URL))
	if err == nil || NotSent(err) || !strings.Contains(err.Error(), "breaker open") || p.hits.Load() != 3 {
		t.Errorf("%d requests; %v", p.hits.Load(), err)
	}
	if err := ask(t, e, p.URL, 1); !NotSent(err) {
		t.Errorf("open: %v", err)
	}
}

func TestAFullBulkheadSendsNothing(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	p := newProvider(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	})
	e := quick(t, Config{MaxConcurrent: 1})
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := e.Do(t.Context(), post(p.URL)); err != nil {
			t.Error(err)
		}
	})
	<-arrived
	err := ask(t, e, p.URL, 1)
	close(release)
	first.Wait()
	if !NotSent(err) || !strings.Contains(err.Error(), "under way") || p.hits.Load() != 1 {
		t.Errorf("got %v", err)
	}
}

func TestARateLimitSendsNothing(t *testing.T) {
	t.Parallel()
	p := newProvider(t, status(http.StatusOK))
	for name, cfg := range map[string]Config{"per minute": {PerMinute: 5}, "per second": {PerSecond: 1}} {
		e := quick(t, cfg)
		before := p.hits.Load()
		if _, err := e.Do(t.Context(), post(p.URL)); err != nil {
			t.Errorf("%s: the first call: %v", name, err)
		}
		err := ask(t, e, p.URL, 1)
		if !NotSent(err) || !strings.Contains(err.Error(), "rate limit") || p.hits.Load() != before+1 {
			t.Errorf("%s: %v, %d requests", name, err, p.hits.Load()-before)
		}
	}
}

func TestACallWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	p := newProvider(t, status(http.StatusOK))
	e := tuned(t, Config{PerSecond: 50}, standard())
	if err := ask(t, e, p.URL, 4); err != nil || p.hits.Load() != 4 {
		t.Errorf("%d of 4 calls went out: %v", p.hits.Load(), err)
	}
}

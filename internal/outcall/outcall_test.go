package outcall

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// provider is a server that counts what reaches it.
type provider struct {
	*httptest.Server
	hits atomic.Int64
}

func newProvider(t *testing.T, answer http.HandlerFunc) *provider {
	t.Helper()
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		p.hits.Add(1)
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// quick makes an executor whose pauses do not slow a test down.
func quick(t *testing.T, cfg Config) *Executor {
	t.Helper()
	tune := standard()
	tune.firstPause, tune.longestPause, tune.openFor = time.Millisecond, 2*time.Millisecond, 500*time.Millisecond
	tune.permitPatient = time.Millisecond
	return tuned(t, cfg, tune)
}

func tuned(t *testing.T, cfg Config, tune tuning) *Executor {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "bank"
	}
	e := build(cfg, tune)
	t.Cleanup(e.client.CloseIdleConnections)
	return e
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// hangUp reads the request and closes the connection without an answer.
func hangUp(t *testing.T) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	}
}

func post(url string) Call {
	return Call{Method: http.MethodPost, URL: url + "/pay?key=s3cr3t", Body: []byte(`{"pin":"4321"}`), Header: http.Header{
		"Authorization": {"Bearer t0k3n"}, "Idempotency-Key": {"1"}, "x-idempotency-key": {"1"},
	}}
}

func TestTheAnswerComesBackWhole(t *testing.T) {
	t.Parallel()
	p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("User-Agent"); got != userAgent {
			t.Errorf("user agent %q", got)
		}
		if r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != "" {
			t.Error("a header that makes net/http repeat a POST went out")
		}
		if got := r.Header.Get("Authorization"); got != "Bearer t0k3n" {
			t.Errorf("authorization %q", got)
		}
		w.Header().Set("X-Request", "7")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "refused")
	})
	reply, err := quick(t, Config{}).Do(t.Context(), post(p.URL))
	if err != nil || reply.Status != http.StatusBadRequest || string(reply.Body) != "refused" || reply.Header.Get("X-Request") != "7" {
		t.Errorf("got %v %q, %v", reply, reply.Body, err)
	}
}

func TestMoneyIsSentOnce(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer http.HandlerFunc
		fails  bool
	}{
		"bad gateway": {status(http.StatusBadGateway), false},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
		}, false},
		"dropped": {hangUp(t), true},
		"cut in half": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{")
		}, true},
		"endless body": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxBody+1)) }, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, c.answer)
			_, err := quick(t, Config{}).Do(t.Context(), post(p.URL))
			if (err != nil) != c.fails || NotSent(err) {
				t.Errorf("got %v, not sent %t", err, NotSent(err))
			}
			if hits := p.hits.Load(); hits != 1 {
				t.Errorf("the provider was asked %d times", hits)
			}
		})
	}
}

func TestABrokenKeptConnectionIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	var second atomic.Bool
	p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		if second.Swap(true) {
			hangUp(t)(w, r)
		}
	})
	e := quick(t, Config{})
	if _, err := e.Do(t.Context(), post(p.URL)); err != nil {
		t.Fatal(err)
	}
	_, err := e.Do(t.Context(), post(p.URL))
	if err == nil || NotSent(err) || p.hits.Load() != 2 {
		t.Errorf("got %v, not sent %t, %d requests", err, NotSent(err), p.hits.Load())
	}
}

func TestNotSentIsOnlyWhatNobodyCanHaveSeen(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + listener.Addr().String()
	_ = listener.Close()
	noTLS := newProvider(t, status(http.StatusOK))
	untrusted := httptest.NewUnstartedServer(status(http.StatusOK))
	untrusted.Config.ErrorLog = nil
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for name, url := range map[string]string{
		"refused":   refused,
		"no TLS":    strings.Replace(noTLS.URL, "http:", "https:", 1),
		"untrusted": untrusted.URL,
		"no URL":    "http://%zz",
	} {
		_, err := quick(t, Config{Retries: 1}).Do(t.Context(), post(url))
		if !NotSent(err) {
			t.Errorf("%s: %v counts as perhaps sent", name, err)
		}
		assertSilent(t, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := quick(t, Config{}).Do(ctx, post(noTLS.URL)); !NotSent(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: %v", err)
	}
	if NotSent(nil) || NotSent(io.EOF) {
		t.Error("errors of others count as not sent")
	}
}

// assertSilent checks that an error repeats nothing of the call.
func assertSilent(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{"s3cr3t", "t0k3n", "4321", "http://", "https://", "/pay"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q says %q", err, secret)
		}
	}
	if !strings.HasPrefix(err.Error(), "bank: ") {
		t.Errorf("%q does not name the product", err)
	}
}

func TestErrorsAreSilent(t *testing.T) {
	t.Parallel()
	p := newProvider(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 t0k3n s3cr3t\r\n\r\n4321")
		_ = conn.Close()
	})
	_, err := quick(t, Config{Retries: 1}).Do(t.Context(), post(p.URL))
	if err == nil || NotSent(err) {
		t.Fatalf("got %v", err)
	}
	assertSilent(t, err)
	call := post(p.URL)
	if text := call.String() + (Reply{Body: []byte("s3cr3t")}).String(); strings.Contains(text, "s3cr3t") {
		t.Error(text)
	}
}

func TestASlowBodyMeetsTheTimeout(t *testing.T) {
	t.Parallel()
	for name, retries := range map[string]int{"money": 0, "read": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := make(chan struct{})
			p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, "{")
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
				case <-done:
				}
			})
			t.Cleanup(func() { close(done) })
			_, err := quick(t, Config{Timeout: 50 * time.Millisecond, Retries: retries}).Do(t.Context(), post(p.URL))
			if err == nil || NotSent(err) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if !strings.HasSuffix(err.Error(), errSlow.Error()) {
				t.Errorf("got %v", err)
			}
			if hits := p.hits.Load(); hits != int64(1+retries) {
				t.Errorf("%d requests", hits)
			}
		})
	}
}

func TestReadsAreRepeated(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		first http.HandlerFunc
		hits  int64
	}{
		"bad gateway": {status(http.StatusBadGateway), 2},
		"dropped":     {hangUp(t), 2},
		"refusal":     {status(http.StatusBadRequest), 1},
		"told to go":  {status(http.StatusTooManyRequests), 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var again atomic.Bool
			p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
				if !again.Swap(true) {
					c.first(w, r)
				}
			})
			_, err := quick(t, Config{Retries: 2}).Do(t.Context(), Call{Method: http.MethodGet, URL: p.URL})
			if err != nil || p.hits.Load() != c.hits {
				t.Errorf("%d requests, want %d; %v", p.hits.Load(), c.hits, err)
			}
		})
	}
}

func TestTheLastAnswerOfARepeatedReadCounts(t *testing.T) {
	t.Parallel()
	p := newProvider(t, status(http.StatusBadGateway))
	reply, err := quick(t, Config{Retries: 2}).Do(t.Context(), Call{Method: http.MethodGet, URL: p.URL})
	if err != nil || reply.Status != http.StatusBadGateway || p.hits.Load() != 3 {
		t.Errorf("got %v, %v after %d requests", reply, err, p.hits.Load())
	}
}

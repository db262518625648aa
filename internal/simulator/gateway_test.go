package simulator

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/voicepact/gateway/internal/testkit"
)

// hit is one request that the fake gateway received.
type hit struct {
	path   string
	header http.Header
	body   string
}

// fakeGateway records callbacks and answers as told.
type fakeGateway struct {
	*httptest.Server
	mu     sync.Mutex
	hits   []hit
	answer func(hit) (int, string)
	header func(hit, http.Header)
}

func newGateway(t *testing.T) *fakeGateway {
	t.Helper()
	g := &fakeGateway{}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *fakeGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h := hit{path: r.URL.Path, header: r.Header, body: string(body)}
	g.mu.Lock()
	g.hits = append(g.hits, h)
	answer, header := g.answer, g.header
	g.mu.Unlock()
	if header != nil {
		header(h, w.Header())
	}
	status, text := http.StatusOK, "OK"
	if answer != nil {
		status, text = answer(h)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// reply sets how the gateway answers from now on.
func (g *fakeGateway) reply(answer func(hit) (int, string)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer = answer
}

// hold makes the gateway keep requests for path waiting until the returned
// function is called, at the latest at the end of the test.
func (g *fakeGateway) hold(t *testing.T, path string) func() {
	t.Helper()
	release := make(chan struct{})
	once := sync.OnceFunc(func() { close(release) })
	t.Cleanup(once)
	g.reply(func(h hit) (int, string) {
		if h.path == path {
			<-release
		}
		return http.StatusOK, "END late"
	})
	return once
}

// head sets the headers that go with every answer.
func (g *fakeGateway) head(set func(hit, http.Header)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.header = set
}

func (g *fakeGateway) at(path string) []hit {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []hit
	for _, h := range g.hits {
		if h.path == path {
			found = append(found, h)
		}
	}
	return found
}

// wait returns the first n requests for path.
func (g *fakeGateway) wait(t *testing.T, path string, n int) []hit {
	t.Helper()
	var found []hit
	eventually(t, "callbacks at "+path, func() bool {
		found = g.at(path)
		return len(found) >= n
	})
	return found
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	testkit.Eventually(t, what, done)
}

// clock is a clock that a test may move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

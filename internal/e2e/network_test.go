package e2e_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/voicepact/gateway/internal/testkit"
)

// line is the network between the gateways and one of the things they need.
type line struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
}

func newLine(t *testing.T, name, upstream string) *line {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &line{t: t, proxy: toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream)}
	if err := l.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.proxy.Stop)
	return l
}

// through is an address with the line in the place of its host.
func (l *line) through(address string) string {
	l.t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		l.t.Fatal(err)
	}
	parsed.Host = l.proxy.Listen
	return parsed.String()
}

// toxic is what is wrong with a line, in the words of toxiproxy.
type toxic struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`
	Toxicity   float32        `json:"toxicity"`
	Attributes map[string]int `json:"attributes"`
}

// spoil makes something wrong with the answers of a line, for part of the
// connections, and returns how to mend it.
func (l *line) spoil(kind string, share float32, attributes map[string]int) (mend func()) {
	l.t.Helper()
	text, err := json.Marshal(toxic{"fault", kind, "downstream", share, attributes})
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
		l.t.Fatal(err)
	}
	return func() {
		if err := l.proxy.Toxics.RemoveToxic(l.t.Context(), "fault"); err != nil {
			l.t.Error(err)
		}
	}
}

// cut takes the line down, and returns how to bring it up again.
func (l *line) cut() (mend func()) {
	l.t.Helper()
	listen := l.proxy.Listen
	l.proxy.Stop()
	return func() {
		l.proxy.Listen = listen
		testkit.Eventually(l.t, "the line is up again", func() bool { return l.proxy.Start() == nil })
	}
}

// lineFault is one way in which a network fails.
type lineFault struct {
	name  string
	begin func(*line) (mend func())
}

func lineFaults() []lineFault {
	spoil := func(kind string, share float32, attributes map[string]int) func(*line) func() {
		return func(l *line) func() { return l.spoil(kind, share, attributes) }
	}
	return []lineFault{
		{"latency", spoil("latency", 1, map[string]int{"latency": 150, "jitter": 100})},
		{"bandwidth", spoil("bandwidth", 1, map[string]int{"rate": 8})}, // KiB a second
		{"slow close", spoil("slow_close", 1, map[string]int{"delay": 1000})},
		{"reset", spoil("reset_peer", 0.5, map[string]int{"timeout": 50})},
		{"black hole", spoil("timeout", 1, map[string]int{"timeout": 0})},
		{"down", (*line).cut},
	}
}

// The network to one of the four things that the gateways need fails in every
// way while deals are under way. Afterwards the deals go on, and at the end the
// books are those of the bank.
func TestNetworkFaults(t *testing.T) {
	t.Parallel()
	for _, end := range []struct {
		name     string
		variable string
		// wait is what 99 of 100 callers wait at most for their screen while the
		// line is a black hole. Without the database nothing can be done and callers
		// get an apology, in the time that Africa's Talking allows.
		wait time.Duration
	}{
		{"postgres", "DATABASE_URL", answerLimit},
		{"redis", "REDIS_URL", time.Second},
		{"daraja", "DARAJA_BASE_URL", time.Second},
		{"sms", "AT_BASE_URL", time.Second},
	} {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			address := r.value(end.variable)
			parsed, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			l := newLine(t, end.name, parsed.Host)
			r.set(end.variable, l.through(address))
			m := newMarket(r, 1, 1)
			m.open(3)
			m.dealsMore(2)
			for _, f := range lineFaults() {
				t.Run(f.name, func(t *testing.T) { // one after the other, on one market
					m.waits.take()
					mend := f.begin(l)
					m.pass(3 * time.Second)
					mend()
					waited := m.waits.take()
					t.Log(waited)
					if limit := end.wait; f.name == "black hole" && waited.under(99) > limit+slack {
						t.Errorf("99 of 100 callers waited up to %s, want %s at most", waited.under(99), limit)
					}
					m.dealsMore(2)
				})
			}
			m.close()
		})
	}
}

// slack is what a machine may take longer that runs other tests at the same time.
const slack = 2 * time.Second

// dealsMore waits until so many more deals are done.
func (m *market) dealsMore(n int64) {
	m.t.Helper()
	want := m.deals.Load() + n
	testkit.EventuallyEvery(m.t, 50*time.Millisecond, "deals are done again", func() bool {
		if m.ctx.Err() != nil {
			m.t.Fatal(m.trade.Wait())
		}
		return m.deals.Load() >= want
	})
}

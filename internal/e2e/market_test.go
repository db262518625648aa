package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
)

// market is the program with people who trade on it without end, whatever is done
// to it, and the books that are looked into meanwhile. The gateways are in a
// hurry: see cmd/voicepact/pace_hurried.go.
type market struct {
	*rig
	places []place
	memory *memory
	store  *store.Store
	draw   *rand.Rand
	waits  waits
	deals  atomic.Int64
	found  []string // violations

	quit   chan struct{}
	trade  *errgroup.Group
	ctx    context.Context //nolint:containedctx // ends with the first violation of a trader
	closed bool
}

// place is where a gateway runs, one process after the other.
type place struct {
	*process
	address string
	asleep  time.Time // since when it is stopped; zero while it runs
}

// newMarket starts the gateways.
func newMarket(r *rig, gateways int, seed uint64) *market {
	r.t.Helper()
	m := &market{
		rig: r, places: make([]place, gateways), memory: newMemory(), quit: make(chan struct{}),
		draw: rand.New(rand.NewPCG(seed, 0)),
	}
	for i := range m.places {
		m.run(i)
	}
	m.ready()
	m.store = m.openStore()
	return m
}

// open lets couples trade until [market.close].
func (m *market) open(couples int) {
	m.t.Helper()
	m.trade, m.ctx = errgroup.WithContext(m.t.Context())
	for n := range couples {
		t := newTrader(m, n)
		m.trade.Go(func() error { return t.trade(m.ctx, m.quit) })
	}
	m.t.Cleanup(func() { _ = m.end() })
}

// close waits until the deals under way are done, and until nothing is left to
// do, and holds the books against the bank.
func (m *market) close() {
	m.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- m.end() }()
	for begun := time.Now(); ; {
		select {
		case err := <-ended:
			if err != nil {
				m.violationf("a deal stands still: %v", err)
			}
			m.settle()
			return
		case <-time.After(20 * time.Second):
			m.t.Logf("after %s the last deals wait: %s", time.Since(begun).Round(time.Second), m.underWay())
		}
	}
}

func (m *market) end() error {
	if !m.closed {
		m.closed = true
		close(m.quit)
	}
	return m.trade.Wait()
}

// pass lets the deals go on.
func (m *market) pass(d time.Duration) {
	m.t.Helper()
	if err := pause(m.t.Context(), d); err != nil {
		m.t.Fatal(err)
	}
}

// run starts the gateway of a place anew.
func (m *market) run(i int) {
	m.t.Helper()
	p, address := m.launch(hurriedBinary)
	m.balancer.add(address)
	m.places[i] = place{process: p, address: address}
}

// ready waits until the gateways that run can work.
func (m *market) ready() {
	m.t.Helper()
	for _, i := range m.awake() {
		testkit.Eventually(m.t, "gateway ready", func() bool {
			if m.places[i].ended() {
				m.t.Fatalf("the gateway ended:\n%s", m.places[i].output)
			}
			return send(m.t, http.MethodGet, m.places[i].address+"/readyz", "", "").Status == http.StatusOK
		})
	}
}

// awake lists the places whose gateway is not stopped, in an order by chance.
func (m *market) awake() []int {
	var list []int
	for _, i := range m.draw.Perm(len(m.places)) {
		if m.places[i].asleep.IsZero() {
			list = append(list, i)
		}
	}
	return list
}

func (p *process) signal(signal syscall.Signal) { _ = p.cmd.Process.Signal(signal) }

func (m *market) violationf(format string, args ...any) {
	m.t.Helper()
	text := fmt.Sprintf(format, args...)
	m.found = append(m.found, text)
	m.t.Error(text)
}

// listen takes in what the phones were told so far.
func (m *market) listen() {
	m.t.Helper()
	phones, err := phonesOf(m.t.Context(), m.simURL)
	if err != nil {
		m.t.Fatal(err)
	}
	m.memory.reads(phones)
}

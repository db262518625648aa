// Package storetest gives tests a migrated store on either engine, and a small
// world around it: a clock that stands still, a till in the place of M-Pesa and
// a postbox in the place of the SMS gateway, and the jobs run one by one when
// the test says so. The wire is not part of it; the whole program over real
// HTTP is tested where it is put together.
package storetest

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// Start is when the clock of every test stands at first: a Thursday morning in
// East Africa.
func Start() time.Time { return time.Date(2026, 12, 3, 6, 0, 0, 0, time.UTC) }

// Clock is a clock that only the test moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at [Start].
func NewClock() *Clock { return &Clock{now: Start()} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to t, which may lie in the past.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Advance moves the clock on. To the service that looks as if it had been down
// meanwhile, or as if somebody had set the clock; [World.Pass] is time that passes.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Sealer returns a sealer with keys for tests.
func Sealer(tb testing.TB) *store.Sealer {
	tb.Helper()
	sealer, err := store.NewSealer(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	return sealer
}

// Signer returns the signer of every test's service. Its seed is 32 times the
// byte 5, for tests that run whole processes.
func Signer(tb testing.TB) *escrow.Signer {
	tb.Helper()
	signer, err := escrow.NewSigner(bytes.Repeat([]byte{5}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	return signer
}

// Opener opens a store on one engine; [SQLite] and [Postgres] are the two.
type Opener func(tb testing.TB, now func() time.Time) *store.Store

func open(tb testing.TB, address string, now func() time.Time) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), address, Sealer(tb), now)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

package testkit

import (
	"testing"
	"time"
)

const (
	// patience is far above what anything takes on a loaded machine with the
	// race detector: it ends a test that would wait for ever, and measures nothing.
	patience = 90 * time.Second
	// pollEvery is how often is looked.
	pollEvery = 5 * time.Millisecond
)

// Eventually waits until done, which is called in the test's own goroutine, and
// fails the test where that takes longer than any machine needs.
func Eventually(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	EventuallyEvery(tb, pollEvery, what, done)
}

// EventuallyEvery is [Eventually] at another pace: where looking costs so much
// that it would hold up what is waited for.
func EventuallyEvery(tb testing.TB, pace time.Duration, what string, done func() bool) {
	tb.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline.C:
			tb.Fatalf("still waiting after %s: %s", patience, what)
		case <-tb.Context().Done():
			tb.Fatalf("the test ended while waiting: %s", what)
		}
	}
}

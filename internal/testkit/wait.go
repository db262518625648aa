package testkit

import (
	"testing"
	"time"
)

const (
	// patience is far above what anything takes on a loaded machine with the
	// race detector: it ends a test that would wait for ever, and measures nothing.
	patience = 30 * time.Second
	// pollEvery is how often is looked.
	pollEvery = 5 * time.Millisecond
)

// Eventually waits until done, which is called in the test's own goroutine, and
// fails the test where that takes longer than any machine needs.
func Eventually(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(pollEvery)
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

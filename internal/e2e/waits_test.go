package e2e_test

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// waits is how long callers waited for their screens.
type waits struct {
	mu   sync.Mutex
	list []time.Duration
}

func (w *waits) add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, d)
}

// take returns the waits so far in ascending order, and begins anew.
func (w *waits) take() sortedWaits {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list
	w.list = nil
	slices.Sort(list)
	return list
}

type sortedWaits []time.Duration

// under is the wait that so many of a hundred callers stay under.
func (w sortedWaits) under(percent int) time.Duration {
	if len(w) == 0 {
		return 0
	}
	return w[min(len(w)*percent/100, len(w)-1)]
}

func (w sortedWaits) String() string {
	return fmt.Sprintf("%d screens, half within %d ms, 99 of 100 within %d ms, all within %d ms",
		len(w), w.under(50).Milliseconds(), w.under(99).Milliseconds(), w.under(100).Milliseconds())
}

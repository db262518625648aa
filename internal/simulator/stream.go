package simulator

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	// debounce gathers the changes that one act makes into one state.
	debounce = 60 * time.Millisecond
	// watchInterval is how often the gateway's contracts are asked for while
	// somebody looks.
	watchInterval = 400 * time.Millisecond
	watchLimit    = 2 * time.Second
	// watchShared is how long one answer serves all streams: half of the
	// interval, so that a lone stream's ticks are never too early.
	watchShared = watchInterval / 2
	// keepAlive is below the idle limits of common proxies.
	keepAlive = 15 * time.Second
)

// contractCache shares one answer of the watcher among all streams.
type contractCache struct {
	watcher Watcher

	refreshMu sync.Mutex // held while asking
	mu        sync.Mutex
	asked     time.Time
	contracts []ContractView
}

// current is never nil, so that it encodes as a list.
func (w *contractCache) current() []ContractView {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]ContractView{}, w.contracts...)
}

// refresh asks the watcher unless the last answer is younger than goodFor, and
// reports a change. An error keeps the last answer: the page outlives a hiccup
// of the gateway.
func (w *contractCache) refresh(ctx context.Context, goodFor time.Duration) bool {
	if w.watcher == nil {
		return false
	}
	w.refreshMu.Lock()
	defer w.refreshMu.Unlock()
	w.mu.Lock()
	fresh := time.Since(w.asked) < goodFor
	w.mu.Unlock()
	if fresh {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, watchLimit)
	defer cancel()
	latest, err := w.watcher.Contracts(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = time.Now()
	if err != nil || reflect.DeepEqual(latest, w.contracts) {
		return false
	}
	w.contracts = latest
	return true
}

// stream is GET /sim/stream: server-sent events, each a whole [State], so that
// a browser that missed some needs nothing but the next.
func (s *Sim) stream(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set("X-Accel-Buffering", "no")
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		changes := s.hub.subscribe()
		defer s.hub.unsubscribe(changes)
		s.pump(w, changes)
	})
	return nil
}

// pump writes states until the browser goes away or the simulator closes.
func (s *Sim) pump(w *bufio.Writer, changes <-chan struct{}) {
	ctx := context.Background()
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	watch := time.NewTicker(watchInterval)
	defer watch.Stop()
	s.watch.refresh(ctx, watchShared)
	var last []byte
	for due := true; ; {
		if due {
			var err error
			if last, err = s.writeState(ctx, w, last); err != nil {
				return
			}
		}
		due = false
		select {
		case <-s.closing:
			return
		case <-alive.C:
			if writeFlush(w, ": keep-alive\n\n") != nil {
				return
			}
		case <-watch.C:
			if s.watch.refresh(ctx, watchShared) {
				s.hub.notify()
			}
		case <-changes:
			due = s.settleDown(changes)
		}
	}
}

// settleDown waits out the debounce and forgets the changes within it; false
// when the simulator closes meanwhile.
func (s *Sim) settleDown(changes <-chan struct{}) bool {
	timer := time.NewTimer(debounce)
	defer timer.Stop()
	select {
	case <-s.closing:
		return false
	case <-timer.C:
	}
	select {
	case <-changes:
	default:
	}
	return true
}

// writeState sends the state unless it equals last but for its version, and
// returns what the browser now has, without version.
func (s *Sim) writeState(ctx context.Context, w *bufio.Writer, last []byte) ([]byte, error) {
	st, err := s.state(ctx)
	if err != nil {
		return nil, err
	}
	version := st.Version
	st.Version = 0 // the reading alone is no news
	news, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("simulator: encode state: %w", err)
	}
	if bytes.Equal(news, last) {
		return last, nil
	}
	st.Version = version
	data, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("simulator: encode state: %w", err)
	}
	return news, writeFlush(w, "event: state\ndata: "+string(data)+"\n\n")
}

func writeFlush(w *bufio.Writer, text string) error {
	if _, err := w.WriteString(text); err != nil {
		return fmt.Errorf("simulator: write stream: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("simulator: flush stream: %w", err)
	}
	return nil
}

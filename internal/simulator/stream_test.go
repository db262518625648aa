package simulator

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/voicepact/gateway/internal/testkit"
)

// viewer reads one state stream.
type viewer struct {
	t      *testing.T
	states chan State
	ended  chan struct{}
}

// watch opens the stream of states and reads until it ends.
func (w *world) watch() *viewer {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+"/sim/stream", http.NoBody)
	must(w.t, err)
	res, err := httpClient().Do(req) //nolint:bodyclose // closed when the test ends
	must(w.t, err)
	same2(w.t, "content type", res.Header.Get("Content-Type"), "text/event-stream")
	same2(w.t, "caching", res.Header.Get("Cache-Control"), "no-store")
	v := &viewer{t: w.t, states: make(chan State, 1000), ended: make(chan struct{})}
	go func() {
		defer close(v.ended)
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				v.states <- decode[State](w.t, data)
			}
		}
	}()
	w.t.Cleanup(func() {
		cancel()
		<-v.ended
		_ = res.Body.Close()
	})
	return v
}

// until returns the first state that holds, and insists that versions grow.
func (v *viewer) until(what string, holds func(State) bool) State {
	v.t.Helper()
	timeout := time.After(10 * time.Second)
	last := int64(0)
	for {
		select {
		case st := <-v.states:
			if st.Version <= last {
				v.t.Errorf("version %d after %d", st.Version, last)
			}
			if last = st.Version; holds(st) {
				return st
			}
		case <-timeout:
			v.t.Fatalf("still waiting for: %s", what)
		}
	}
}

// fakeWatcher shows contracts as told.
type fakeWatcher struct {
	mu        sync.Mutex
	contracts []ContractView
	err       error
}

func (f *fakeWatcher) set(err error, contracts ...ContractView) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.contracts, f.err = contracts, err
}

// Contracts implements [Watcher].
func (f *fakeWatcher) Contracts(context.Context) ([]ContractView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.contracts, f.err
}

func TestStreamPushesChanges(t *testing.T) {
	t.Parallel()
	watcher := &fakeWatcher{}
	g := newGateway(t)
	w := startWorld(t, g, testConfig(g), watcher)
	one, two := w.watch(), w.watch()
	for _, v := range []*viewer{one, two} {
		first := v.until("the first state", func(State) bool { return true })
		same2(t, "phones", len(first.Phones), 2)
		same2(t, "contracts are a list", first.Contracts == nil, false)
	}
	w.push("100")
	for _, v := range []*viewer{one, two} {
		v.until("the prompt", func(st State) bool { return phoneIn(t, st, buyer).Prompt != nil })
	}
	watcher.set(nil, ContractView{Ref: dealRef, State: "pending"})
	one.until("the contract", func(st State) bool { return len(st.Contracts) == 1 && st.Contracts[0].State == "pending" })

	// A gateway that hiccups does not empty the page.
	watcher.set(errors.New("down"))
	w.do(buyer, "prompt", fields{"cancel": true})
	one.until("the prompt to go", func(st State) bool {
		if len(st.Contracts) != 1 {
			t.Errorf("%d contracts", len(st.Contracts))
		}
		return phoneIn(t, st, buyer).Prompt == nil
	})
}

func TestStreamEndsOnClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.watch()
	v.until("the first state", func(State) bool { return true })
	w.stop()
	select {
	case <-v.ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the stream goes on")
	}
	must(t, w.sim.Close()) // again
}

// wantHidden fails the test where a text shows one of the words or the PINs.
func wantHidden(t *testing.T, where, text string, words []string, pins ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(text, word) {
			t.Errorf("%s shows %q: %s", where, word, text)
		}
	}
	for _, pin := range pins {
		if testkit.Shows(text, pin) {
			t.Errorf("%s shows %s: %s", where, pin, text)
		}
	}
}

// TestNothingSecretIsShown looks at all that the page and the log can see after
// a deal, for callback URLs, keys, PINs and full numbers where they do not
// belong.
func TestNothingSecretIsShown(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	w := newWorld(t, func(c *Config) { c.Logger = log.logger() })
	w.gateway.reply(func(h hit) (int, string) {
		if h.path == pathUSSD {
			return http.StatusOK, "CON Your PIN?"
		}
		return http.StatusServiceUnavailable, "down"
	})
	w.do(buyer, "dial", fields{"code": code})
	w.do(buyer, "answer", fields{"text": "8642"})
	w.do(buyer, "sms", fields{"text": "ACCEPT 1234 9753"})
	w.sms("atsk_test", "message", "code 9753")
	w.fund("500")
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	w.post(pathSTK, w.stkFields("1").with("CallBackURL", "http://127.0.0.1:1/hidden"))
	w.do(buyer, "prompt", fields{"pin": "0000"})
	w.statusOf("OriginalConversationID", "id-1")
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	w.do(buyer, "hangup", fields{})
	eventually(t, "an unanswered callback", func() bool { return strings.Contains(log.String(), "callback not answered") })

	st := w.state()
	anywhere := []string{"s3cr3t", "/cb/", "hidden", "http:", "atsk_test", "passkey", "Pa55", w.token}
	passing := append([]string{"Y3JlZGVudGlhbA", "254722000000", "722000000", "733111222"}, anywhere...)
	wantHidden(t, "the wire", encode(t, st.Wire), passing, "8642", "9753")
	wantHidden(t, "the log", log.String(), passing, "8642", "9753")
	wantHidden(t, "the state", encode(t, st), anywhere, "8642")
	kinds := map[kind]bool{}
	for i, e := range st.Wire {
		kinds[e.Kind] = true
		same2(t, "wire id", e.ID, int64(i+1))
		if e.Who != "" && !strings.Contains(e.Who, "***") {
			t.Errorf("unmasked %q", e.Who)
		}
	}
	for _, k := range []kind{
		kindUSSD, kindSMSIn, kindSMSOut, kindSTKPush, kindSTKCallback, kindB2C, kindB2CResult, kindStatus, kindStatusResult, kindOAuth,
	} {
		if !kinds[k] {
			t.Errorf("no %s on the wire", k)
		}
	}
}

func TestWireLogIsBounded(t *testing.T) {
	t.Parallel()
	clk := newClock()
	l := newWireLog(newHub(), clk.now)
	for range wireKept + 5 {
		l.add(WireEntry{Kind: kindOAuth})
	}
	all := l.all()
	same2(t, "kept", len(all), wireKept)
	same2(t, "oldest", all[0].ID, 6)
	same2(t, "newest", all[wireKept-1].ID, wireKept+5)
	same2(t, "time", all[0].At, clk.now())
}

func TestMask(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		buyer: "0722***000", "+254110000001": "0110***001", "+447700900123": "+447***123", "0722": "***", "": "***",
	} {
		same2(t, number, mask(number), want)
	}
}

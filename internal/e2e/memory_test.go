package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/store"
)

// memory is what people were shown or told as done: whatever is killed, it must
// still be so afterwards.
type memory struct {
	mu       sync.Mutex
	promises map[promise]bool
}

// promise is an event of a contract that somebody knows of: "lock", or "accept
// completed" where the state that it led to matters.
type promise struct{ ref, event string }

func newMemory() *memory { return &memory{promises: map[promise]bool{}} }

func (m *memory) promised(ref, event string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.promises[promise{ref, event}] = true
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.promises)
}

// told lists what our texts promise.
var told = map[string]*regexp.Regexp{
	"accept confirmed": regexp.MustCompile(`\b(\d+) agreed:`),
	"lock":             regexp.MustCompile(`held safe for (\d+)|(\d+): Ksh[\d,]+ from .* is held safe`),
	"confirm_delivery": regexp.MustCompile(`(\d+): thank you\..* was asked to accept|reply ACCEPT (\d+) \d{4} to pay`),
	"accept completed": regexp.MustCompile(`(\d+) is complete:`),
	"payout.succeeded": regexp.MustCompile(`sent to your M-Pesa for (\d+)|paid to .* for (\d+)`),
}

// reads takes in the texts that have arrived.
func (m *memory) reads(phones map[string]simulator.PhoneView) {
	for _, phone := range phones {
		for _, message := range phone.Inbox {
			for event, words := range told {
				if found := words.FindStringSubmatch(message.Text); found != nil && !message.Out {
					m.promised(strings.Join(found[1:], ""), event)
				}
			}
		}
	}
}

// broken lists the promises that the contracts do not keep.
func (m *memory) broken(contracts []store.Overview) []string {
	happened := map[promise]bool{}
	for _, o := range contracts {
		for _, e := range o.Events {
			happened[promise{string(o.Contract.Ref), e.Event}] = true
			happened[promise{string(o.Contract.Ref), e.Event + " " + e.To}] = true
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var broken []string
	for p := range m.promises {
		if !happened[p] {
			broken = append(broken, fmt.Sprintf("somebody was told %q of contract %s, which is not so any more", p.event, p.ref))
		}
	}
	slices.Sort(broken)
	return broken
}

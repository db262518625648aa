package mobilemoney

import (
	"slices"
	"sync"
)

// mostHeld is how many tokens are remembered: those of the last hours, while M-Pesa
// lets each live for one.
const mostHeld = 8

// heldTokens are the tokens that calls were made with lately, so that none of them
// gets into a reason: an answer can repeat one that has been replaced since.
type heldTokens struct {
	mu     sync.Mutex
	tokens []string // the newest last
}

func (h *heldTokens) remember(token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.Contains(h.tokens, token) {
		return
	}
	if len(h.tokens) == mostHeld {
		h.tokens = slices.Delete(h.tokens, 0, 1)
	}
	h.tokens = append(h.tokens, token)
}

// all returns a copy.
func (h *heldTokens) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.tokens)
}

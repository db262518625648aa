package storetest

import "github.com/voicepact/gateway/escrow"

// Hold is a submission that stands still at the provider, or in the process that
// made it, until the test says what it is answered.
type Hold struct {
	reached chan struct{}
	answer  chan escrow.Submission
}

// Hold makes the next submission that nothing holds yet stand still.
func (t *Till) Hold() *Hold {
	t.mu.Lock()
	defer t.mu.Unlock()
	hold := &Hold{reached: make(chan struct{}), answer: make(chan escrow.Submission)}
	t.holds = append(t.holds, hold)
	return hold
}

// Reached waits until the submission has come.
func (h *Hold) Reached() { <-h.reached }

// Answer lets the submission go on.
func (h *Hold) Answer(s escrow.Submission) { h.answer <- s }

// nextHold notes a submission that is to stand still, if there is to be one.
func (t *Till) nextHold(tr escrow.Transfer) *Hold {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.holds) == 0 {
		return nil
	}
	hold := t.holds[0]
	t.holds = t.holds[1:]
	t.taken = append(t.taken, tr)
	return hold
}

package outcall

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/failsafe-go/failsafe-go/bulkhead"
)

// Only what says something about the provider counts as its being down.
func TestDown(t *testing.T) {
	t.Parallel()
	broken := newProvider(t, status(http.StatusInternalServerError))
	e := quick(t, Config{})
	var last error
	const enough = 20
	for range enough { // opens the breaker
		_, last = e.Do(t.Context(), post(broken.URL))
	}
	if !Down(last) || !NotSent(last) {
		t.Errorf("an open breaker: %v", last)
	}
	closed := newProvider(t, status(http.StatusOK))
	closed.Close()
	if _, err := quick(t, Config{}).Do(t.Context(), post(closed.URL)); !Down(err) {
		t.Errorf("nobody listens: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	alive := newProvider(t, status(http.StatusOK))
	if _, err := quick(t, Config{}).Do(ended, post(alive.URL)); err == nil || Down(err) {
		t.Errorf("given up by the caller: %v", err)
	}
	if full := (&Error{Name: "bank", cause: bulkhead.ErrFull, notSent: true}); Down(full) {
		t.Error("our own bulkhead counts")
	}
	if cut := (&Error{Name: "bank", cause: errSlow}); Down(cut) || Down(errors.New("other")) {
		t.Error("what may have been sent counts")
	}
}

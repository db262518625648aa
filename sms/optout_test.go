package sms

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// TestAnOptOutAtTheProvider is STOP by the provider's own way: it is kept once, and
// no answer is sent, which would not arrive.
func TestAnOptOutAtTheProvider(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contract = d.DealIn(escrow.Accepted, escrow.Shillings(100))
	d.letters()
	const body = "senderId=VOICEPACT&phoneNumber=%2B254722000418"
	s := &shelf{}
	for range 2 {
		if status, _ := post(t, newTestApp(s), "/optout", formType, body); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	if n := len(s.keys()); n != 1 {
		t.Errorf("kept %d times", n)
	}
	for _, body := range []string{body, "", "phoneNumber=MTN"} {
		if err := d.handler.WorkOptOut(t.Context(), []byte(body)); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
	d.Pass(2 * 24 * time.Hour)
	if letters := d.letters(); len(letters) != 0 {
		t.Errorf("sent %v", letters)
	}
}

// TestStopAndStart say what they do, and do no more.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.propose()
	d.letters()
	for _, tt := range []struct{ text, answer string }{
		{"STOP", "Reminders are stopped. Receipts, codes and news of problems still come"},
		{"stop 1234", "not agreed yet"},
		{"START", "You get reminders again"},
		{"simamisha", "Vikumbusho vimesitishwa"},
		{"ANZA", "Utapata vikumbusho tena"},
	} {
		letters := d.text(amina, tt.text)
		if len(letters) != 1 || !strings.Contains(letters[0].text, tt.answer) {
			t.Errorf("%q: %v", tt.text, letters)
		}
	}
}

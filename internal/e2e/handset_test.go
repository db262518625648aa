package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/testkit"
)

// handset is a simulated phone, worked as the phones page works it.
type handset struct {
	t      *testing.T
	base   string // of the simulator
	number string
}

const serviceCode = "*384*12345#"

func (h handset) act(act string, body any) simulator.PhoneView {
	h.t.Helper()
	status, answer := h.post(act, body)
	if status != http.StatusOK {
		h.t.Fatalf("%s: %d %s", act, status, answer)
	}
	return h.in(answer)
}

// tries reports whether the phone let the act happen.
func (h handset) tries(act string, body any) bool {
	h.t.Helper()
	status, _ := h.post(act, body)
	return status == http.StatusOK
}

func (h handset) post(act string, body any) (int, string) {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	address := h.base + "/sim/phones/" + url.PathEscape(h.number) + "/" + act
	return send(h.t, http.MethodPost, address, "application/json", string(text))
}

func (h handset) in(state string) simulator.PhoneView {
	h.t.Helper()
	var all simulator.State
	if err := json.Unmarshal([]byte(state), &all); err != nil {
		h.t.Fatal(err)
	}
	for _, phone := range all.Phones {
		if phone.Number == h.number {
			return phone
		}
	}
	h.t.Fatalf("there is no phone %s", h.number)
	return simulator.PhoneView{}
}

// look returns the phone as it is.
func (h handset) look() simulator.PhoneView {
	h.t.Helper()
	_, answer := send(h.t, http.MethodGet, h.base+"/sim/state", "", "")
	return h.in(answer)
}

// dial dials the service, answers screen by screen, and returns the last one.
func (h handset) dial(answers ...string) string {
	h.t.Helper()
	screen := h.act("dial", map[string]string{"code": serviceCode}).USSD.Screen
	for _, answer := range answers {
		screen = h.answer(answer)
	}
	return screen
}

func (h handset) answer(text string) string {
	h.t.Helper()
	return h.act("answer", map[string]string{"text": text}).USSD.Screen
}

func (h handset) text(words string) {
	h.t.Helper()
	h.act("sms", map[string]string{"text": words})
}

// enterPIN waits for the M-Pesa prompt and answers it.
func (h handset) enterPIN(pin string) {
	h.t.Helper()
	testkit.Eventually(h.t, "M-Pesa prompt", func() bool { return h.look().Prompt != nil })
	h.act("prompt", map[string]string{"pin": pin})
}

// receives waits for a text that contains all words, and returns it.
func (h handset) receives(words ...string) string {
	h.t.Helper()
	var found string
	testkit.Eventually(h.t, "a text with "+strings.Join(words, ", "), func() bool {
		for _, message := range h.look().Inbox {
			if !message.Out && containsAll(message.Text, words) {
				found = message.Text
				return true
			}
		}
		return false
	})
	return found
}

func containsAll(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// wantScreen fails the test unless the screen shows all words.
func wantScreen(t *testing.T, screen string, words ...string) {
	t.Helper()
	if !containsAll(screen, words) {
		t.Fatalf("the screen shows\n%s\nwant it to show %q", screen, words)
	}
}

// send makes one request and returns the status and the body.
func send(t *testing.T, method, address, contentType, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(text)
}

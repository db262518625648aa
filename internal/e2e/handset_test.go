package e2e_test

import (
	"encoding/json"
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
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	reply := send(h.t, http.MethodPost, pathOf(h.base, h.number, act), "application/json", string(text))
	if reply.Status != http.StatusOK {
		h.t.Fatalf("%s: %d %s", act, reply.Status, reply.Body)
	}
	return h.in(reply.Body)
}

// pathOf is where the simulator lets a phone act.
func pathOf(base, number, act string) string {
	return base + "/sim/phones/" + url.PathEscape(number) + "/" + act
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
	return h.in(send(h.t, http.MethodGet, h.base+"/sim/state", "", "").Body)
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

// isPrompted waits for the M-Pesa prompt.
func (h handset) isPrompted() {
	h.t.Helper()
	testkit.Eventually(h.t, "M-Pesa prompt", func() bool { return h.look().Prompt != nil })
}

// enterPIN waits for the M-Pesa prompt and answers it.
func (h handset) enterPIN(pin string) {
	h.t.Helper()
	h.isPrompted()
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

// send makes one request over the network and returns the answer.
func send(t *testing.T, method, address, contentType, body string) testkit.Reply {
	t.Helper()
	return testkit.Send(t, http.DefaultClient.Do, method, address, contentType, body)
}

package simulator

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func dialling() fields { return fields{"code": "*384*12345#"} }

func TestDroppedCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON Menu" })
	if status, _ := w.try(buyer, "drop", fields{}); status != http.StatusConflict {
		t.Errorf("without a call: %d", status)
	}
	w.do(buyer, "dial", dialling())
	dropped := phoneIn(t, w.do(buyer, "drop", fields{}), buyer)
	same2(t, "screen", dropped.USSD.Screen, screenFailed)
	same2(t, "open", dropped.USSD.Open, false)
	same2(t, "end", formOf(t, w.gateway.wait(t, "/at/s3cr3t/ussd/events", 1)[0].body).Get("status"), "Incomplete")
	same2(t, "redial", phoneIn(t, w.do(buyer, "dial", dialling()), buyer).USSD.Screen, "Menu")
}

// The call drops between the gateway's hearing the answer and the caller's
// seeing the screen; the next call goes through.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON Menu" })
	w.do(buyer, "dial", dialling())
	w.do(buyer, "network", fields{"loseAnswer": true})
	lost := phoneIn(t, w.do(buyer, "answer", fields{"text": "1"}), buyer)
	same2(t, "screen", lost.USSD.Screen, screenFailed)
	same2(t, "ended", lost.USSD.Ended, true)
	same2(t, "armed", lost.Network.LoseAnswer, false)
	hops := w.gateway.at("/at/s3cr3t/ussd")
	same2(t, "heard", formOf(t, hops[len(hops)-1].body).Get("text"), "1")
	event := formOf(t, w.gateway.wait(t, "/at/s3cr3t/ussd/events", 1)[0].body)
	same2(t, "end", event.Get("status"), "Incomplete")
	same2(t, "redial", phoneIn(t, w.do(buyer, "dial", dialling()), buyer).USSD.Screen, "Menu")
}

func TestRepeatedHop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON Menu" })
	w.gateway.head(func(_ hit, header http.Header) { header.Set(hopHeader, "menu") })
	if status, _ := w.try(buyer, "repeat", fields{"what": "hop"}); status != http.StatusConflict {
		t.Errorf("without a call: %d", status)
	}
	if status, _ := w.try(buyer, "repeat", fields{"what": "luck"}); status != http.StatusBadRequest {
		t.Errorf("of something else: %d", status)
	}
	w.do(buyer, "dial", dialling())
	w.do(buyer, "answer", fields{"text": "2"})
	w.do(buyer, "repeat", fields{"what": "hop"})
	hops := w.gateway.wait(t, "/at/s3cr3t/ussd", 3)
	same2(t, "repeated", hops[2].body, hops[1].body)
	same2(t, "label", hops[2].header.Get(hopHeader), hops[1].header.Get(hopHeader))
	w.tells("Screen 2 again: the same answer")
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON Something else" })
	same2(t, "another answer is shown",
		phoneIn(t, w.do(buyer, "repeat", fields{"what": "hop"}), buyer).USSD.Screen, "Something else")
	w.tells("Screen 2 again: ANOTHER answer")
}

// A slow network shows that it waits, and the screen that comes in the end.
func TestSlowNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON Menu" })
	w.do(buyer, "network", fields{"slowSeconds": 1})
	start, seen := time.Now(), make(chan error, 1)
	go func() {
		_, err := w.fetch(http.MethodPost, "/sim/phones/"+buyer+"/dial", "application/json", encode(t, dialling()))
		seen <- err
	}()
	eventually(t, "the phone to wait", func() bool { return w.phone(buyer).USSD.Busy })
	must(t, <-seen)
	at := w.phone(buyer)
	same2(t, "screen", at.USSD.Screen, "Menu")
	same2(t, "busy", at.USSD.Busy, false)
	if took := time.Since(start); took < time.Second {
		t.Errorf("a hop of a second took %s", took)
	}
}

// From the operator's limit on, the gateway has answered and nobody sees it.
func TestNetworkSlowerThanTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.hopLimit = 300 * time.Millisecond
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON Menu" })
	w.do(buyer, "network", fields{"slowSeconds": 2})
	over := phoneIn(t, w.do(buyer, "dial", dialling()), buyer)
	same2(t, "screen", over.USSD.Screen, screenFailed)
	event := formOf(t, w.gateway.wait(t, "/at/s3cr3t/ussd/events", 1)[0].body)
	same2(t, "end", event.Get("status"), "Failed")
	if !strings.Contains(event.Get("errorMessage"), "timeout") {
		t.Errorf("the end says %q", event.Get("errorMessage"))
	}
}

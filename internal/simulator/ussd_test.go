package simulator

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	pathUSSD   = "/at/s3cr3t/ussd"
	pathEvents = "/at/s3cr3t/ussd/events"
	code       = "*384*12345#"
)

// TestHopsOnTheWire compares a session with the captured form: five fields, in
// this order, 130 bytes on the first hop, answers joined by %2A.
func TestHopsOnTheWire(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	screens := []string{"CON Welcome\n1. Continue", "CON Amount?", "CON Again?", "END Done."}
	w.gateway.reply(func(h hit) (int, string) {
		if h.path != pathUSSD {
			return http.StatusOK, "OK"
		}
		return http.StatusOK, screens[len(w.gateway.at(pathUSSD))-1]
	})
	st := w.do(buyer, "dial", fields{"code": code})
	same2(t, "screen", phoneIn(t, st, buyer).USSD, USSDView{Open: true, Screen: "Welcome\n1. Continue"})
	same2(t, "told", st.Wire[len(st.Wire)-1].Summary, "Welcome")
	clk.advance(time.Second)
	for _, answer := range []string{"1", "3*5", ""} {
		st = w.do(buyer, "answer", fields{"text": answer})
	}
	same2(t, "end", phoneIn(t, st, buyer).USSD, USSDView{Screen: "Done.", Ended: true})

	hops := w.gateway.at(pathUSSD)
	form := regexp.MustCompile(`^phoneNumber=%2B254722000000&serviceCode=%2A384%2A12345%23&text=([^&]*)` +
		`&sessionId=(ATUid_[0-9a-f]{32})&networkCode=99999$`)
	same2(t, "length", len(hops[0].body), 130)
	session := form.FindStringSubmatch(hops[0].body)[2]
	for i, text := range []string{"", "1", "1%2A3%2A5", "1%2A3%2A5%2A"} {
		m := form.FindStringSubmatch(hops[i].body)
		if len(m) != 3 || m[1] != text || m[2] != session {
			t.Errorf("hop %d: %s", i+1, hops[i].body)
		}
		same2(t, "agent", hops[i].header.Get("User-Agent"), "at-ussd-api/1.0")
		same2(t, "content type", hops[i].header.Get("Content-Type"), "application/x-www-form-urlencoded")
		same2(t, "encoding", hops[i].header.Get("Accept-Encoding"), "gzip")
	}
	clk.advance(time.Second)
	event := w.gateway.wait(t, pathEvents, 1)[0].body
	same2(t, "event", event, "durationInMillis=1000&phoneNumber=%2B254722000000&errorMessage=&serviceCode=%2A384%2A12345%23"+
		"&lastAppResponse=END+Done.&hopsMetadata=&hopsCount=4&status=Success&sessionId="+session+
		"&cost=0.00&date=2026-11-23+12%3A30%3A01&networkCode=99999&input=1%2A3%2A5%2A")
	status, _ := w.try(buyer, "answer", fields{"text": "1"})
	same2(t, "answer after the end", status, http.StatusConflict)
}

// TestBadReplies are the replies for which the sandbox ends a session.
func TestBadReplies(t *testing.T) {
	t.Parallel()
	const prefix = "Response should start with a CON or an END"
	cases := map[string]struct {
		status  int
		body    string
		problem string
	}{
		"empty":         {200, "", prefix},
		"space first":   {200, " CON x", prefix},
		"line first":    {200, "\nCON x", prefix},
		"quoted":        {200, `"CON x"`, prefix},
		"json":          {200, `{"response":"CON x"}`, prefix},
		"no prefix":     {200, "Continue", prefix},
		"html":          {200, "<html>", prefix},
		"bom":           {200, "\ufeffCON x", prefix},
		"no space":      {200, "CONx", prefix},
		"lower case":    {200, "con x", prefix},
		"line as space": {200, "CON\nx", prefix},
		"server error":  {500, "CON x", "Received unexpected response code: 500 <none>"},
		"redirect":      {302, "CON x", "Received unexpected response code: 302 <none>"},
		"not found":     {404, "", "Received unexpected response code: 404 <none>"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.gateway.reply(func(h hit) (int, string) {
				if h.path == pathUSSD {
					return c.status, c.body
				}
				return http.StatusOK, "OK"
			})
			st := w.do(buyer, "dial", fields{"code": code})
			same2(t, "screen", phoneIn(t, st, buyer).USSD, USSDView{Screen: screenFailed, Ended: true, Lost: true})
			event := formOf(t, w.gateway.wait(t, pathEvents, 1)[0].body)
			same2(t, "status", event.Get("status"), "Failed")
			same2(t, "problem", event.Get("errorMessage"), c.problem)
			same2(t, "last answer", event.Get("lastAppResponse"), c.body)
		})
	}
}

func TestSilentGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same2(t, "limit", w.sim.hopLimit, 10*time.Second)
	w.sim.hopLimit = 20 * time.Millisecond
	w.gateway.hold(t, pathUSSD)
	st := w.do(buyer, "dial", fields{"code": code})
	same2(t, "screen", phoneIn(t, st, buyer).USSD.Screen, screenFailed)
	event := formOf(t, w.gateway.wait(t, pathEvents, 1)[0].body)
	same2(t, "status", event.Get("status"), "Failed")
	if problem := event.Get("errorMessage"); problem == "" || strings.Contains(problem, "s3cr3t") {
		t.Errorf("problem %q", problem)
	}
}

func TestHopMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	labels := []string{"home", "", strings.Repeat("x", 100), "a|b", "pay"}
	w.gateway.head(func(h hit, header http.Header) {
		if h.path == pathUSSD {
			header.Set(hopHeader, labels[len(w.gateway.at(pathUSSD))-1])
		}
	})
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON x" })
	w.do(buyer, "dial", fields{"code": code})
	same2(t, "label", w.phone(buyer).USSD.Label, "home")
	for range 4 {
		w.do(buyer, "answer", fields{"text": "1"})
	}
	w.do(buyer, "hangup", fields{})
	for i, want := range []string{"", "home", "", "", ""} {
		same2(t, "echo", w.gateway.at(pathUSSD)[i].header.Get(hopHeader), want)
	}
	event := formOf(t, w.gateway.wait(t, pathEvents, 1)[0].body)
	same2(t, "labels", event.Get("hopsMetadata"), "home|pay")
	same2(t, "status", event.Get("status"), "Incomplete")
	same2(t, "hops", event.Get("hopsCount"), "5")
}

func TestDialling(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code, text string
		reaches    bool
	}{
		"the code":      {code, "", true},
		"a contract":    {"*384*12345*1234#", "1234", true},
		"a deep choice": {"*384*12345*1*2#", "1*2", true},
		"another code":  {"*100#", "", false},
		"half a code":   {"*384*12345", "", false},
		"a longer code": {"*384*123456#", "", false},
		"nothing deep":  {"*384*12345*#", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON x" })
			st := w.do(buyer, "dial", fields{"code": c.code})
			hops := w.gateway.at(pathUSSD)
			if !c.reaches {
				same2(t, "hops", len(hops), 0)
				same2(t, "screen", phoneIn(t, st, buyer).USSD.Screen, screenFailed)
				return
			}
			form := formOf(t, hops[0].body)
			same2(t, "text", form.Get("text"), c.text)
			same2(t, "code", form.Get("serviceCode"), code)
		})
	}
}

func TestHangUpAndRedial(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON x" })
	w.do(buyer, "dial", fields{"code": code})
	w.do(buyer, "dial", fields{"code": code})
	w.do(buyer, "answer", fields{"text": "7"})
	st := w.do(buyer, "hangup", fields{})
	same2(t, "screen", phoneIn(t, st, buyer).USSD, USSDView{})
	w.do(buyer, "hangup", fields{}) // an idle phone's red key
	events := w.gateway.wait(t, pathEvents, 2)
	hops := w.gateway.at(pathUSSD)
	first, second := formOf(t, hops[0].body).Get("sessionId"), formOf(t, hops[1].body).Get("sessionId")
	if first == second {
		t.Error("a new dial kept the session")
	}
	same2(t, "new text", formOf(t, hops[1].body).Get("text"), "")
	seen := map[string]string{}
	for _, e := range events {
		form := formOf(t, e.body)
		same2(t, "status", form.Get("status"), "Incomplete")
		seen[form.Get("sessionId")] = form.Get("input")
	}
	same2(t, "first input", seen[first], "")
	same2(t, "second input", seen[second], "7")
	same2(t, "events", len(w.gateway.at(pathEvents)), 2)
}

// TestHangUpWhileWaiting drops the line while the gateway thinks: its answer
// reaches nobody, and the phone is free at once.
func TestHangUpWhileWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.hopLimit = patience // however slow the machine
	release := w.gateway.hold(t, pathUSSD)
	dialled := make(chan reply, 1)
	go func() {
		r, _ := w.fetch(http.MethodPost, "/sim/phones/"+buyer+"/dial", "application/json", `{"code":"`+code+`"}`)
		dialled <- r
	}()
	w.gateway.wait(t, pathUSSD, 1)
	status, body := w.try(buyer, "dial", fields{"code": code})
	same2(t, "second dial", status, http.StatusConflict)
	same2(t, "words", body, `{"error":"The phone is waiting for the network."}`)
	status, _ = w.try(buyer, "answer", fields{"text": "1"})
	same2(t, "answer", status, http.StatusConflict)
	w.do(buyer, "hangup", fields{})
	release()
	same2(t, "dial", (<-dialled).status, http.StatusOK)
	same2(t, "screen", w.phone(buyer).USSD, USSDView{})
	event := formOf(t, w.gateway.wait(t, pathEvents, 1)[0].body)
	same2(t, "status", event.Get("status"), "Incomplete")
	same2(t, "last answer", event.Get("lastAppResponse"), "")
	w.turn()
	same2(t, "events", len(w.gateway.at(pathEvents)), 1)
}

func TestSessionRunsOut(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON x" })
	w.do(buyer, "dial", fields{"code": code})
	clk.advance(ussdSessionLimit)
	w.turn()
	same2(t, "at the limit", w.phone(buyer).USSD.Open, true)
	clk.advance(time.Microsecond)
	eventually(t, "the session to end", func() bool { return w.phone(buyer).USSD.Ended })
	same2(t, "screen", w.phone(buyer).USSD.Screen, screenExpired)
	clk.advance(time.Second)
	event := formOf(t, w.gateway.wait(t, pathEvents, 1)[0].body)
	same2(t, "status", event.Get("status"), "Incomplete")
	same2(t, "duration", event.Get("durationInMillis"), "180000")
}

func TestAnswerLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON x" })
	status, _ := w.try(buyer, "answer", fields{"text": "1"})
	same2(t, "without a session", status, http.StatusConflict)
	w.do(buyer, "dial", fields{"code": code})
	status, _ = w.try(buyer, "answer", fields{"text": strings.Repeat("é", 91)})
	same2(t, "too long", status, http.StatusBadRequest)
	w.do(buyer, "answer", fields{"text": strings.Repeat("é", 90)})
	same2(t, "text", formOf(t, w.gateway.at(pathUSSD)[1].body).Get("text"), strings.Repeat("é", 90))
}

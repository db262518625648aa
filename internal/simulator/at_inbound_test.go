package simulator

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

const pathSMS = "/at/s3cr3t/sms"

func TestInboundText(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	w.do(seller, "sms", fields{"text": "CONFIRM 1234 & thanks"})
	got := w.gateway.wait(t, pathSMS, 1)[0]
	same2(t, "content type", got.header.Get("Content-Type"), "application/x-www-form-urlencoded")
	same2(t, "agent", got.header.Get("User-Agent"), "")
	want := `^linkId=&text=CONFIRM\+1234\+%26\+thanks&to=40404&id=ATXid_[0-9a-f]{32}` +
		`&date=2026-11-23T12%3A30%3A00Z&from=%2B254733111222&networkCode=99999$`
	if !regexp.MustCompile(want).MatchString(got.body) {
		t.Errorf("form %s", got.body)
	}
	eventually(t, "the text to be sent", func() bool { return w.phone(seller).Inbox[0].Status == statusSent })
	same2(t, "own text", w.phone(seller).Inbox[0].Out, true)
}

// TestInboundRetries has the gateway fail: the same bytes come once a minute.
func TestInboundRetries(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"created": 201, "not found": 404, "down": 503} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clk := newClock()
			w := newWorld(t, func(c *Config) { c.Now = clk.now })
			w.gateway.reply(func(hit) (int, string) { return status, "" })
			w.do(buyer, "sms", fields{"text": "HELP"})
			w.gateway.wait(t, pathSMS, 1)
			w.waitForAttempts(1)
			clk.advance(59 * time.Second)
			w.turn()
			same2(t, "calls before the minute", len(w.gateway.at(pathSMS)), 1)
			clk.advance(time.Second)
			w.gateway.wait(t, pathSMS, 2)
			w.waitForAttempts(2)
			same2(t, "state", w.phone(buyer).Inbox[0].Status, statusSending)

			w.gateway.reply(nil)
			clk.advance(time.Minute)
			hits := w.gateway.wait(t, pathSMS, 3)
			same2(t, "repeated bytes", hits[2].body, hits[0].body)
			eventually(t, "the text to be sent", func() bool { return w.phone(buyer).Inbox[0].Status == statusSent })
			clk.advance(time.Hour)
			w.turn()
			same2(t, "calls after the 200", len(w.gateway.at(pathSMS)), 3)
		})
	}
}

// waitForAttempts waits until a callback was put off that many times.
func (w *world) waitForAttempts(n int) {
	w.t.Helper()
	eventually(w.t, "the next attempt to be planned", func() bool {
		var attempts int
		err := w.sim.db.GetContext(w.t.Context(), &attempts, `SELECT coalesce(max(attempts), 0) FROM callbacks`)
		return err == nil && attempts >= n
	})
}

// turn waits until the simulator has looked at its due work once more, so that
// what did not happen by then does not happen at this time.
func (w *world) turn() {
	w.t.Helper()
	const marker = "turn"
	before := len(w.gateway.at("/" + marker))
	// A callback due now is delivered only after everything due before it was
	// looked at.
	_, err := w.sim.db.ExecContext(w.t.Context(),
		`INSERT INTO callbacks (kind, who, url, body, ref, summary, created_at, due_at) VALUES ($1, '', $2, X'', $3, '', $4, $4)`,
		kindDLR, w.gateway.URL+"/"+marker, marker, micros(w.sim.now()))
	must(w.t, err)
	w.sim.out.nudge()
	eventually(w.t, "a turn", func() bool {
		w.sim.out.mu.Lock()
		defer w.sim.out.mu.Unlock()
		return len(w.gateway.at("/"+marker)) > before && len(w.sim.out.busy) == 0
	})
}

func TestInboundGivesUp(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	w.gateway.reply(func(hit) (int, string) { return http.StatusInternalServerError, "" })
	w.do(buyer, "sms", fields{"text": "HELP"})
	w.gateway.wait(t, pathSMS, 1)
	w.waitForAttempts(1)
	clk.advance(smsGiveUp)
	w.gateway.wait(t, pathSMS, 2)
	eventually(t, "the text to fail", func() bool { return w.phone(buyer).Inbox[0].Status == statusFailed })
	clk.advance(time.Hour)
	w.turn()
	same2(t, "calls", len(w.gateway.at(pathSMS)), 2)
}

func TestTextLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.try(buyer, "sms", fields{"text": strings.Repeat("a", maxTextLength+1)})
	same2(t, "status", status, http.StatusBadRequest)
	same2(t, "words", body, `{"error":"That message is too long for this phone."}`)
	w.do(buyer, "sms", fields{"text": ""}) // a feature phone sends empty texts too
	same2(t, "empty", formOf(t, w.gateway.wait(t, pathSMS, 1)[0].body).Get("text"), "")
}

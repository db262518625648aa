package simulator

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func faulty(f Faults) func(*Config) { return func(c *Config) { c.Faults = f } }

func TestDropSTKCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{DropSTKCallback: true}))
	id := w.push("100")
	w.do(buyer, "prompt", fields{"pin": "1234"})
	same2(t, "query", w.query(id)["ResultCode"], any("0"))
	same2(t, "collected", w.adds().UtilityCents, 100_00)
	w.turn()
	same2(t, "callbacks", len(w.gateway.at("/cb/s/1")), 0)

	w.sim.SetFaults(Faults{})
	same2(t, "knobs", w.sim.CurrentFaults(), Faults{})
	w.fund("100")
	w.gateway.wait(t, "/cb/s/1", 1)
}

func TestDuplicateCallbacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{DuplicateSTKCallback: 2, DuplicateB2CResult: 1}))
	w.fund("500")
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	for path, copies := range map[string]int{"/cb/s/1": 3, "/cb/r/1": 2} {
		hits := w.gateway.wait(t, path, copies)
		for _, h := range hits {
			same2(t, path, h.body, hits[0].body)
		}
	}
	w.turn()
	same2(t, "payments", len(w.gateway.at("/cb/s/1")), 3)
	same2(t, "payouts", len(w.gateway.at("/cb/r/1")), 2)
	same2(t, "moved once", w.adds().UtilityCents, 400_00)
}

func TestDropSTKResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{DropSTKResponse: true}))
	w.query("x") // buys the token
	r, err := w.fetch(http.MethodPost, "/sim/daraja"+pathSTK, "application/json", encode(t, w.stkFields("100")),
		"Authorization", "Bearer "+w.token)
	if err == nil {
		t.Fatalf("answered %d %s", r.status, r.body)
	}
	w.do(buyer, "prompt", fields{"pin": "1234"})
	w.gateway.wait(t, "/cb/s/1", 1)
	same2(t, "collected", w.adds().UtilityCents, 100_00)
	for _, e := range w.state().Wire {
		if e.Kind == kindSTKPush {
			same2(t, "wire status", e.Status, 0)
		}
	}
}

func TestDropB2CResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{DropB2CResult: true}))
	w.fund("500")
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	_, facts := w.statusOf("OriginalConversationID", "id-1")
	same2(t, "status", facts["TransactionStatus"], any("Completed"))
	same2(t, "results", len(w.gateway.at("/cb/r/1")), 0)
	same2(t, "paid", w.adds().Wallets[seller], 1_100_00)
}

// TestB2CTimeoutInstead is the trap: the money moved, and the only callback is
// the one that sounds as if it had not.
func TestB2CTimeoutInstead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{B2CTimeoutInstead: true}))
	w.fund("500")
	request := w.b2cFields("id-1", "100")
	w.post(pathB2C, request)
	got := w.gateway.wait(t, "/cb/t/1", 1)[0]
	same2(t, "echo of the request", got.body, encode(t, request))
	w.turn()
	same2(t, "results", len(w.gateway.at("/cb/r/1")), 0)
	same2(t, "paid", w.adds().Wallets[seller], 1_100_00)
}

func TestSMSStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{SMSStatus: http.StatusTooManyRequests}))
	same2(t, "status", w.sms("atsk_test").status, http.StatusTooManyRequests)
	same2(t, "texts", len(w.phone(buyer).Inbox), 0)
}

func TestOAuth503HTML(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{OAuth503HTML: true}))
	status, body, header := w.call(http.MethodGet, "/sim/daraja/oauth/v1/generate?grant_type=client_credentials", "", "")
	same2(t, "status", status, http.StatusServiceUnavailable)
	same2(t, "content type", header.Get("Content-Type"), "text/html; charset=utf-8")
	if !strings.Contains(body, "Incapsula incident ID") {
		t.Error(body)
	}
}

// TestCallbackBeforeResponse has the callbacks arrive while the gateway still
// waits for the answers to its calls.
func TestCallbackBeforeResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund("500")
	w.gateway.wait(t, "/cb/s/1", 1)
	w.sim.SetFaults(Faults{CallbackBeforeResponse: true})
	status, _ := w.post(pathB2C, w.b2cFields("id-1", "100"))
	same2(t, "payout", status, http.StatusOK)
	same2(t, "results before the answer", len(w.gateway.at("/cb/r/1")), 1)

	answered := make(chan reply, 1)
	go func() {
		r, _ := w.fetch(http.MethodPost, "/sim/daraja"+pathSTK, "application/json", encode(t, w.stkFields("100")),
			"Authorization", "Bearer "+w.token)
		answered <- r
	}()
	eventually(t, "the prompt", func() bool { return w.phone(buyer).Prompt != nil })
	select {
	case r := <-answered:
		t.Fatalf("answered %d before the person did", r.status)
	default:
	}
	w.do(buyer, "prompt", fields{"pin": "1234"})
	same2(t, "push", (<-answered).status, http.StatusOK)
	same2(t, "callbacks before the answer", len(w.gateway.at("/cb/s/1")), 2)
}

func TestSlowCallbacksDoNotQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.hold(t, "/cb/s/1")
	w.fund("100")
	w.gateway.wait(t, "/cb/s/1", 1)
	w.do(seller, "sms", fields{"text": "HELP"})
	w.gateway.wait(t, pathSMS, 1)
}

func TestCallbackDelay(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now, c.CallbackDelay = clk.now, time.Hour })
	w.fund("100")
	clk.advance(time.Hour - time.Microsecond)
	w.turn()
	same2(t, "too early", len(w.gateway.at("/cb/s/1")), 0)
	clk.advance(time.Microsecond)
	w.gateway.wait(t, "/cb/s/1", 1)
}

package simulator

import (
	"net/http"
	"testing"
	"time"
)

// queried is the whole answer to a query.
func (w *world) queried(id string) (int, map[string]any) {
	w.t.Helper()
	stk := w.stkFields("1")
	return w.post(pathQuery, fields{
		"BusinessShortCode": stk["BusinessShortCode"], "Password": stk["Password"],
		"Timestamp": stk["Timestamp"], "CheckoutRequestID": id,
	})
}

// TestQueryInFlight has the four answers that an open prompt was seen to get.
func TestQueryInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.push("100")
	for variant, want := range map[string]struct {
		status     int
		code, text any
	}{
		"":  {http.StatusOK, nil, nil},
		"A": {http.StatusOK, nil, nil},
		"B": {http.StatusInternalServerError, "500.001.1001", "The transaction is being processed"},
		"C": {http.StatusOK, "500.001.1001", ""},
		"D": {http.StatusBadRequest, "400.002.02", "Bad Request - Invalid CheckoutRequestID"},
	} {
		w.sim.SetFaults(Faults{InFlight: variant})
		status, answer := w.queried(id)
		same2(t, variant+" status", status, want.status)
		same2(t, variant+" code", answer["errorCode"], want.code)
		same2(t, variant+" text", answer["errorMessage"], want.text)
		if want.code == nil {
			same2(t, variant, answer["ResultCode"], any("4999"))
		}
	}
	w.do(buyer, "prompt", fields{"pin": "1234"})
	same2(t, "afterwards", w.query(id)["ResultCode"], any("0"))
}

// TestQueryContradicts has a query deny what the callback says: before and after.
func TestQueryContradicts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{QueryDeniesOpen: true}))
	id := w.push("100")
	same2(t, "open", w.query(id)["ResultCode"], any("1037"))
	w.do(buyer, "prompt", fields{"pin": "1234"})
	got := decode[stkCallback](t, w.gateway.wait(t, "/cb/s/1", 1)[0].body).Body.STKCallback
	same2(t, "callback", got.ResultCode, resultDone)
	same2(t, "query", w.query(id)["ResultCode"], any("0"))
	w.sim.SetFaults(Faults{QueryDeniesPaid: true})
	same2(t, "paid", w.query(id)["ResultCode"], any("1037"))
	same2(t, "collected", w.adds().UtilityCents, 100_00)
}

func TestQueryLimit(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, faulty(Faults{QueryLimit: true}), func(c *Config) { c.Now = clk.now })
	id := w.push("100")
	same2(t, "first", w.query(id)["ResultCode"], any("4999"))
	clk.advance(12*time.Second - time.Microsecond)
	status, answer := w.queried(id)
	same2(t, "too soon", status, http.StatusTooManyRequests)
	same2(t, "body", encode(t, answer), `{"fault":{"detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"},`+
		`"faultstring":"Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5, `+
		`periodInMicroseconds=60000000, maxBurstMessageCount=1.0}"}}`)
	clk.advance(time.Microsecond)
	same2(t, "in time", w.query(id)["ResultCode"], any("4999"))
}

// TestQueryNoise says the same of every state, in about its share of the cases.
func TestQueryNoise(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{QueryNoisePercent: 50}), func(c *Config) { c.Seed = 7 })
	id, noise := w.push("100"), 0
	const asked = 60
	for range asked {
		if status, answer := w.queried(id); status != http.StatusOK {
			same2(t, "code", answer["errorCode"], any("500.001.1001"))
			noise++
		}
	}
	if noise < asked/4 || noise > asked*3/4 {
		t.Errorf("%d of %d", noise, asked)
	}
}

func TestPromptFaults(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, faulty(Faults{PromptSeconds: 20, PromptExpires: true}), func(c *Config) { c.Now = clk.now })
	id := w.push("100")
	clk.advance(20*time.Second - time.Microsecond)
	if w.phone(buyer).Prompt == nil {
		t.Fatal("the prompt went too early")
	}
	clk.advance(time.Microsecond)
	eventually(t, "expiry", func() bool { clk.advance(time.Millisecond); return len(w.gateway.at("/cb/s/1")) == 1 })
	assertFailure(t, w, id, "1019")
}

func TestLockByResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{LockByResult: true}))
	first := w.push("100")
	second := w.push("200")
	got := decode[stkCallback](t, w.gateway.wait(t, "/cb/s/1", 1)[0].body).Body.STKCallback
	same2(t, "id", got.CheckoutRequestID, second)
	same2(t, "code", got.ResultCode, resultLock)
	same2(t, "the first", w.phone(buyer).Prompt.ID, first)
	same2(t, "query", w.query(second)["ResultCode"], any("1001"))
}

func TestSameAmountRule(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, faulty(Faults{SameAmountRule: true}), func(c *Config) { c.Now = clk.now })
	w.fund("100")
	same2(t, "at once", w.query(w.push("100"))["ResultCode"], any("17"))
	same2(t, "another amount", w.query(w.push("101"))["ResultCode"], any("4999"))
	w.do(buyer, "prompt", fields{"cancel": true})
	clk.advance(2 * time.Minute)
	same2(t, "later", w.query(w.push("100"))["ResultCode"], any("4999"))
}

func TestMaskedPayer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{MaskPayer: true}))
	w.fund("100")
	for _, item := range decode[stkCallback](t, w.gateway.wait(t, "/cb/s/1", 1)[0].body).Body.STKCallback.CallbackMetadata.Item {
		if item.Name == "PhoneNumber" {
			same2(t, "payer", item.Value, any("2547 ***** 000"))
		}
	}
}

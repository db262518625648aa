package simulator

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// sends has the gateway send the buyer a text.
func (w *world) sends(text string) {
	w.t.Helper()
	status, answer, _ := w.call(http.MethodPost, pathMessaging, contentForm,
		string(encodeForm(field{"username", "sandbox"}, field{"to", buyer}, field{"message", text})), "apiKey", "atsk_test")
	if status != http.StatusCreated {
		w.t.Fatalf("send: %d %s", status, answer)
	}
}

// reports lists the states that the gateway was told, in order.
func (w *world) reports(n int) []string {
	w.t.Helper()
	var states []string
	for _, h := range w.gateway.wait(w.t, pathDLR, n) {
		states = append(states, formOf(w.t, h.body).Get("status"))
	}
	return states
}

func texts(p PhoneView) []string {
	var all []string
	for _, m := range p.Inbox {
		all = append(all, m.Text)
	}
	return all
}

func TestPhoneOffKeepsTextsWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(buyer, "network", fields{"off": true})
	w.sends("first")
	w.sends("second")
	same2(t, "inbox while off", len(w.phone(buyer).Inbox), 0)
	same2(t, "waiting", w.phone(buyer).Waiting, 2)
	states := w.reports(4)
	slices.Sort(states)
	if !slices.Equal(states, []string{"Buffered", "Buffered", "Sent", "Sent"}) {
		t.Errorf("the reports say %v", states)
	}
	for act, body := range map[string]fields{
		"dial": {"code": "*384*12345#"}, "answer": {"text": "1"}, "sms": {"text": "HELP"}, "prompt": {"pin": "1234"},
		"paybill": {}, "repeat": {"what": "hop"}, "drop": {}, "language": {"language": "sw"},
	} {
		if status, answer := w.try(buyer, act, body); status != http.StatusConflict || !strings.Contains(answer, "The phone is off") {
			t.Errorf("%s on a phone that is off: %d %s", act, status, answer)
		}
	}

	on := phoneIn(t, w.do(buyer, "network", fields{"off": false}), buyer)
	if got := texts(on); !slices.Equal(got, []string{"first", "second"}) || on.Waiting != 0 {
		t.Errorf("once on, the phone has %q and %d waiting", got, on.Waiting)
	}
	if got := w.reports(6)[4:]; !slices.Equal(got, []string{"Success", "Success"}) {
		t.Errorf("once on, the reports say %v", got)
	}
}

// A request for a PIN fails with 1037 whether the phone was off before or goes
// off while it shows; M-PESA's own text about money waits with the others.
func TestPhoneOffFailsPrompts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.push("3500")
	w.do(buyer, "network", fields{"off": true})
	if p := w.phone(buyer).Prompt; p != nil {
		t.Errorf("a phone that is off shows %v", p)
	}
	w.push("100")
	for _, h := range w.gateway.wait(t, "/cb/s/1", 2) {
		if got := decode[stkCallback](t, h.body).Body.STKCallback; got.ResultCode != resultUnreachable {
			t.Errorf("the callback says %s %s", got.ResultCode, got.ResultDesc)
		}
	}
	w.do(buyer, "network", fields{"off": false})
	same2(t, "wallet", w.adds().Wallets[buyer], 50_000_00)
}

func TestPhoneOffEndsItsCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON Menu" })
	w.do(buyer, "dial", fields{"code": "*384*12345#"})
	off := phoneIn(t, w.do(buyer, "network", fields{"off": true}), buyer)
	same2(t, "call", off.USSD, USSDView{})
	same2(t, "end", formOf(t, w.gateway.wait(t, "/at/s3cr3t/ussd/events", 1)[0].body).Get("status"), "Incomplete")
}

func TestLateTexts(t *testing.T) {
	t.Parallel()
	now := newClock()
	w := newWorld(t, func(c *Config) { c.Now = now.now })
	w.do(buyer, "network", fields{"lateSeconds": 30})
	w.sends("late")
	w.do(buyer, "sms", fields{"text": "CONFIRM 1234"})
	same2(t, "waiting", w.phone(buyer).Waiting, 1)
	w.do(buyer, "network", fields{"lateSeconds": 0})
	w.sends("in time")
	if got := texts(w.phone(buyer)); !slices.Equal(got, []string{"CONFIRM 1234", "in time"}) {
		t.Errorf("before its time the phone shows %q", got)
	}
	same2(t, "texts that reached the gateway", len(w.gateway.at("/at/s3cr3t/sms")), 0)
	now.advance(31 * time.Second)
	eventually(t, "the late text, behind the others", func() bool {
		return slices.Equal(texts(w.phone(buyer)), []string{"CONFIRM 1234", "in time", "late"})
	})
	w.gateway.wait(t, "/at/s3cr3t/sms", 1)
}

// A late text whose phone has gone off meanwhile waits on.
func TestLateTextToAPhoneThatIsOff(t *testing.T) {
	t.Parallel()
	now := newClock()
	w := newWorld(t, func(c *Config) { c.Now = now.now })
	w.do(buyer, "network", fields{"lateSeconds": 5})
	w.sends("late")
	w.do(buyer, "network", fields{"off": true})
	now.advance(6 * time.Second)
	if got := w.reports(1); !slices.Equal(got, []string{"Sent"}) {
		t.Fatalf("the reports say %v", got)
	}
	now.advance(time.Second)
	if got := w.reports(2); !slices.Equal(got, []string{"Sent", "Buffered"}) {
		t.Errorf("the reports say %v", got)
	}
	same2(t, "inbox", len(w.phone(buyer).Inbox), 0)
	same2(t, "once on", len(phoneIn(t, w.do(buyer, "network", fields{"off": false}), buyer).Inbox), 1)
}

func TestTextsTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(buyer, "network", fields{"twice": true})
	w.sends("hello")
	if got := texts(w.phone(buyer)); !slices.Equal(got, []string{"hello", "hello"}) {
		t.Errorf("the phone shows %q", got)
	}
	ids := map[string]int{}
	for _, h := range w.gateway.wait(t, pathDLR, 3) {
		ids[formOf(t, h.body).Get("id")]++
	}
	same2(t, "ids in the reports", len(ids), 1)
	w.do(buyer, "sms", fields{"text": "HELP"})
	in := w.gateway.wait(t, "/at/s3cr3t/sms", 2)
	same2(t, "second copy", in[1].body, in[0].body)
	w.fund("10")
	paid := w.gateway.wait(t, "/cb/s/1", 2)
	same2(t, "second callback", paid[1].body, paid[0].body)
}

func TestRepeatedText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if status, _ := w.try(buyer, "repeat", fields{"what": "text"}); status != http.StatusConflict {
		t.Errorf("without a text: %d", status)
	}
	w.do(buyer, "sms", fields{"text": "CONFIRM 1234"})
	w.do(buyer, "repeat", fields{"what": "text"})
	in := w.gateway.wait(t, "/at/s3cr3t/sms", 2)
	same2(t, "repeated", in[1].body, in[0].body)
	same2(t, "shown once", len(w.phone(buyer).Inbox), 1)
}

func TestLanguageOfTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same2(t, "seeded", w.phone(seller).Language, "sw")
	st := w.do(buyer, "language", fields{"language": "sw"})
	same2(t, "kept", phoneIn(t, st, buyer).Language, "sw")
	same2(t, "told", formOf(t, w.gateway.wait(t, "/at/s3cr3t/sms", 1)[0].body).Get("text"), "KISWAHILI")
	if status, _ := w.try(buyer, "language", fields{"language": "fr"}); status != http.StatusBadRequest {
		t.Errorf("French: %d", status)
	}
	status, answer, _ := w.call(http.MethodPost, "/sim/phones", "application/json",
		encode(t, fields{"number": ghost, "name": "Halima", "language": "sw"}))
	same2(t, "new phone", status, http.StatusOK)
	same2(t, "its language", phoneIn(t, decode[State](t, answer), ghost).Language, "sw")
	same2(t, "told too", formOf(t, w.gateway.wait(t, "/at/s3cr3t/sms", 2)[1].body).Get("from"), ghost)
}

func TestNetworkLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, change := range []fields{{"slowSeconds": 31}, {"slowSeconds": -1}, {"lateSeconds": 601}, {"lateSeconds": -1}, {"off": 7}} {
		if status, _ := w.try(buyer, "network", change); status != http.StatusBadRequest {
			t.Errorf("%v: %d", change, status)
		}
	}
	w.do(buyer, "network", fields{"slowSeconds": 3, "twice": true})
	st := w.do(buyer, "network", fields{"lateSeconds": 9})
	same2(t, "network", phoneIn(t, st, buyer).Network, Network{SlowSeconds: 3, LateSeconds: 9, Twice: true})
}

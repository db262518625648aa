package mobilemoney_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// envelope is Daraja's error body.
func envelope(code, message string) string {
	return `{"requestId":"r","errorCode":"` + code + `","errorMessage":"` + message + `"}`
}

const spikeArrest = `{"fault":{"faultstring":"Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5, ` +
	`periodInMicroseconds=60000000, maxBurstMessageCount=1.0}","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}`

const firewall = `<html>Request unsuccessful. Incapsula incident ID: 0-0</html>`

type answerCase struct {
	name   string
	status int
	body   string
	want   escrow.Outcome
	alarm  bool
	after  time.Duration
}

// pushAnswers is vector V4, and more.
func pushAnswers() []answerCase {
	return []answerCase{
		{"accepted", 200, accepted, escrow.Taken, false, 0},
		// What says both may have been taken: sent again, it could ask twice.
		{"accepted and busy", 200, strings.Replace(accepted, "{", `{"errorCode":"500.003.02",`, 1), escrow.Taken, false, 0},
		{"accepted without an id", 200, `{"ResponseCode":0}`, escrow.Taken, false, 0},
		{"bad field", 400, envelope("400.002.02", "Bad Request - Invalid Amount"), escrow.Refused, true, 0},
		{"bad field, capital keys", 400, `{"RequestID":"r","ErrorCode":"400.002.02","ErrorMessage":"Bad"}`, escrow.Refused, true, 0},
		{"passkey", 500, envelope("500.001.1001", "[MerchantValidate] - Wrong credentials"), escrow.Refused, true, 0},
		{"merchant", 500, envelope("500.001.1001", "Merchant does not exist"), escrow.Refused, true, 0},
		{"product", 403, envelope("403.001", "Not subscribed"), escrow.Refused, true, 0},
		{"path", 404, envelope("404.001.01", "Resource not found"), escrow.Refused, true, 0},
		{"verb", 405, envelope("405.001", "Method Not Allowed"), escrow.Refused, true, 0},
		{
			"other session", 500, envelope("500.001.1001", "Unable to lock subscriber, a transaction is already in process for the current subscriber"),
			escrow.NotSent, false, time.Minute,
		},
		{"busy", 500, envelope("500.003.02", "System is busy. Please try again in few minutes."), escrow.NotSent, false, time.Second},
		{"quota", 500, envelope("500.003.03", "Error Occurred: Quota Violation"), escrow.NotSent, false, time.Minute},
		{"spike arrest", 429, spikeArrest, escrow.NotSent, false, time.Second},
		{"spike arrest as 500", 500, spikeArrest, escrow.NotSent, false, time.Second},
		{"trouble", 500, envelope("500.003.1001", "Internal Server Error"), escrow.Unknown, false, 0},
		{"one code for all", 500, envelope("500.001.1001", ""), escrow.Unknown, false, 0},
		{"error inside 200", 200, envelope("500.001.1001", ""), escrow.Unknown, false, 0},
		{"firewall", 503, firewall, escrow.Unknown, false, 0},
		{"firewall forbids", 403, firewall, escrow.Unknown, false, 0},
		{"nothing", 200, "", escrow.Unknown, false, 0},
		{"empty object", 200, "{}", escrow.Unknown, false, 0},
		{"redirect", 302, "", escrow.Unknown, false, 0},
		{"wrong types", 200, `{"ResponseCode":{"a":1},"fault":"x"}`, escrow.Unknown, true, 0},
		{"business refusal", 200, `{"ResponseCode":"2028","ResponseDescription":"product"}`, escrow.Refused, true, 0},
		{"strange refusal", 200, `{"ResponseCode":"77","ResponseDescription":"?"}`, escrow.Unknown, true, 0},
	}
}

// payoutAnswers is vector V8, and more.
func payoutAnswers() []answerCase {
	return []answerCase{
		{"accepted", 200, conversation, escrow.Taken, false, 0},
		{"accepted and over quota", 200, strings.Replace(conversation, "{", `{"errorCode":"500.003.03",`, 1), escrow.Taken, false, 0},
		{"seen before", 500, envelope("500.002.1001", "Duplicate OriginatorConversationID."), escrow.Taken, false, 0},
		{"seen before, in 200", 200, `{"ResponseCode":"1","ResponseDescription":"Duplicate OriginatorConversationID."}`, escrow.Taken, false, 0},
		{"same code, other words", 500, envelope("500.002.1001", "System internal error."), escrow.Unknown, false, 0},
		{"no role", 200, `{"ResponseCode":"21","ResponseDescription":"The initiator is not allowed to initiate this request"}`, escrow.Refused, true, 0},
		{"bad field", 400, envelope("400.002.02", "Bad Request - Invalid PartyA"), escrow.Refused, true, 0},
		{"bad receiver", 400, envelope("400.002.02", "Bad Request - Invalid PartyB"), escrow.Refused, false, 0},
		{"seen before, another code", 400, envelope("400.002.02", "Duplicate OriginatorConversationID."), escrow.Taken, false, 0},
		{"quota", 500, envelope("500.003.03", "Error Occurred: Quota Violation"), escrow.NotSent, false, time.Minute},
		{"nothing said", 200, "{}", escrow.Unknown, false, 0},
		{"firewall", 403, firewall, escrow.Unknown, false, 0},
		{"overloaded", 200, `{"ResponseCode":"26","ResponseDescription":"busy"}`, escrow.Unknown, false, 0},
		{"not on M-Pesa", 200, `{"ResponseCode":"2040","ResponseDescription":"unregistered"}`, escrow.Refused, false, 0},
	}
}

// TestV4V8AnswersToMoney is vectors V4 and V8: sent once, and nothing concluded that
// was not said.
func TestV4V8AnswersToMoney(t *testing.T) {
	t.Parallel()
	for kind, cases := range map[escrow.TransferKind][]answerCase{
		escrow.Collect: pushAnswers(), escrow.Payout: payoutAnswers(), escrow.Refund: payoutAnswers(),
	} {
		for _, c := range cases {
			t.Run(string(kind)+" "+c.name, func(t *testing.T) {
				t.Parallel()
				d := newDaraja(t, fixed(c.status, c.body))
				got := newClient(t, config(t, d.URL), &memory{}).Submit(t.Context(), transfer(kind))
				if got.Outcome != c.want || got.Alarm != c.alarm || got.RetryAfter < c.after || got.Code == "" {
					t.Errorf("got %+v, want %s, alarm %t", got, c.want, c.alarm)
				}
				same(t, "requests", len(d.at(pathPush))+len(d.at(pathB2C)), 1)
			})
		}
	}
}

func TestMoneyWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, dropped)
	for _, kind := range []escrow.TransferKind{escrow.Collect, escrow.Payout} {
		got := newClient(t, config(t, d.URL), &memory{}).Submit(t.Context(), transfer(kind))
		same(t, "dropped", got.Outcome, escrow.Unknown)
		found := newClient(t, config(t, d.URL), &memory{}).Look(t.Context(), transfer(kind))
		same(t, "question dropped", found.Verdict, escrow.NoAnswer)
	}
	same(t, "requests", len(d.at(pathPush))+len(d.at(pathB2C)), 2)

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := config(t, "http://"+listener.Addr().String())
	_ = listener.Close()
	for name, tokens := range map[string]*memory{"token at hand": {token: "t"}, "no token": {}} {
		client := newClient(t, nobody, tokens)
		got := client.Submit(t.Context(), transfer(escrow.Payout))
		if got.Outcome != escrow.NotSent || got.RetryAfter <= 0 || got.Alarm {
			t.Errorf("%s: %+v", name, got)
		}
		for _, kind := range []escrow.TransferKind{escrow.Collect, escrow.Payout} {
			if found := client.Look(t.Context(), transfer(kind)); found.Verdict != escrow.NotAsked || found.Alarm {
				t.Errorf("%s, %s: %+v", name, kind, found)
			}
		}
	}
}

// busyAnswers is every spelling of "not now".
func busyAnswers() map[string]answerCase {
	quota := strings.Replace(spikeArrest, "SpikeArrestViolation", "QuotaViolation", 1)
	return map[string]answerCase{
		"spike arrest":            {status: 429, body: spikeArrest},
		"spike arrest as 500":     {status: 500, body: spikeArrest},
		"spike arrest inside 2xx": {status: 200, body: spikeArrest},
		"quota of the gateway":    {status: 500, body: quota},
		"quota of Daraja":         {status: 500, body: envelope("500.003.03", "Error Occurred: Quota Violation")},
		"system busy":             {status: 500, body: envelope("500.003.02", "System is busy. Please try again in few minutes.")},
		"system busy, capitals":   {status: 503, body: `{"RequestID":"r","ErrorCode":"500.003.02","ErrorMessage":"System is busy"}`},
		"429 of the firewall":     {status: 429, body: firewall},
		"429 without a word":      {status: 429},
	}
}

// TestWhatIsKeptBackIsNeitherSentNorAsked: the same answer leaves a payment
// unsent and a question unasked.
func TestWhatIsKeptBackIsNeitherSentNorAsked(t *testing.T) {
	t.Parallel()
	for name, c := range busyAnswers() {
		for _, kind := range []escrow.TransferKind{escrow.Collect, escrow.Payout, escrow.Refund} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				d := newDaraja(t, fixed(c.status, c.body))
				client := newClient(t, config(t, d.URL), &memory{})
				sent := client.Submit(t.Context(), transfer(kind))
				if sent.Outcome != escrow.NotSent || sent.Alarm || sent.RetryAfter <= 0 {
					t.Errorf("sent %+v", sent)
				}
				found := client.Look(t.Context(), transfer(kind))
				if found.Verdict != escrow.NotAsked || found.Alarm || found.Code != sent.Code {
					t.Errorf("found %+v", found)
				}
			})
		}
	}
}

func TestAQuestionBehindAnOpenBreakerIsNotAsked(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusServiceUnavailable, firewall))
	client := newClient(t, config(t, d.URL), &memory{})
	same(t, "firewall", client.Look(t.Context(), transfer(escrow.Payout)).Verdict, escrow.NoAnswer)
	const most = 10 // looks, of three attempts each: more than the breaker bears
	for range most {
		if client.Look(t.Context(), transfer(escrow.Payout)).Verdict == escrow.NotAsked {
			return
		}
	}
	t.Errorf("%d questions went out", len(d.at(pathStatus)))
}

// queryCase is an answer to an STK query, and what follows from it.
type queryCase struct {
	name   string
	status int
	body   string
	want   escrow.Verdict
	code   string
	alarm  bool
}

// queryAnswers is vector V7, and more.
func queryAnswers() []queryCase {
	result := func(code, words string) string {
		return `{"ResponseCode":"0","MerchantRequestID":"` + merchantID + `","CheckoutRequestID":"` + checkoutID + `","ResultCode":"` + code + `","ResultDesc":"` + words + `"}`
	}
	return []queryCase{
		{"paid", 200, result("0", "The service request is processed successfully."), escrow.Moved, "0", false},
		{"open", 200, result("4999", "The transaction is still under processing"), escrow.Processing, "4999", false},
		{"open, as an error", 500, envelope("500.001.1001", "The transaction is being processed"), escrow.Processing, "500.001.1001", false},
		{"error inside 200", 200, envelope("500.001.1001", ""), escrow.NoAnswer, "500.001.1001", false},
		{"unknown id", 500, envelope("500.001.1001", "The transaction does not Exist"), escrow.NoAnswer, "500.001.1001", false},
		{"too early", 400, envelope("400.002.02", "Bad Request - Invalid CheckoutRequestID"), escrow.NoAnswer, "400.002.02", false},
		{"rate limit", 429, spikeArrest, escrow.NotAsked, "policies.ratelimit.SpikeArrestViolation", false},
		{"trouble", 500, envelope("500.003.1001", "Internal Server Error"), escrow.NoAnswer, "500.003.1001", false},
		{"answered and busy", 200, strings.Replace(result("1032", "x"), `{`, `{"errorCode":"500.003.02",`, 1), escrow.NotMoved, "1032", false},
		{"cancelled", 200, result("1032", "Request Cancelled by user."), escrow.NotMoved, "1032", false},
		{"not reached", 200, result("1037", "DS timeout user cannot be reached."), escrow.NotMoved, "1037", false},
		{"perhaps", 200, result("9999", "Error"), escrow.NoAnswer, "9999", false},
		{"new code", 200, result("424242", "new"), escrow.NoAnswer, "424242", true},
		{"another prompt", 200, strings.Replace(result("0", "ok"), checkoutID, "ws_CO_d", 1), escrow.NoAnswer, "garbled", true},
		{"passkey", 500, envelope("500.001.1001", "[MerchantValidate] - Wrong credentials"), escrow.NoAnswer, "500.001.1001", true},
		{"product", 403, envelope("403.001", "Not subscribed"), escrow.NoAnswer, "403.001", true},
		{"firewall", 503, firewall, escrow.NoAnswer, "http 503", false},
		{"nothing", 200, "", escrow.NoAnswer, "http 200", false},
	}
}

func TestV7AnswersToSTKQueries(t *testing.T) {
	t.Parallel()
	for _, c := range queryAnswers() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDaraja(t, fixed(c.status, c.body))
			got := newClient(t, config(t, d.URL), &memory{}).Look(t.Context(), transfer(escrow.Collect))
			if got.Verdict != c.want || got.Code != c.code || got.Alarm != c.alarm || got.Receipt != "" || got.Amount != 0 {
				t.Errorf("got %+v", got)
			}
			same(t, "requests", len(d.at(pathQuery)), 1)
		})
	}
}

func TestAnswersToStatusQueries(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		status int
		body   string
		want   escrow.Verdict
		alarm  bool
	}{
		{"taken", 200, conversation, escrow.Processing, false},
		{"no role", 200, `{"ResponseCode":"21","ResponseDescription":"no role"}`, escrow.NoAnswer, true},
		{"bad field", 400, envelope("400.003.02", "Bad request"), escrow.NoAnswer, true},
		{"busy", 500, envelope("500.003.02", "System is busy"), escrow.NotAsked, false},
		{"trouble", 500, envelope("500.003.1001", "Internal Server Error"), escrow.NoAnswer, false},
		{"overloaded", 200, `{"ResponseCode":"26","ResponseDescription":"busy"}`, escrow.NoAnswer, false},
		{"firewall", 403, firewall, escrow.NoAnswer, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDaraja(t, fixed(c.status, c.body))
			got := newClient(t, config(t, d.URL), &memory{}).Look(t.Context(), transfer(escrow.Payout))
			if got.Verdict != c.want || got.Alarm != c.alarm {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestQueriesKeepWithinTheirLimit(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, `{"ResponseCode":"0","ResultCode":"1032"}`))
	client := newClient(t, config(t, d.URL), &memory{})
	same(t, "first", client.Look(t.Context(), transfer(escrow.Collect)).Verdict, escrow.NotMoved)
	same(t, "second", client.Look(t.Context(), transfer(escrow.Collect)).Verdict, escrow.NotAsked)
	same(t, "requests", len(d.at(pathQuery)), 1)
}

// TestOnlyTroubleOpensTheBreaker: Daraja answers 500 also where it refuses one
// request, and that must not keep the others back.
func TestOnlyTroubleOpensTheBreaker(t *testing.T) {
	t.Parallel()
	const calls = 15
	for name, c := range map[string]struct {
		kind escrow.TransferKind
		body string
		all  bool
	}{
		"one subscriber": {escrow.Collect, envelope("500.001.1001", "Unable to lock subscriber"), true},
		"one payout":     {escrow.Payout, envelope("500.002.1001", "Duplicate OriginatorConversationID."), true},
		"the system":     {escrow.Payout, envelope("500.002.1001", "System internal error."), false},
		"the firewall":   {escrow.Collect, firewall, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDaraja(t, fixed(http.StatusInternalServerError, c.body))
			client := newClient(t, config(t, d.URL), &memory{})
			var last escrow.Submission
			for range calls {
				last = client.Submit(t.Context(), transfer(c.kind))
			}
			reached := len(d.at(pathPush)) + len(d.at(pathB2C))
			if c.all != (reached == calls) {
				t.Errorf("%d of %d calls went out", reached, calls)
			}
			if !c.all && last.Outcome != escrow.NotSent {
				t.Errorf("behind an open breaker: %+v", last)
			}
		})
	}
}

package sms

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
)

// notice is a message with everything in it that must not leak.
func notice() escrow.Message {
	m := escrow.Message{
		To: escrow.Party{Phone: amina, Language: escrow.English}, Template: escrow.MsgDeliveredBuyer,
		Params: escrow.MessageParams{
			Ref: "1234", Item: "Maize & beans", Amount: escrow.Shillings(3500), Other: "Otieno M. 0722***418",
			State: escrow.Delivered, Role: escrow.Buyer, DeliverBy: "2026-12-03",
		},
	}
	return m
}

func TestRequestOnTheWire(t *testing.T) {
	t.Parallel()
	p := newProvider(t, func(call) (int, string) { return http.StatusCreated, sent("101", "Success") })
	got := newTestClient(t, p.URL+"/", quiet()).Send(t.Context(), notice(), "8305")
	want := escrow.Dispatch{Outcome: escrow.Taken, ProviderID: "ATXid_0123456789abcdef0123456789abcdef", Cost: "KES 0.8000"}
	if got != want {
		t.Errorf("answer %+v, want %+v", got, want)
	}
	calls := p.taken()
	if len(calls) != 1 {
		t.Fatalf("%d calls", len(calls))
	}
	const body = "username=sandbox&to=%2B254712000001" +
		"&message=Otieno+M.+0722%2A%2A%2A418+says+Maize+%26+beans+was+delivered.+All+OK%3F+Reply+ACCEPT+1234+8305" +
		"+to+pay+Ksh3%2C500.+Problem%3F+DISPUTE+1234&from=40404&enqueue=1"
	if calls[0].body != body {
		t.Errorf("body\n%s, want\n%s", calls[0].body, body)
	}
	if calls[0].method != http.MethodPost || calls[0].path != "/version1/messaging" {
		t.Errorf("%s %s", calls[0].method, calls[0].path)
	}
	for name, value := range map[string]string{
		"apiKey": "atsk_secret", "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded",
	} {
		if got := calls[0].header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
}

func TestLanguageOfTheReceiver(t *testing.T) {
	t.Parallel()
	for language, words := range map[escrow.Language]string{
		escrow.English: "Reply ACCEPT 1234 8305", escrow.Kiswahili: "Jibu KUBALI 1234 8305",
		"": "Reply ACCEPT 1234 8305", "fr": "Reply ACCEPT 1234 8305",
	} {
		p := newProvider(t, func(call) (int, string) { return http.StatusCreated, sent("101", "Success") })
		m := notice()
		m.To.Language = language
		newTestClient(t, p.URL, quiet()).Send(t.Context(), m, "8305")
		form, err := url.ParseQuery(p.taken()[0].body)
		if err != nil || !strings.Contains(form.Get("message"), words) {
			t.Errorf("%q: %q, %v", language, form.Get("message"), err)
		}
	}
}

func TestNoSenderIsLeftOut(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, "http://127.0.0.1:1", quiet())
	c.cfg.Sender = ""
	if got := string(c.form([]escrow.Phone{amina}, "x")); got != "username=sandbox&to=%2B254712000001&message=x&enqueue=1" {
		t.Error(got)
	}
}

// sent is the recorded answer of the sandbox with another status.
func sent(code, status string) string {
	return `{"SMSMessageData":{"Message":"Sent to 1/1 Total Cost: USD 0.0079 Message parts: 1","Recipients":[{"cost":"KES 0.8000",` +
		`"messageId":"ATXid_0123456789abcdef0123456789abcdef","number":"+254712000001",` +
		`"status":"` + status + `","statusCode":` + code + `}]}}`
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const id = "ATXid_0123456789abcdef0123456789abcdef"
	taken := escrow.Dispatch{Outcome: escrow.Taken, ProviderID: id, Cost: "KES 0.8000"}
	refused := func(reason string) escrow.Dispatch { return escrow.Dispatch{Outcome: escrow.Refused, Reason: reason} }
	unknown := func(reason string) escrow.Dispatch { return escrow.Dispatch{Outcome: escrow.Unknown, Reason: reason} }
	later := func(reason string, wait time.Duration) escrow.Dispatch {
		return escrow.Dispatch{Outcome: escrow.NotSent, Reason: reason, RetryAfter: wait}
	}
	nobody := func(message string) string { return `{"SMSMessageData":{"Message":"` + message + `","Recipients":[]}}` }
	one := func(recipient string) string {
		return `{"SMSMessageData":{"Message":"","Recipients":[` + recipient + `]}}`
	}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   escrow.Dispatch
	}{
		{"processed", 201, sent("100", "Processed"), taken},
		{"sent", 201, sent("101", "Success"), taken},
		{"queued", 201, sent("102", "Success"), taken},
		{"status 200", 200, sent("102", "Success"), taken},
		{"code as text", 201, sent(`"101"`, "Success"), taken},
		{
			"short answer", 200, one(`{"status":"Success","messageId":"1002"}`),
			escrow.Dispatch{Outcome: escrow.Taken, ProviderID: "1002"},
		},
		{
			"premium", 201, one(`{"statusCode":102,"number":"254712000001","status":"Success","cost":"0","messageId":"None"}`),
			escrow.Dispatch{Outcome: escrow.Taken, Cost: "0"},
		},
		{
			"cost as number", 201, one(`{"statusCode":101,"status":"Success","cost":0.8,"messageId":"x"}`),
			escrow.Dispatch{Outcome: escrow.Taken, ProviderID: "x", Cost: "0.8"},
		},
		{
			"not the first", 201, one(`{"statusCode":403,"number":"+254722000418"},` +
				`{"statusCode":101,"number":"0712000001","messageId":"y"}`),
			escrow.Dispatch{Outcome: escrow.Taken, ProviderID: "y"},
		},
		{"risk hold", 201, sent("401", "RiskHold"), refused("401 RiskHold")},
		{"bad sender", 201, sent("402", "InvalidSenderId"), refused("402 InvalidSenderId")},
		{"bad number", 201, sent("403", "InvalidPhoneNumber"), refused("403 InvalidPhoneNumber")},
		{"bad type", 201, sent("404", "UnsupportedNumberType"), refused("404 UnsupportedNumberType")},
		{"no balance", 201, sent("405", "InsufficientBalance"), later("405 InsufficientBalance", afterTopUp)},
		{"opted out", 201, sent("406", "UserInBlacklist"), refused("406 UserInBlacklist")},
		{"no route", 201, sent("407", "CouldNotRoute"), refused("407 CouldNotRoute")},
		{"do not disturb", 201, sent("409", "DoNotDisturbRejection"), refused("409 DoNotDisturbRejection")},
		{"internal", 201, sent("500", "InternalServerError"), later("500 InternalServerError", soon)},
		{"gateway", 201, sent("501", "GatewayError"), later("501 GatewayError", soon)},
		{"rejected", 201, sent("502", "RejectedByGateway"), later("502 RejectedByGateway", soon)},
		{"new code", 201, sent("408", "Whatever"), unknown("408 Whatever")},
		{"failed without code", 200, one(`{"status":"Failed"}`), refused("407 Failed")},
		{"opted out without code", 200, one(`{"status":"UserInBlackList"}`), refused("406 UserInBlackList")},
		{"nobody, bad sender", 201, nobody("InvalidSenderId"), refused("nobody served: InvalidSenderId")},
		{"nobody, no balance", 201, nobody("Insufficient balance"), later("nobody served: Insufficient balance", afterTopUp)},
		{"nobody, with a number", 201, nobody("Bad +254 712 000 001"), refused("nobody served: Bad +#")},
		{
			"somebody else", 201, one(`{"statusCode":101,"number":"+254722000418","messageId":"z"}`),
			unknown("the answer is about another number"),
		},
		{"no credentials", 401, "The supplied authentication is invalid", later("HTTP 401", afterNewKey)},
		{"throttled", 429, `{"error":"failed"}`, later("HTTP 429", 90*time.Second)},
		{"missing field", 400, "Request is missing required form field 'to'", refused("HTTP 400")},
		{"server error", 500, "<html>", unknown("HTTP 500")},
		{"bad gateway", 502, "", unknown("HTTP 502")},
		{"redirect", 302, "", unknown("HTTP 302")},
		{"page", 200, "<html>Welcome</html>", unknown("HTTP 200 without SMSMessageData")},
		{"other JSON", 201, `{"error":"failed"}`, unknown("HTTP 201 without SMSMessageData")},
		{"cut short", 201, sent("101", "Success")[:60], unknown("HTTP 201 without SMSMessageData")},
		{"empty", 201, "", unknown("HTTP 201 without SMSMessageData")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, func(call) (int, string) { return tt.status, tt.body })
			if got := newTestClient(t, p.URL, quiet()).Send(t.Context(), notice(), "8305"); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if n := len(p.taken()); n != 1 {
				t.Errorf("%d calls, want one", n)
			}
		})
	}
}

func TestNothingListens(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	got := newTestClient(t, "http://"+address, quiet()).Send(t.Context(), notice(), "8305")
	if got.Outcome != escrow.NotSent || got.RetryAfter != soon {
		t.Errorf("got %+v", got)
	}
}

func TestLostAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	p := newProvider(t, func(call) (int, string) { panic(http.ErrAbortHandler) })
	got := newTestClient(t, p.URL, quiet()).Send(t.Context(), notice(), "8305")
	if got.Outcome != escrow.Unknown || len(p.taken()) != 1 {
		t.Errorf("got %+v after %d calls", got, len(p.taken()))
	}
}

func TestSlowAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan struct{})
	p := newProvider(t, func(call) (int, string) {
		close(asked)
		<-ctx.Done()
		return http.StatusCreated, sent("101", "Success")
	})
	go func() {
		<-asked
		cancel()
	}()
	if got := newTestClient(t, p.URL, quiet()).Send(ctx, notice(), "8305"); got.Outcome != escrow.Unknown {
		t.Errorf("got %+v", got)
	}
}

func TestMessageWithoutTextIsRefused(t *testing.T) {
	t.Parallel()
	p := newProvider(t, func(call) (int, string) { return http.StatusCreated, "" })
	m := notice()
	m.Template = "no_such"
	if got := newTestClient(t, p.URL, quiet()).Send(t.Context(), m, ""); got.Outcome != escrow.Refused || len(p.taken()) != 0 {
		t.Errorf("got %+v after %d calls", got, len(p.taken()))
	}
}

// TestNothingSecretIsLogged sends into every kind of failure and looks for the
// number, the code, the words and the key in what was logged and returned.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	for status, body := range map[int]string{
		401: "The supplied authentication is invalid", 500: "", 429: "", 400: "",
		201: `{"SMSMessageData":{"Message":"No route to +254712000001","Recipients":[]}}`,
	} {
		var log bytes.Buffer
		p := newProvider(t, func(call) (int, string) { return status, body })
		c := newTestClient(t, p.URL, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		got := c.Send(t.Context(), notice(), "8305")
		shown := log.String() + got.Reason
		for _, secret := range []string{"712000001", "Maize", "atsk_secret"} {
			if strings.Contains(shown, secret) || testkit.Shows(shown, "8305") {
				t.Errorf("%d: %q or the code is in %q", status, secret, shown)
			}
		}
		if status == http.StatusUnauthorized && !strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("a refused account is not reported: %q", log.String())
		}
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Config{})
	for _, field := range []string{"BaseURL", "Username", "APIKey", "ServiceCode", "HelpPhone", "Log"} {
		if err == nil || !strings.Contains(err.Error(), "no "+field) {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		t.Errorf("not one error each: %v", err)
	}
}

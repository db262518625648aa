package simulator

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheSMSAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/sim/africastalking/version1/user?username=sandbox"
	status, body, _ := w.call(http.MethodGet, path, "", "", "apiKey", "atsk_test")
	same2(t, "status", status, http.StatusOK)
	same2(t, "body", body, `{"UserData":{"balance":"KES 10000.5000"}}`)
	status, body, _ = w.call(http.MethodGet, path, "", "", "apiKey", "nope")
	same2(t, "status", status, http.StatusUnauthorized)
	same2(t, "body", body, badCredentials)
	w.sim.SetFaults(Faults{SMSBalanceKsh: 7})
	_, body, _ = w.call(http.MethodGet, path, "", "", "apiKey", "atsk_test")
	same2(t, "body", body, `{"UserData":{"balance":"KES 7.5000"}}`)
}

func TestAnSMSAccountThatCannotSend(t *testing.T) {
	t.Parallel()
	for fault, want := range map[Faults]string{
		{SMSNobody: true}: `{"SMSMessageData":{"Message":"Sent to 0/1","Recipients":[]}}`,
		{SMSCode: 405}: `{"SMSMessageData":{"Message":"Sent to 0/1 Total Cost: 0","Recipients":[{"statusCode":405,` +
			`"number":"` + buyer + `","status":"InsufficientBalance","cost":"0","messageId":"None"}]}}`,
	} {
		w := newWorld(t, faulty(fault))
		r := w.sms("atsk_test")
		same2(t, "status", r.status, http.StatusCreated)
		same2(t, "body", r.body, want)
		same2(t, "texts", len(w.phone(buyer).Inbox), 0)
	}
}

// TestDropSMSResponse delivers a text whose sender never learns of it.
func TestDropSMSResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{DropSMSResponse: true}))
	_, err := w.fetch(http.MethodPost, pathMessaging, contentForm, "username=sandbox&to=%2B254722000000&message=Hi", "apiKey", "atsk_test")
	if err == nil {
		t.Error("there was an answer")
	}
	same2(t, "texts", len(w.phone(buyer).Inbox), 1)
}

func TestTheSecondSMSProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func(key, body string) (int, string) {
		status, answer, _ := w.call(http.MethodPost, "/sim/secondsms/send", "application/json", body, "Authorization", "Bearer "+key)
		return status, answer
	}
	good := `{"to":"` + buyer + `","from":"VoicePact","message":"Hello"}`
	status, answer := send("atsk_test", good)
	if status != http.StatusOK || !strings.Contains(answer, `"status":"ACCEPTED"`) {
		t.Errorf("%d %s", status, answer)
	}
	for want, call := range map[int][2]string{
		http.StatusUnauthorized: {"nope", good}, http.StatusBadRequest: {"atsk_test", `{"to":"0722","message":"x"}`},
	} {
		if status, answer := send(call[0], call[1]); status != want {
			t.Errorf("%d %s, want %d", status, answer, want)
		}
	}
	w.sim.SetFaults(Faults{SecondSMSStatus: http.StatusBadGateway})
	if status, _ := send("atsk_test", good); status != http.StatusBadGateway {
		t.Errorf("status %d", status)
	}
	texts := w.phone(buyer).Inbox
	if len(texts) != 1 || texts[0].From != "VoicePact" || texts[0].Text != "Hello" {
		t.Errorf("on the phone: %+v", texts)
	}
}

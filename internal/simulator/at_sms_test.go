package simulator

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

const (
	pathMessaging = "/sim/africastalking/version1/messaging"
	pathDLR       = "/at/s3cr3t/dlr"
)

// sms sends a text as the gateway does; pairs override or, when empty, remove
// fields of the form.
func (w *world) sms(key string, pairs ...string) reply {
	w.t.Helper()
	form := url.Values{"username": {"sandbox"}, "to": {buyer}, "message": {"Hello"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			form.Del(pairs[i])
		}
	}
	r, err := w.fetch(http.MethodPost, pathMessaging, contentForm, form.Encode(), "apiKey", key)
	must(w.t, err)
	return r
}

// TestMessagingAnswers holds the bytes recorded from the sandbox, the random
// message id apart.
func TestMessagingAnswers(t *testing.T) {
	t.Parallel()
	const (
		text = "text/plain; charset=UTF-8"
		json = "application/json"
		id   = `"ATXid_[0-9a-f]{32}"`
	)
	cases := map[string]struct {
		key    string
		form   []string
		status int
		kind   string
		body   string // a pattern
	}{
		"sent": {"atsk_test", nil, 201, json, `{"SMSMessageData":{"Message":"Sent to 1/1 Total Cost: KES 0\.8000 Message parts: 1",` +
			`"Recipients":\[{"statusCode":101,"number":"\+254722000000","status":"Success",` +
			`"cost":"KES 0\.8000","messageId":` + id + `}\]}}`},
		"queued": {"atsk_test", []string{"enqueue", "1"}, 201, json, `.*"statusCode":102,.*"status":"Success".*`},
		"two of three": {
			"atsk_test",
			[]string{"to", buyer + ",0722," + seller},
			201, json,
			`{"SMSMessageData":{"Message":"Sent to 2/3 Total Cost: KES 1\.6000 Message parts: 1",.*` +
				`{"statusCode":403,"number":"0722","status":"InvalidPhoneNumber","cost":"0","messageId":"None"}.*`,
		},
		"short code": {"atsk_test", []string{"from", "40404"}, 201, json, `.*"statusCode":101.*`},
		"sender id":  {"atsk_test", []string{"from", "VoicePact"}, 201, json, `.*"statusCode":101.*`},
		"bad sender": {
			"atsk_test",
			[]string{"from", "20880"},
			201, json,
			`{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":\[\]}}`,
		},
		"bad key":      {"nope", nil, 401, text, "The supplied authentication is invalid"},
		"bad user":     {"atsk_test", []string{"username", "live"}, 401, text, "The supplied authentication is invalid"},
		"no recipient": {"atsk_test", []string{"to", ""}, 400, text, "Request is missing required form field 'to'"},
		"no message":   {"atsk_test", []string{"message", ""}, 400, text, "Request is missing required form field 'message'"},
		"long": {
			"atsk_test",
			[]string{"message", strings.Repeat("a", 161)},
			201, json,
			`.*Total Cost: KES 1\.6000 Message parts: 2.*"cost":"KES 1\.6000".*`,
		},
		"not the basic": {"atsk_test", []string{"message", "Sh 3,500 ✓" + strings.Repeat("a", 61)}, 201, json, `.*Message parts: 2.*`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.sms(c.key, c.form...)
			same2(t, "status", r.status, c.status)
			same2(t, "content type", r.header.Get("Content-Type"), c.kind)
			if !regexp.MustCompile("^" + c.body + "$").MatchString(r.body) {
				t.Errorf("body %s", r.body)
			}
			if c.status == http.StatusUnauthorized {
				same2(t, "challenge", r.header.Get("WWW-Authenticate"), `Basic realm="api",charset=UTF-8`)
			}
			if got := len(w.phone(buyer).Inbox); (got == 1) != strings.Contains(r.body, "ATXid_") {
				t.Errorf("%d texts in the phone after %s", got, r.body)
			}
		})
	}
}

func TestMessageParts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unit   string
		length int
		parts  int
	}{
		{"a", 1, 1},
		{"a", 160, 1},
		{"a", 161, 2},
		{"a", 306, 2},
		{"a", 307, 3},
		{"€", 80, 1}, // two septets each
		{"€", 81, 2},
		{"é", 160, 1},
		{"ê", 70, 1}, // not in the alphabet
		{"ê", 71, 2},
		{"ê", 134, 2},
		{"ê", 135, 3},
		{"😀", 35, 1}, // two UTF-16 units each
		{"😀", 36, 2},
		{"`", 71, 2},
	} {
		if got := smsParts(strings.Repeat(c.unit, c.length)); got != c.parts {
			t.Errorf("%d of %q: got %d, want %d", c.length, c.unit, got, c.parts)
		}
	}
}

func TestDeliveryReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sms("atsk_test", "message", "1234: paid")
	text := w.phone(buyer).Inbox[0]
	same2(t, "sender", text.From, "40404")
	same2(t, "text", text.Text, "1234: paid")
	same2(t, "incoming", text.Out, false)
	reports := w.gateway.wait(t, pathDLR, 2)
	got := map[string]bool{}
	for _, r := range reports {
		same2(t, "content type", r.header.Get("Content-Type"), "application/x-www-form-urlencoded")
		got[r.body] = true
	}
	for _, status := range []string{"Sent", "Success"} {
		want := "id=" + text.ID + "&status=" + status + "&phoneNumber=%2B254722000000&networkCode=99999"
		if !got[want] {
			t.Errorf("no report %s in %v", want, got)
		}
	}
}

func TestTextWaitsForItsPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sms("atsk_test", "to", ghost)
	reports := w.gateway.wait(t, pathDLR, 2)
	states := formOf(t, reports[0].body).Get("status") + formOf(t, reports[1].body).Get("status")
	if states != "SentBuffered" && states != "BufferedSent" {
		t.Errorf("reports %s", states)
	}
	status, _, _ := w.call(http.MethodPost, "/sim/phones", "application/json", encode(t, fields{"number": ghost, "name": "Late"}))
	same2(t, "status", status, http.StatusOK)
	last := formOf(t, w.gateway.wait(t, pathDLR, 3)[2].body)
	same2(t, "late report", last.Get("status"), "Success")
	same2(t, "text", w.phone(ghost).Inbox[0].Text, "Hello")
}

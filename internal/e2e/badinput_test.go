package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/internal/testkit"
)

const form = "application/x-www-form-urlencoded"

// request is something to send, and what comes back.
type request struct {
	method, path, contentType, body string
	status                          int
	says                            string
}

// What a stranger, a broken provider or a bored person can send to the front
// door, and what they get.
func TestBadInputGetsAClearAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	gateway := r.startGateway()
	at, transfer := "/at/"+pathSecret, uuid.NewString()
	hop := "phoneNumber=%2B254712000001&serviceCode=%2A384%2A12345%23&text=&sessionId=ATUid_0123456789abcdef0123456789abcdef&networkCode=99999"
	r.answersEach(map[string]request{
		"no such page":                {http.MethodGet, "/", "", "", 404, ""},
		"ussd without the secret":     {http.MethodPost, "/at/0123456789abcdef0123456789abcdef/ussd", form, hop, 404, ""},
		"ussd, secret one letter off": {http.MethodPost, "/at/" + pathSecret[1:] + "/ussd", form, hop, 404, ""},
		"ussd by GET":                 {http.MethodGet, at + "/ussd", "", "", 405, ""},
		"ussd as JSON":                {http.MethodPost, at + "/ussd", "application/json", `{"text":""}`, 415, ""},
		"ussd without a session":      {http.MethodPost, at + "/ussd", form, "phoneNumber=%2B254712000001&text=", 400, "sessionId"},
		"ussd with a field twice":     {http.MethodPost, at + "/ussd", form, hop + "&text=1", 400, "text"},
		"ussd from abroad":            {http.MethodPost, at + "/ussd", form, strings.Replace(hop, "254712000001", "14155550100", 1), 200, "END "},
		"ussd with no UTF-8":          {http.MethodPost, at + "/ussd", form, strings.Replace(hop, "text=", "text=%ff%fe", 1), 200, "CON "},
		"a good hop all the same":     {http.MethodPost, at + "/ussd", form + "; charset=UTF-8", strings.Replace(hop, "ATUid_0", "ATUid_1", 1), 200, "CON Karibu VoicePact"},
		"sms as JSON":                 {http.MethodPost, at + "/sms", "application/json", `{}`, 415, ""},
		"sms from a short code":       {http.MethodPost, at + "/sms", form, "id=1&from=MTN&text=win&to=40404", 200, ""},
		"sms with nothing in it":      {http.MethodPost, at + "/sms", form, "id=2", 200, ""},
		"sms, a guessed reference":    {http.MethodPost, at + "/sms", form, "id=3&from=%2B254733000999&text=ACCEPT+1234+0000&to=40404", 200, ""},
		"report of an unknown text":   {http.MethodPost, at + "/dlr", form, "id=ATXid_none&status=Borked", 200, ""},
		"a made-up payment":           {http.MethodPost, "/mm/stk/" + transfer + "/" + strings.Repeat("0", 32), "application/json", `{"Body":{}}`, 404, ""},
		"a made-up payout":            {http.MethodPost, "/mm/b2c/" + transfer + "/x", "application/json", `{}`, 404, ""},
		"a payment for nothing":       {http.MethodPost, "/mm/stk", "application/json", `{}`, 404, ""},
	})
	r.sendsTooMuch(at + "/ussd")
	if gateway.ended() {
		t.Fatal("the gateway ended")
	}
	s := r.openStore()
	if contracts, err := s.Newest(t.Context(), 1); err != nil || len(contracts) > 0 {
		t.Errorf("bad input left %v, %v", contracts, err)
	}
	r.prove(s)
}

// answersEach sends the requests all at once, and ends when all were answered.
func (r *rig) answersEach(requests map[string]request) {
	r.t.Helper()
	r.t.Run("each", func(t *testing.T) {
		for name, q := range requests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				reply := send(t, q.method, r.balancer.url()+q.path, q.contentType, q.body)
				if reply.Status != q.status || !strings.Contains(reply.Body, q.says) {
					t.Errorf("answered %d %q, want %d and %q", reply.Status, reply.Body, q.status, q.says)
				}
			})
		}
	})
}

// sendsTooMuch posts a megabyte. The gateway stops reading early, so that the
// sender sees either its answer or only the end of the connection.
func (r *rig) sendsTooMuch(path string) {
	r.t.Helper()
	body := "text=" + strings.Repeat("x", 1<<20)
	reply, err := testkit.Exchange(r.t.Context(), http.DefaultClient.Do, http.MethodPost, r.balancer.next()[0]+path, form, body)
	if err == nil && reply.Status != http.StatusRequestEntityTooLarge {
		r.t.Errorf("a megabyte is answered %d", reply.Status)
	}
}

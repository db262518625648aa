package ussd_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
	"github.com/voicepact/gateway/ussd"
)

const sessionID = "ATUid_0123456789abcdef0123456789abcdef"

// firstHop is a first hop as it was captured, 130 bytes.
const firstHop = "phoneNumber=%2B254712000001&serviceCode=%2A384%2A12345%23&text=&sessionId=" + sessionID + "&networkCode=99999"

const welcome = "CON Karibu VoicePact\n1. English\n2. Kiswahili\n0. Exit"

// Every spelling of a request that Africa's Talking or a person with curl may
// send, and what it is answered.
func TestRequests(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	const (
		noSession = "sessionId is missing, too long or no id"
		abroad    = "END VoicePact works with Kenyan mobile numbers only."
	)
	tests := []struct {
		name, media, body string
		status            int
		want              string
	}{
		{"as captured", form, firstHop, 200, welcome},
		{"with a charset", form + "; charset=UTF-8", firstHop, 200, welcome},
		{"media type in capitals", "Application/X-WWW-Form-Urlencoded", firstHop, 200, welcome},
		{
			"other order, raw stars, no network", form,
			"sessionId=" + sessionID + "&text=&serviceCode=*384*12345%23&phoneNumber=%2B254712000001", 200, welcome,
		},
		{"no text at all", form, "sessionId=" + sessionID + "&serviceCode=*384*12345%23&phoneNumber=%2B254712000001", 200, welcome},
		{"unknown fields", form, firstHop + "&retryCount=0&input=", 200, welcome},
		{"plus not encoded", form, strings.Replace(firstHop, "%2B", "+", 1), 200, welcome},
		{"no plus", form, strings.Replace(firstHop, "%2B", "", 1), 200, welcome},
		{"service code with dialled digits", form, strings.Replace(firstHop, "12345%23", "12345%2A1%2A2%23", 1), 200, welcome},
		{"broken UTF-8", form, strings.Replace(firstHop, "text=", "text=%ff", 1), 200, "CON Not a choice."},
		{"text comes twice", form, firstHop + "&text=1", 400, `field "text" comes twice`},
		{"broken encoding", form, strings.Replace(firstHop, "%2B", "%ZZ", 1), 400, "broken form"},
		{"no session", form, "phoneNumber=%2B254712000001&text=", 400, noSession},
		{"endless session", form, "phoneNumber=%2B254712000001&sessionId=" + strings.Repeat("a", 200), 400, noSession},
		{"a session that is no id", form, "phoneNumber=%2B254712000001&sessionId=a%0Ab", 400, noSession},
		{"no number", form, "sessionId=" + sessionID + "&text=", 400, "phoneNumber is missing"},
		{"nothing", form, "", 400, noSession},
		{"a Ugandan number", form, strings.Replace(firstHop, "%2B254712000001", "%2B256712000001", 1), 200, abroad},
		{"no number but words", form, strings.Replace(firstHop, "%2B254712000001", "Safaricom", 1), 200, abroad},
		{"JSON", "application/json", `{"sessionId":"` + sessionID + `"}`, 415, "want application/x-www-form-urlencoded"},
		{"no media type", "", firstHop, 415, "want application/x-www-form-urlencoded"},
	}
	x := newSmallExchange(t)
	for _, test := range tests {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/ussd", strings.NewReader(test.body))
		req.Header.Set("Content-Type", test.media)
		status, got, _ := x.do(req)
		if status != test.status || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %d %q, want %d %q", test.name, status, got, test.status, test.want)
		}
		x.flush()
	}
	if log := x.logs.String(); !strings.Contains(log, "unencoded plus") || !strings.Contains(log, "another service code") {
		t.Errorf("no warnings in the log:\n%s", log)
	}
}

func TestAReplyIsPlainTextAndNamesItsScreen(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/ussd", strings.NewReader(firstHop))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := x.app.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	label := res.Header.Get(labelHeader)
	if !strings.HasPrefix(label, "welcome.welcome.") || len(label) > 99 || strings.Contains(label, "|") {
		t.Errorf("label %q", label)
	}
	get := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ussd", nil)
	if status, _, _ := x.do(get); status != http.StatusMethodNotAllowed {
		t.Errorf("GET is answered %d", status)
	}
}

// capturedEvent is an end event as it was captured in October 2026, with an
// input that may hold a release code.
const capturedEvent = "durationInMillis=192&phoneNumber=%2B254712000001&errorMessage=&serviceCode=%2A384%2A12345%23" +
	"&lastAppResponse=CON+Type+the+code+from+our+SMS&hopsMetadata=menu&hopsCount=1&status=Incomplete&sessionId=" +
	sessionID + "&cost=0.00&date=2026-10-09+12%3A17%3A37&networkCode=99999&input=1%2A1%2A8305"

func TestEndEventsAreKeptOnceAndWithoutWhatWasTyped(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	for range 3 {
		if status, body, _ := x.post("/ussd/events", capturedEvent, ""); status != http.StatusOK {
			t.Fatalf("answered %d %s", status, body)
		}
	}
	jobs := x.world.TakeJobs()
	if len(jobs) != 1 {
		t.Fatalf("%d jobs", len(jobs))
	}
	work, ok := jobs[0].(store.WorkInbox)
	if !ok {
		t.Fatalf("job %T", jobs[0])
	}
	kept, err := x.world.Store.Callback(t.Context(), work.Inbox)
	if err != nil {
		t.Fatal(err)
	}
	if kept.Kind != ussd.KindEvent || !strings.HasPrefix(kept.Key, sessionID+":Incomplete:") {
		t.Errorf("kept as %s %s", kept.Kind, kept.Key)
	}
	wantScrubbed(t, string(kept.Body))
}

func wantScrubbed(t *testing.T, kept string) {
	t.Helper()
	body, err := url.ParseQuery(kept)
	if err != nil {
		t.Fatal(err)
	}
	if body.Has("input") || body.Has("lastAppResponse") || testkit.Shows(kept, "8305") {
		t.Errorf("kept %s", kept)
	}
	if body.Get("durationInMillis") != "192" || body.Get("hopsMetadata") != "menu" || !body.Has("errorMessage") {
		t.Errorf("kept %s", kept)
	}
}

func TestEventsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	if status, _, _ := x.post("/ussd/events", "status=Success", ""); status != http.StatusBadRequest {
		t.Errorf("without a session: %d", status)
	}
	if err := x.world.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := x.post("/ussd/events", capturedEvent, ""); status != http.StatusInternalServerError {
		t.Errorf("without a database: %d", status)
	}
}

// fiber hands out strings that alias a recycled buffer; what we keep of a hop
// must be our own. The exchange's app is not Immutable, so this would show.
func TestNumbersOfManyCallersStayApart(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	numbers := []escrow.Phone{storetest.Amina, storetest.Otieno, storetest.Mallory}
	for _, number := range numbers {
		p := x.pick(number)
		p.dial("")
		p.answer("1")
	}
	for _, number := range numbers {
		home, err := x.world.Service.Home(context.Background(), number)
		if err != nil || home.Party.Phone != number || home.Party.Language != escrow.English {
			t.Errorf("%s is %+v, %v", number.Masked(), home.Party.Language, err)
		}
	}
}

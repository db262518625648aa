package sms

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// shelf keeps callbacks in memory as the inbox does: once per kind and key.
type shelf struct {
	mu     sync.Mutex
	kept   map[string]string // kind and key → body
	broken bool
}

func (s *shelf) Keep(_ context.Context, kind, key string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return errors.New("disk full")
	}
	if s.kept == nil {
		s.kept = map[string]string{}
	}
	if _, ok := s.kept[kind+" "+key]; !ok {
		s.kept[kind+" "+key] = string(body)
	}
	return nil
}

func (s *shelf) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.kept))
}

func newTestApp(s *shelf) *fiber.App {
	return appOn(NewHandler(HandlerConfig{ShortCode: "40404", Log: quiet()}), s)
}

func appOn(h *Handler, k Keeper) *fiber.App {
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	h.Register(app.Group("/at/secret"), k)
	return app
}

func post(t *testing.T, app *fiber.App, path, contentType, body string) (int, string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/at/secret"+path, strings.NewReader(body))
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := app.Test(request, -1)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

const formType = "application/x-www-form-urlencoded"

// TestWhateverIsAFormIsKept posts what Africa's Talking has been seen to post,
// and what it has not.
func TestWhateverIsAFormIsKept(t *testing.T) {
	t.Parallel()
	const recorded = "linkId=03090445075804249226&text=Msg&to=21512&id=ec9adc86-51d5-4bc8-8eb0-d8ab0bb53dc3" +
		"&date=2017-05-03T06%3A04%3A45Z&from=%2B254791541111"
	for _, tt := range []struct{ name, path, contentType, body, key string }{
		{"recorded", "/sms", formType, recorded, "sms ec9adc86-51d5-4bc8-8eb0-d8ab0bb53dc3"},
		{"charset", "/sms", formType + "; charset=UTF-8", recorded, "sms ec9adc86-51d5-4bc8-8eb0-d8ab0bb53dc3"},
		{"bad parameter", "/sms", formType + "; charset", recorded, "sms ec9adc86-51d5-4bc8-8eb0-d8ab0bb53dc3"},
		{"upper case type", "/sms", "Application/X-WWW-Form-Urlencoded", recorded, "sms ec9adc86-51d5-4bc8-8eb0-d8ab0bb53dc3"},
		{"date with a space", "/sms", formType, "text=Msg&id=1&date=2017-05-03+06%3A04%3A45&from=%2B254791541111", "sms 1"},
		{"bad date", "/sms", formType, "text=Msg&id=2&date=2017-05-03T06%3A04&from=%2B254791541111", "sms 2"},
		{"no text", "/sms", formType, "id=3&from=%2B254791541111", "sms 3"},
		{"only an id", "/sms", formType, "id=4", "sms 4"},
		{"sender name", "/sms", formType, "id=5&from=MTN&text=hi", "sms 5"},
		{"broken escapes", "/sms", formType, "id=6&text=100%&from=%zz", "sms 6"},
		{"semicolon", "/sms", formType, "id=7&text=a;b", "sms 7"},
		{"not UTF-8", "/sms", formType, "id=8&text=%ff%00", "sms 8"},
		{
			"report", "/dlr", formType, "id=ATXid_dda018a640edfcc5d2ce455de3e4a6e7&status=Success",
			"dlr ATXid_dda018a640edfcc5d2ce455de3e4a6e7:Success::",
		},
		{"unknown status", "/dlr", formType, "id=ATXid_dda0&status=Borked", "dlr ATXid_dda0:Borked::"},
		{"full report", "/dlr", formType, "id=ATXid_0123&status=Failed&phoneNumber=%2B254700000001&networkCode=63902" +
			"&failureReason=UserInBlackList&retryCount=0", "dlr ATXid_0123:Failed:UserInBlackList:0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{}
			if status, text := post(t, newTestApp(s), tt.path, tt.contentType, tt.body); status != http.StatusOK {
				t.Errorf("status %d %q", status, text)
			}
			if got := s.keys(); !slices.Equal(got, []string{tt.key}) {
				t.Fatalf("kept under %q, want %q", got, tt.key)
			}
			if got := s.kept[tt.key]; got != tt.body {
				t.Errorf("kept %q, want %q", got, tt.body)
			}
		})
	}
}

func TestWhatHasNoIDIsKeptByWhatItSays(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	app := newTestApp(s)
	for _, body := range []string{
		"from=%2B254791541111&text=one&date=x&to=40404", "to=40404&from=%2B254791541111&text=one&date=x", // the same
		"from=%2B254791541111&text=two&date=x&to=40404", "from=%2B254791541111&text=one&date=y&to=40404",
		"id=&from=%2B254791541111", "id=with+space&from=%2B254791541112", "id=" + strings.Repeat("9", 200),
	} {
		if status, _ := post(t, app, "/sms", formType, body); status != http.StatusOK {
			t.Errorf("%q: status %d", body, status)
		}
	}
	for _, body := range []string{"status=Success", "id=ATXid_1", "id=ATXid_2"} {
		if status, _ := post(t, app, "/dlr", formType, body); status != http.StatusOK {
			t.Errorf("%q: status %d", body, status)
		}
	}
	for _, key := range s.keys() {
		if !strings.HasPrefix(key, "sms hash:") && !strings.HasPrefix(key, "dlr hash:") {
			t.Errorf("key %q", key)
		}
	}
	const messages, reports = 6, 3
	if n := len(s.keys()); n != messages+reports {
		t.Errorf("%d callbacks kept, want %d", n, messages+reports)
	}
}

func TestWhatIsNoForm(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	app := newTestApp(s)
	for _, path := range []string{"/sms", "/dlr"} {
		for _, tt := range []struct {
			contentType, body string
			status            int
			text              string
		}{
			{"application/json", `{"id":"1"}`, 415, "send application/x-www-form-urlencoded"},
			{"", "id=1", 415, "send application/x-www-form-urlencoded"},
			{"multipart/form-data; boundary=x", "--x--", 415, "send application/x-www-form-urlencoded"},
			{formType, "", 400, "the body is not a form"},
			{formType, "empty", 400, "the body is not a form"},
		} {
			status, text := post(t, app, path, tt.contentType, tt.body)
			if status != tt.status || text != tt.text {
				t.Errorf("%s %q %q: %d %q", path, tt.contentType, tt.body, status, text)
			}
		}
	}
	if n := len(s.keys()); n != 0 {
		t.Errorf("%d kept", n)
	}
}

func TestNotKeptIsNotAnswered200(t *testing.T) {
	t.Parallel()
	app := newTestApp(&shelf{broken: true})
	for _, path := range []string{"/sms", "/dlr"} {
		if status, text := post(t, app, path, formType, "id=1&status=Sent"); status != 500 || strings.Contains(text, "disk") {
			t.Errorf("%s: %d %q", path, status, text)
		}
	}
}

// TestKeptBodiesAreTheirOwn posts many callbacks through one app: a body that
// aliased fiber's buffer would turn into a later one.
func TestKeptBodiesAreTheirOwn(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	app := newTestApp(s)
	for i := range 50 {
		id := strings.Repeat(string(rune('a'+i%26)), 1+i/26)
		post(t, app, "/sms", formType, "id="+id+"&text="+id)
	}
	for key, body := range s.kept {
		id := strings.TrimPrefix(key, "sms ")
		if body != "id="+id+"&text="+id {
			t.Errorf("under %q lies %q", key, body)
		}
	}
}

func TestWhoIsAnswered(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]bool{
		"+254712000001": true, "254712000001": true, "\x20254712000001": true, "0712000001": true, "+254112000001": true,
		"": false, "MTN": false, "40404": false, "VoicePact": false, "+254202000001": false, "+255712000001": false,
		"7FLOWERSX": false, "+2547CALLMENO": false, "712000001;x": false,
	} {
		if _, got := (inbound{from: from}).person("40404"); got != want {
			t.Errorf("%q: %t, want %t", from, got, want)
		}
	}
	if _, ok := (inbound{from: "+254712000001"}).person("0712000001"); ok {
		t.Error("we answer our own number")
	}
}

func FuzzCallback(f *testing.F) {
	for _, seed := range []string{"id=1&from=%2B254791541111&text=a", "=&=&%", "a", "id=%00", "\xff=\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		fields, ok := parseForm([]byte(body))
		if ok != (len(fields) > 0) {
			t.Errorf("%q: %t with %d fields", body, ok, len(fields))
		}
		for _, key := range []string{messageKey(fields), reportKey(fields)} {
			if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q has the key %q", body, key)
			}
		}
	})
}

package sms

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// The people of the tests.
const (
	amina  escrow.Phone = "+254712000001" // buys
	otieno escrow.Phone = "+254722000418" // sells
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// call is one request that the pretended provider got.
type call struct {
	method, path, body string
	header             http.Header
}

// provider is a messaging API in the test's hands.
type provider struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []call
	answer func(call) (int, string)
}

func newProvider(t *testing.T, answer func(call) (int, string)) *provider {
	t.Helper()
	p := &provider{answer: answer}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// ServeHTTP implements [http.Handler].
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	c := call{method: r.Method, path: r.URL.Path, body: string(body), header: r.Header}
	p.mu.Lock()
	p.calls = append(p.calls, c)
	p.mu.Unlock()
	status, text := p.answer(c)
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "90")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func (p *provider) taken() []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]call(nil), p.calls...)
}

func newTestClient(t *testing.T, baseURL string, log *slog.Logger) *Client {
	t.Helper()
	c, err := New(Config{
		BaseURL: baseURL, Username: "sandbox", APIKey: "atsk_secret", Sender: "40404",
		ServiceCode: "*384*12345#", HelpPhone: "0700000000", PayBill: "600992", Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

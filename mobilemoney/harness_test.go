package mobilemoney_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/mobilemoney"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The simulator's web server: its clock, and a sweeper that looks every
		// ten seconds whether it has been stopped.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
	)
}

// passkey is the public one of Safaricom's sandbox.
const passkey = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"

const (
	pathToken  = "/oauth/v1/generate"
	pathPush   = "/mpesa/stkpush/v1/processrequest"
	pathQuery  = "/mpesa/stkpushquery/v1/query"
	pathB2C    = "/mpesa/b2c/v3/paymentrequest"
	pathStatus = "/mpesa/transactionstatus/v1/query"

	pathReversal = "/mpesa/reversal/v1/request"
)

const (
	firstKey  = "0123456789abcdef0123456789abcdef"
	secondKey = "fedcba9876543210fedcba9876543210"
)

// The ids of the prompt in every vector. The second ends in the payer's number.
const (
	merchantID = "2654-4b64-97ff-b827b542881d3130"
	checkoutID = "ws_CO_23112026153001123708374149"
)

var transferID = uuid.MustParse("7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10")

// shared is the key pair of the simulated bank: making one takes a while.
var shared = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func certificate(tb testing.TB) []byte {
	tb.Helper()
	text, err := simulator.CertificatePEM(shared(), time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// noon is when every request in these tests is made: 15:30 in Nairobi.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC) }

func config(tb testing.TB, base string) mobilemoney.Config {
	tb.Helper()
	return mobilemoney.Config{
		BaseURL: base, ConsumerKey: "key", ConsumerSecret: "secret", ShortCode: "174379", Passkey: passkey,
		B2CShortCode: "600992", InitiatorName: "escrowapi", InitiatorPassword: "Pa55#word",
		Certificate: certificate(tb), PublicURL: "https://pay.example.co.ke", CallbackKeys: [][]byte{[]byte(firstKey)},
		Now: noon,
	}
}

func newClient(tb testing.TB, cfg mobilemoney.Config, tokens mobilemoney.Tokens) *mobilemoney.Client {
	tb.Helper()
	client, err := mobilemoney.New(cfg, tokens)
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

func transfer(kind escrow.TransferKind) escrow.Transfer {
	return escrow.Transfer{
		ID: transferID, Kind: kind, Method: methodOf(kind), Amount: escrow.Shillings(1500), Ref: "40718263",
		Party: escrow.Party{Phone: "+254708374149"}, ProviderID: checkoutID,
	}
}

// methodOf is how money of a kind goes but for reversals.
func methodOf(kind escrow.TransferKind) escrow.Method {
	if kind == escrow.Collect {
		return escrow.MethodSTK
	}
	return escrow.MethodB2C
}

// request is one that a provider received.
type request struct {
	method, path, auth, contentType, body string

	gone <-chan struct{} // closed when the caller has gone
}

// daraja answers as told, and issues tokens by itself.
type daraja struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
	minted   int
	answer   func(w http.ResponseWriter, r request)
}

func newDaraja(tb testing.TB, answer func(w http.ResponseWriter, r request)) *daraja {
	tb.Helper()
	d := &daraja{answer: answer}
	d.Server = httptest.NewServer(d)
	tb.Cleanup(d.Close)
	return d
}

func (d *daraja) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	got := request{r.Method, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), string(body), r.Context().Done()}
	d.mu.Lock()
	d.requests = append(d.requests, got)
	if r.URL.Path == pathToken {
		d.minted++
		_, _ = fmt.Fprintf(w, `{"access_token":"token%d","expires_in":"3599"}`, d.minted)
		d.mu.Unlock()
		return
	}
	d.mu.Unlock()
	d.answer(w, got)
}

func (d *daraja) at(path string) []request {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []request
	for _, r := range d.requests {
		if r.path == path {
			found = append(found, r)
		}
	}
	return found
}

// fixed answers everything alike.
func fixed(status int, body string) func(http.ResponseWriter, request) {
	return func(w http.ResponseWriter, _ request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// dropped takes the request and closes the connection.
func dropped(w http.ResponseWriter, _ request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// memory shares a token between clients as Redis does.
type memory struct {
	mu     sync.Mutex
	token  string
	ttl    time.Duration
	locked bool
	broken error
}

func (m *memory) Get(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.token, m.broken
}

func (m *memory) Put(_ context.Context, token string, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == nil {
		m.token, m.ttl = token, ttl
	}
	return m.broken
}

func (m *memory) Forget(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.token = ""
	return m.broken
}

func (m *memory) Lock(context.Context, time.Duration) (func(), bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked || m.broken != nil {
		return func() {}, false, m.broken
	}
	m.locked = true
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.locked = false
	}, true, nil
}

// kept is a callback that was stored.
type kept struct{ kind, key, body string }

// inbox keeps callbacks as the store does: once per kind and key, and another
// body under a key that is taken aside.
type inbox struct {
	mu     sync.Mutex
	all    []kept
	sums   map[string][32]byte
	aside  int
	broken error
}

func (i *inbox) Keep(_ context.Context, kind, key string, body []byte) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.broken != nil {
		return i.broken
	}
	if i.sums == nil {
		i.sums = map[string][32]byte{}
	}
	sum := sha256.Sum256(body)
	before, taken := i.sums[kind+key]
	switch {
	case !taken:
		i.sums[kind+key] = sum
		i.all = append(i.all, kept{kind, key, string(body)})
	case before != sum:
		i.aside++
	}
	return nil
}

func (i *inbox) list() []kept {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]kept(nil), i.all...)
}

// worked decodes everything that was kept, in order.
func (i *inbox) worked(t *testing.T) []escrow.Finding {
	t.Helper()
	var found []escrow.Finding
	for _, k := range i.list() {
		id, f, err := mobilemoney.Decode(k.kind, k.key, []byte(k.body))
		if err != nil || id != transferID {
			t.Fatalf("%s %s: %s, %v", k.kind, k.key, id, err)
		}
		found = append(found, f)
	}
	return found
}

var errDown = errors.New("connection refused")

// logbook is a log that can be searched.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logbook) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return fields
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

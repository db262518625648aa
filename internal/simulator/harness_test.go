package simulator

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

const (
	buyer  = "+254722000000"
	seller = "+254733111222"
	ghost  = "+254711999888" // no phone here
)

// world is a running simulator with a buyer, a seller and a gateway.
type world struct {
	t       *testing.T
	sim     *Sim
	gateway *fakeGateway
	base    string
	token   string
	stop    func() // stops delivering and closes the file, as a crash would
}

func testConfig(g *fakeGateway) Config {
	return Config{
		GatewayURL: g.URL, ATSecret: "s3cr3t", ATUsername: "sandbox", ATAPIKey: "atsk_test",
		ConsumerKey: "key", ConsumerSecret: "secret", Passkey: "passkey",
		BusinessShortCode: "174379", B2CShortCode: "600992",
		InitiatorName: "escrowapi", InitiatorPassword: "Pa55#word", CallbackDelay: testDelay,
	}
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	g := newGateway(t)
	cfg := testConfig(g)
	for _, f := range change {
		f(&cfg)
	}
	return startWorld(t, g, cfg, nil)
}

func startWorld(t *testing.T, g *fakeGateway, cfg Config, watcher Watcher) *world {
	t.Helper()
	sim, err := New(t.Context(), cfg, watcher)
	must(t, err)
	must(t, sim.Seed(
		Person{Number: buyer, Name: "Wanjiku", PIN: "1234", WalletCents: 50_000_00, Role: "buyer", Language: "en"},
		Person{Number: seller, Name: "Otieno", PIN: "4321", WalletCents: 1_000_00, Role: "seller", Language: "sw"},
	))
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	sim.Register(app)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	go func() { _ = app.Listener(listener) }()
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		_ = sim.Run(ctx)
	}()
	w := &world{t: t, sim: sim, gateway: g, base: "http://" + listener.Addr().String()}
	w.stop = sync.OnceFunc(func() {
		cancel()
		<-finished
		_ = sim.Close()
		_ = app.ShutdownWithTimeout(time.Second)
	})
	t.Cleanup(w.stop)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reply is an answer of the simulator.
type reply struct {
	status int
	body   string
	header http.Header
}

// patience is above everything that a call may take: a test fails rather than
// hangs.
const patience = 40 * time.Second

// httpClient has no idle connections, which would outlive the test as goroutines.
func httpClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

// fetch sends a request; unlike call it may be used beside the test.
func (w *world) fetch(method, path, contentType, body string, header ...string) (reply, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, w.base+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := httpClient()
	client.Timeout = patience
	res, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, string(data), res.Header}, err
}

// call sends a request and returns status and body.
func (w *world) call(method, path, contentType, body string, header ...string) (int, string, http.Header) {
	w.t.Helper()
	r, err := w.fetch(method, path, contentType, body, header...)
	must(w.t, err)
	return r.status, r.body, r.header
}

// do acts on a phone and returns the state.
func (w *world) do(number, act string, body any) State {
	w.t.Helper()
	status, answer := w.try(number, act, body)
	if status != http.StatusOK {
		w.t.Fatalf("%s: %d %s", act, status, answer)
	}
	return decode[State](w.t, answer)
}

func (w *world) try(number, act string, body any) (int, string) {
	w.t.Helper()
	status, answer, _ := w.call(http.MethodPost, "/sim/phones/"+url.PathEscape(number)+"/"+act, "application/json",
		encode(w.t, body))
	return status, answer
}

func (w *world) state() State {
	w.t.Helper()
	_, body, _ := w.call(http.MethodGet, "/sim/state", "", "")
	return decode[State](w.t, body)
}

func (w *world) phone(number string) PhoneView {
	w.t.Helper()
	return phoneIn(w.t, w.state(), number)
}

func phoneIn(t *testing.T, st State, number string) PhoneView {
	t.Helper()
	for _, p := range st.Phones {
		if p.Number == number {
			return p
		}
	}
	t.Fatalf("no phone %s", number)
	return PhoneView{}
}

// post calls a Daraja API with a token.
func (w *world) post(path string, body any) (int, map[string]any) {
	w.t.Helper()
	if w.token == "" {
		basic := base64.StdEncoding.EncodeToString([]byte("key:secret"))
		_, answer, _ := w.call(http.MethodGet, "/sim/daraja/oauth/v1/generate?grant_type=client_credentials", "", "",
			"Authorization", "Basic "+basic)
		w.token = decode[tokenAnswer](w.t, answer).AccessToken
	}
	status, answer, _ := w.call(http.MethodPost, "/sim/daraja"+path, "application/json", encode(w.t, body),
		"Authorization", "Bearer "+w.token)
	return status, decode[map[string]any](w.t, answer)
}

func encode(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Error(err) // also called beside the test, which only the test may stop
	}
	return string(data)
}

// decode keeps numbers as they were written.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return v
}

// fields is a JSON object to be varied.
type fields map[string]any

func (f fields) with(name string, value any) fields {
	changed := fields{}
	maps.Copy(changed, f)
	changed[name] = value
	return changed
}

func (w *world) stkFields(amount string) fields {
	const at = "20261123153000"
	return fields{
		"BusinessShortCode": "174379", "Timestamp": at,
		"Password":        base64.StdEncoding.EncodeToString([]byte("174379passkey" + at)),
		"TransactionType": "CustomerPayBillOnline", "Amount": amount, "PartyA": "254722000000",
		"PartyB": "174379", "PhoneNumber": "254722000000", "CallBackURL": w.gateway.URL + "/cb/s/1",
		"AccountReference": "40718263", "TransactionDesc": "Escrow",
	}
}

func (w *world) b2cFields(id, amount string) fields {
	return fields{
		"OriginatorConversationID": id, "InitiatorName": "escrowapi", "SecurityCredential": "Y3JlZGVudGlhbA==",
		"CommandID": "BusinessPayment", "Amount": amount, "PartyA": "600992", "PartyB": "254733111222",
		"Remarks": "Escrow release", "QueueTimeOutURL": w.gateway.URL + "/cb/t/1",
		"ResultURL": w.gateway.URL + "/cb/r/1", "Occassion": "40718263",
	}
}

const (
	pathSTK    = "/mpesa/stkpush/v1/processrequest"
	pathQuery  = "/mpesa/stkpushquery/v1/query"
	pathB2C    = "/mpesa/b2c/v3/paymentrequest"
	pathStatus = "/mpesa/transactionstatus/v1/query"
)

// push opens a prompt and returns its CheckoutRequestID.
func (w *world) push(amount string) string {
	w.t.Helper()
	status, answer := w.post(pathSTK, w.stkFields(amount))
	if status != http.StatusOK {
		w.t.Fatalf("push: %d %v", status, answer)
	}
	return answer["CheckoutRequestID"].(string)
}

// fund has the buyer pay shillings in.
func (w *world) fund(amount string) {
	w.t.Helper()
	w.push(amount)
	w.do(buyer, "prompt", fields{"pin": "1234"})
}

func (w *world) query(id string) map[string]any {
	w.t.Helper()
	stk := w.stkFields("1")
	_, answer := w.post(pathQuery, fields{
		"BusinessShortCode": stk["BusinessShortCode"], "Password": stk["Password"],
		"Timestamp": stk["Timestamp"], "CheckoutRequestID": id,
	})
	return answer
}

// tells checks that each line is in the wire log, which readers of the page see.
func (w *world) tells(lines ...string) {
	w.t.Helper()
	for _, line := range lines {
		eventually(w.t, "the log to say "+line, func() bool {
			return slices.ContainsFunc(w.state().Wire, func(e WireEntry) bool { return e.Summary == line })
		})
	}
}

func seal(t *testing.T, key *rsa.PrivateKey, password string) string {
	t.Helper()
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, []byte(password))
	must(t, err)
	return base64.StdEncoding.EncodeToString(sealed)
}

// adds checks that the bank adds up: all accounts sum to zero and each balance
// is the sum of its movements.
func (w *world) adds() Statement {
	w.t.Helper()
	st, err := w.sim.Statement()
	must(w.t, err)
	sums, total, receipts := map[string]int64{}, int64(0), map[string]bool{}
	for _, m := range st.Movements {
		sums[m.Debit] -= m.Cents
		sums[m.Credit] += m.Cents
		if receipts[m.Receipt] || len(m.Receipt) != 10 || strings.Trim(m.Receipt, bank.Letters) != "" {
			w.t.Errorf("bad receipt %q", m.Receipt)
		}
		receipts[m.Receipt] = true
	}
	for name, cents := range st.Accounts {
		total += cents
		if sums[name] != cents {
			w.t.Errorf("%s holds %d, its movements say %d", name, cents, sums[name])
		}
	}
	if total != 0 {
		w.t.Errorf("the bank sums to %d", total)
	}
	return st
}

func same2[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

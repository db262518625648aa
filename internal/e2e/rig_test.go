package e2e_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// rig is the program as it runs in production: any number of gateway processes
// on one PostgreSQL and one Redis behind one public address, and the providers,
// which are simulated in the test's own process so that it can ask the bank.
type rig struct {
	t        *testing.T
	sim      *simulator.Sim
	simURL   string
	balancer *balancer
	env      []string
	database string // as the owner of the tables
	migrated sync.Once
}

// The secrets of the rig; the keys are 32 bytes in hexadecimal.
var (
	pathSecret  = hex.EncodeToString(bytes.Repeat([]byte{7}, 16))
	dataKey     = bytes.Repeat([]byte{1}, 32)
	lookupKey   = bytes.Repeat([]byte{2}, 32)
	codeKey     = bytes.Repeat([]byte{3}, 32)
	callbackKey = bytes.Repeat([]byte{4}, 32)
	signingKey  = bytes.Repeat([]byte{5}, 32) // that of storetest, which proves what the rig did
)

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOn(t, testkit.Postgres(t), testkit.Redis(t))
}

// newRigOn is [newRig] on storage that the test brings.
func newRigOn(t *testing.T, database, redis string) *rig {
	t.Helper()
	r := &rig{t: t, balancer: newBalancer(t), database: database}
	key, err := simulator.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := simulator.CertificatePEM(key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	certificateFile := filepath.Join(t.TempDir(), "certificate.pem")
	if err := os.WriteFile(certificateFile, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	r.startSimulator(simulator.Config{
		GatewayURL: r.balancer.url(), ATSecret: pathSecret, ServiceCode: serviceCode, ShortCode: "40404",
		ATUsername: "voicepact", ATAPIKey: "at-key", ConsumerKey: "consumer", ConsumerSecret: "consumer-secret",
		Passkey: "passkey", BusinessShortCode: "600992", B2CShortCode: "600992",
		InitiatorName: "escrowapi", InitiatorPassword: "Initiator#1", Key: key, CallbackDelay: 20 * time.Millisecond,
		// As long as the gateway waits: a crowd on a slow machine is slow to answer.
		PromptLife: 5 * time.Minute,
	})
	r.env = []string{
		"LISTEN_ADDR=127.0.0.1:0", "PUBLIC_URL=" + r.balancer.url(),
		"DATABASE_URL=" + r.database, "REDIS_URL=" + redis,
		"CALLBACK_SECRETS=" + pathSecret, "CALLBACK_KEYS=" + hex.EncodeToString(callbackKey),
		"DATA_KEY=" + hex.EncodeToString(dataKey), "LOOKUP_KEY=" + hex.EncodeToString(lookupKey),
		"CODE_KEY=" + hex.EncodeToString(codeKey), "SIGNING_KEY=" + hex.EncodeToString(signingKey),
		"USSD_SERVICE_CODE=" + serviceCode, "HELP_PHONE=0700000000",
		"AT_BASE_URL=" + r.simURL + "/sim/africastalking", "AT_USERNAME=voicepact", "AT_API_KEY=at-key", "AT_SENDER=40404",
		"DARAJA_BASE_URL=" + r.simURL + "/sim/daraja", "DARAJA_CONSUMER_KEY=consumer",
		"DARAJA_CONSUMER_SECRET=consumer-secret", "DARAJA_SHORTCODE=600992", "DARAJA_PASSKEY=passkey",
		"DARAJA_B2C_SHORTCODE=600992", "DARAJA_INITIATOR=escrowapi", "DARAJA_INITIATOR_PASSWORD=Initiator#1",
		"DARAJA_CERTIFICATE_FILE=" + certificateFile, "DARAJA_PULL_NUMBER=0700000000",
	}
	return r
}

// value is that of a variable of the gateways.
func (r *rig) value(name string) string {
	r.t.Helper()
	for _, pair := range r.env {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	r.t.Fatalf("%s is not set", name)
	return ""
}

// set changes one variable of the gateways that are started from now on.
func (r *rig) set(name, value string) {
	r.t.Helper()
	for i, pair := range r.env {
		if strings.HasPrefix(pair, name+"=") {
			r.env[i] = name + "=" + value
			return
		}
	}
	r.t.Fatalf("%s is not set", name)
}

// get returns a variable of the gateways.
func (r *rig) get(name string) string {
	r.t.Helper()
	for _, pair := range r.env {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	r.t.Fatalf("%s is not set", name)
	return ""
}

func (r *rig) startSimulator(cfg simulator.Config) {
	r.t.Helper()
	sim, err := simulator.New(r.t.Context(), cfg, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	sim.Register(app)
	listener, err := (&net.ListenConfig{}).Listen(r.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	running.Go(func() { _ = app.Listener(listener) })
	running.Go(func() { _ = sim.Run(ctx) })
	r.t.Cleanup(func() {
		cancel()
		_ = sim.Close()
		_ = app.Shutdown()
		running.Wait()
	})
	r.sim, r.simURL = sim, "http://"+listener.Addr().String()
}

// startGateway starts one more gateway process and waits until it is ready.
func (r *rig) startGateway() *process {
	r.t.Helper()
	p, address := r.launch(binary)
	testkit.Eventually(r.t, "gateway ready", func() bool {
		return send(r.t, http.MethodGet, address+"/readyz", "", "").Status == http.StatusOK
	})
	r.balancer.add(address)
	return p
}

// launch starts a gateway of some build, and returns where it listens.
func (r *rig) launch(build func() (string, error)) (p *process, address string) {
	r.t.Helper()
	r.migrated.Do(r.migrate)
	p = startBuild(r.t, build, r.env, "serve", "--allow-simulator")
	return p, "http://" + p.says(`"listen":"([^"]+)"`)
}

// migrate makes the schema as its owner, as an operator does, and gives the
// gateways a role that cannot rewrite history.
func (r *rig) migrate() {
	r.t.Helper()
	testkit.WithAppRole(r.t, r.database)
	r.set("DATABASE_URL", testkit.AsAppRole(r.t, r.get("DATABASE_URL"))) // it may lead through a proxy
	p := start(r.t, []string{"DATABASE_URL=" + r.database}, "migrate", "--app-role", testkit.AppRole)
	if code := p.exit(); code != 0 {
		r.t.Fatalf("migrate ended with %d, saying\n%s", code, p.output)
	}
}

// person puts a phone on the desk.
func (r *rig) person(p simulator.Person) handset {
	r.t.Helper()
	if err := r.sim.Seed(p); err != nil {
		r.t.Fatal(err)
	}
	return handset{t: r.t, base: r.simURL, number: p.Number}
}

// introduce gives people names, as a partner's registration does.
func (r *rig) introduce(people ...simulator.Person) {
	r.t.Helper()
	err := r.openStore().InTx(r.t.Context(), func(ctx context.Context, tx escrow.Tx) error {
		for _, person := range people {
			party, err := tx.EnsureParty(ctx, escrow.Phone(person.Number))
			if err != nil {
				return err
			}
			party.Name = person.Name
			if err := tx.SaveParty(ctx, party); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// openStore opens the gateways' database beside them.
func (r *rig) openStore() *store.Store {
	r.t.Helper()
	sealer, err := store.NewSealer(dataKey, lookupKey)
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := store.Open(r.t.Context(), r.database, sealer, time.Now)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return s
}

// prove holds the ledger against its own rules and against the bank.
func (r *rig) prove(s *store.Store) {
	r.t.Helper()
	storetest.Prove(r.t, s)
	balances, err := s.Balances(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	statement, err := r.sim.Statement()
	if err != nil {
		r.t.Fatal(err)
	}
	ours := balances[escrow.MpesaCollection] + balances[escrow.MpesaPayout]
	if int64(ours) != statement.UtilityCents {
		r.t.Errorf("the ledger says that M-Pesa holds %d cents for us, the bank says %d", ours, statement.UtilityCents)
	}
}

// balancer stands before the gateways as a load balancer does: requests go round,
// and one that cannot connect goes to the next.
type balancer struct {
	server    *httptest.Server
	transport *http.Transport
	mu        sync.Mutex
	behind    []string
	turn      atomic.Int64
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	b.server = httptest.NewServer(b)
	t.Cleanup(func() {
		b.server.Close()
		b.transport.CloseIdleConnections()
	})
	return b
}

func (b *balancer) url() string { return b.server.URL }

func (b *balancer) add(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.behind = append(b.behind, address)
}

// remove takes a gateway out, as a balancer does that finds it not ready.
func (b *balancer) remove(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.behind = slices.DeleteFunc(b.behind, func(a string) bool { return a == address })
}

func (b *balancer) next() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.behind) == 0 {
		return nil
	}
	first := int(b.turn.Add(1)) % len(b.behind)
	return append(append([]string(nil), b.behind[first:]...), b.behind[:first]...)
}

// ServeHTTP implements [http.Handler].
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, address := range b.next() {
		if b.forward(w, r, address, body) {
			return
		}
	}
	http.Error(w, "no gateway answers", http.StatusBadGateway)
}

func (b *balancer) forward(w http.ResponseWriter, r *http.Request, address string, body []byte) bool {
	request, err := http.NewRequestWithContext(r.Context(), r.Method, address+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return false
	}
	request.Header = r.Header.Clone()
	reply, err := b.transport.RoundTrip(request)
	if err != nil {
		return false
	}
	defer func() { _ = reply.Body.Close() }()
	w.Header().Set("Content-Type", reply.Header.Get("Content-Type"))
	w.WriteHeader(reply.StatusCode)
	_, _ = io.Copy(w, reply.Body)
	return true
}

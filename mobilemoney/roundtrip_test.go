package mobilemoney_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/mobilemoney"
)

const (
	buyer  = escrow.Phone("+254722000000")
	seller = escrow.Phone("+254733111222")
)

// world is a client, its callbacks and a bank, each on a port of its own.
type world struct {
	t      *testing.T
	client *mobilemoney.Client
	box    *inbox
	bank   *simulator.Sim
	phones string // base URL of the simulated phones

	expected atomic.Pointer[error] // what a validation is answered with; nil accepts
}

func newWorld(t *testing.T, faults simulator.Faults, change ...func(*mobilemoney.Config)) *world {
	t.Helper()
	w := &world{t: t, box: &inbox{}}
	gateway := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	providers := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	gatewayURL, serveGateway := listen(t, gateway)
	phonesURL, servePhones := listen(t, providers)
	w.phones = phonesURL
	w.bank = newBank(t, gatewayURL, faults)
	w.bank.Register(providers)
	cfg := config(t, w.phones+"/sim/daraja")
	cfg.PublicURL, cfg.Now = gatewayURL, time.Now
	for _, f := range change {
		f(&cfg)
	}
	w.client = newClient(t, cfg, &memory{})
	w.client.Register(gateway.Group("/mm"), w.box)
	w.client.RegisterTill(gateway.Group("/mm"), w.box, func(context.Context, escrow.Arrival) error {
		if err := w.expected.Load(); err != nil {
			return *err
		}
		return nil
	})
	serveGateway()
	servePhones()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = w.bank.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		_ = w.bank.Close()
	})
	return w
}

// newBank opens the simulated M-Pesa with a buyer and a seller.
func newBank(t *testing.T, gatewayURL string, faults simulator.Faults) *simulator.Sim {
	t.Helper()
	bank, err := simulator.New(t.Context(), simulator.Config{
		GatewayURL: gatewayURL, ConsumerKey: "key", ConsumerSecret: "secret", Passkey: passkey,
		BusinessShortCode: "174379", B2CShortCode: "600992", InitiatorName: "escrowapi", InitiatorPassword: "Pa55#word",
		Key: shared(), Faults: faults, CallbackDelay: time.Millisecond,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := bank.Seed(
		simulator.Person{Number: string(buyer), Name: "Amina Wanjiru", PIN: "1234", WalletCents: 50_000_00},
		simulator.Person{Number: string(seller), Name: "Otieno Mbugua", PIN: "4321", WalletCents: 1_000_00},
	); err != nil {
		t.Fatal(err)
	}
	return bank
}

// listen takes a port on loopback at once, and serves the app on it when its
// routes are complete.
func listen(t *testing.T, app *fiber.App) (string, func()) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		_ = app.ShutdownWithTimeout(time.Second)
		serving.Wait()
	})
	return "http://" + listener.Addr().String(), func() {
		serving.Go(func() { _ = app.Listener(listener) })
	}
}

func order(kind escrow.TransferKind, phone escrow.Phone) escrow.Transfer {
	return escrow.Transfer{
		ID: uuid.Must(uuid.NewV7()), Kind: kind, Method: methodOf(kind), Amount: escrow.Shillings(1500), Ref: "40718263",
		Party: escrow.Party{Phone: phone},
	}
}

// act answers the prompt on the buyer's phone, and reports whether it could be
// done.
func (w *world) act(body string) bool { return w.press("prompt", body) }

// press uses the buyer's phone, and reports whether it could be done.
func (w *world) press(what, body string) bool {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost,
		w.phones+"/sim/phones/"+url.PathEscape(string(buyer))+"/"+what, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// hears waits for the nth callback of a kind about a transfer, and decodes it.
func (w *world) hears(kind string, id uuid.UUID, n int) escrow.Finding {
	w.t.Helper()
	var found escrow.Finding
	testkit.Eventually(w.t, kind+" callback", func() bool {
		seen := 0
		for _, k := range w.box.list() {
			if k.kind != kind || !strings.HasPrefix(k.key, id.String()) {
				continue
			}
			seen++
			if seen < n {
				continue
			}
			about, f, err := mobilemoney.Decode(k.kind, k.key, []byte(k.body))
			if err != nil || about != id {
				w.t.Fatalf("decode: %s, %v", about, err)
			}
			found = f
			return true
		}
		return false
	})
	return found
}

// collect has the buyer pay.
func (w *world) collect() escrow.Finding {
	w.t.Helper()
	asked := order(escrow.Collect, buyer)
	same(w.t, "push", w.client.Submit(w.t.Context(), asked).Outcome, escrow.Taken)
	if !w.act(`{"pin":"1234"}`) {
		w.t.Fatal("the phone shows no prompt")
	}
	return w.hears("stk", asked.ID, 1)
}

func (w *world) statement() simulator.Statement {
	w.t.Helper()
	st, err := w.bank.Statement()
	if err != nil {
		w.t.Fatal(err)
	}
	return st
}

func TestADealOnTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{DuplicateSTKCallback: 2, DuplicateB2CResult: 2})
	paid := w.collect()
	st := w.statement()
	if paid.Verdict != escrow.Moved || paid.Amount != 150_000 || paid.Receipt != st.Movements[len(st.Movements)-1].Receipt ||
		paid.Payer != buyer.MSISDN() {
		t.Fatalf("paid: %+v", paid)
	}
	w.bank.RevokeTokens()
	out := order(escrow.Payout, seller)
	sent := w.client.Submit(t.Context(), out)
	if sent.Outcome != escrow.Taken || sent.ProviderID == "" {
		t.Fatalf("payout: %+v", sent)
	}
	got := w.hears("b2c", out.ID, 1)
	if got.Verdict != escrow.Moved || got.Amount != 150_000 || got.Payee != "OTIENO MBUGUA" || got.Receipt == "" {
		t.Errorf("paid out: %+v", got)
	}
	again := w.client.Submit(t.Context(), out)
	same(t, "sent again", again.Outcome, escrow.Taken)
	st = w.statement()
	same(t, "seller", st.Wallets[string(seller)], 2_500_00)
	same(t, "buyer", st.Wallets[string(buyer)], 48_500_00)
	same(t, "put aside", w.box.aside, 0)
	same(t, "callbacks that are worked", len(w.box.list()), 2)
	assertImpersonal(t, w.box, buyer.MSISDN()[3:], seller.MSISDN()[3:])
}

func TestPromptsThatAreNotPaid(t *testing.T) {
	t.Parallel()
	for code, answer := range map[string]string{"1032": `{"cancel":true}`, "2001": `{"pin":"0000"}`} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.Faults{})
			asked := order(escrow.Collect, buyer)
			asked.ProviderID = w.client.Submit(t.Context(), asked).ProviderID
			second := order(escrow.Collect, buyer)
			busy := w.client.Submit(t.Context(), second)
			if busy.Outcome != escrow.NotSent || busy.RetryAfter < time.Minute {
				t.Errorf("a second prompt: %+v", busy)
			}
			w.act(answer)
			got := w.hears("stk", asked.ID, 1)
			if got.Verdict != escrow.NotMoved || got.Code != code || got.Alarm {
				t.Errorf("got %+v", got)
			}
			looked := w.client.Look(t.Context(), asked)
			if looked.Verdict != escrow.NotMoved || looked.Code != code {
				t.Errorf("looked %+v", looked)
			}
		})
	}
}

func TestALostCallbackIsFoundByAQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{DropSTKCallback: true})
	asked := order(escrow.Collect, buyer)
	asked.ProviderID = w.client.Submit(t.Context(), asked).ProviderID
	w.act(`{"pin":"1234"}`)
	got := w.client.Look(t.Context(), asked)
	if got.Verdict != escrow.Moved || got.Receipt != "" {
		t.Errorf("got %+v", got)
	}
}

func TestALostAnswerIsUnknownUntilTheCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{DropSTKResponse: true})
	asked := order(escrow.Collect, buyer)
	sent := w.client.Submit(t.Context(), asked)
	if sent.Outcome != escrow.Unknown || sent.ProviderID != "" {
		t.Fatalf("sent: %+v", sent)
	}
	w.act(`{"pin":"1234"}`)
	got := w.hears("stk", asked.ID, 1)
	if got.Verdict != escrow.Moved || got.Amount != 150_000 {
		t.Errorf("got %+v", got)
	}
	same(t, "buyer", w.statement().Wallets[string(buyer)], 48_500_00)
}

func TestACallbackMayComeBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{CallbackBeforeResponse: true})
	asked := order(escrow.Collect, buyer)
	answered := make(chan escrow.Submission, 1)
	go func() { answered <- w.client.Submit(t.Context(), asked) }()
	testkit.Eventually(t, "a prompt", func() bool { return w.act(`{"pin":"1234"}`) })
	got := w.hears("stk", asked.ID, 1)
	same(t, "callback", got.Verdict, escrow.Moved)
	answer := <-answered
	same(t, "answer", answer.Outcome, escrow.Taken)
	same(t, "prompt", got.ProviderID, answer.ProviderID)
}

func TestAQueueTimeoutIsSettledByAStatusQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{})
	w.collect()
	w.bank.SetFaults(simulator.Faults{B2CTimeoutInstead: true})
	out := order(escrow.Refund, seller)
	same(t, "payout", w.client.Submit(t.Context(), out).Outcome, escrow.Taken)
	same(t, "timeout", w.hears("b2c_timeout", out.ID, 1).Verdict, escrow.NoAnswer)
	for _, k := range w.box.list() {
		if k.kind == "b2c_timeout" && !strings.Contains(k.body, `"SecurityCredential":"[removed]"`) {
			t.Errorf("kept %s", k.body)
		}
	}
	assertFound(t, w, out)
}

func TestALostResultIsFoundByAStatusQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{DropB2CResult: true})
	w.collect()
	out := order(escrow.Payout, seller)
	same(t, "payout", w.client.Submit(t.Context(), out).Outcome, escrow.Taken)
	assertFound(t, w, out)
}

// assertFound asks twice about a payout that was made: both answers are worked.
func assertFound(t *testing.T, w *world, out escrow.Transfer) {
	t.Helper()
	for n := range 2 {
		same(t, "look", w.client.Look(t.Context(), out).Verdict, escrow.Processing)
		got := w.hears("status", out.ID, n+1)
		if got.Verdict != escrow.Moved || got.Amount != 150_000 || got.Receipt == "" || got.Payee != "OTIENO MBUGUA" {
			t.Errorf("found: %+v", got)
		}
	}
	same(t, "seller", w.statement().Wallets[string(seller)], 2_500_00)
}

func TestAStatusQueryAboutAPayoutNobodyKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{})
	out := order(escrow.Payout, seller)
	same(t, "look", w.client.Look(t.Context(), out).Verdict, escrow.Processing)
	got := w.hears("status", out.ID, 1)
	if got.Verdict != escrow.NeverSeen || got.Alarm {
		t.Errorf("got %+v", got)
	}
}

func TestPayoutsThatAreNotMade(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*mobilemoney.Config)
		fund   bool
		payee  escrow.Phone
		code   string
		alarm  bool
	}{
		"empty float":    {func(*mobilemoney.Config) {}, false, seller, "1", true},
		"wrong password": {func(c *mobilemoney.Config) { c.InitiatorPassword = "wrong" }, true, seller, "2001", true},
		"wrong name":     {func(c *mobilemoney.Config) { c.InitiatorName = "nobody" }, true, seller, "2001", true},
		"short code":     {func(c *mobilemoney.Config) { c.B2CShortCode = "600000" }, true, seller, "2028", true},
		"no wallet":      {func(*mobilemoney.Config) {}, true, "+254711999888", "2040", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.Faults{}, c.change)
			if c.fund {
				w.collect()
			}
			out := order(escrow.Payout, c.payee)
			same(t, "payout", w.client.Submit(t.Context(), out).Outcome, escrow.Taken)
			got := w.hears("b2c", out.ID, 1)
			if got.Verdict != escrow.NotMoved || got.Code != c.code || got.Alarm != c.alarm {
				t.Errorf("got %+v", got)
			}
			same(t, "seller", w.statement().Wallets[string(seller)], 1_000_00)
		})
	}
}

func TestMerchantMistakesAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*mobilemoney.Config){
		"passkey":  func(c *mobilemoney.Config) { c.Passkey = "wrong" },
		"merchant": func(c *mobilemoney.Config) { c.ShortCode = "600000" },
	} {
		w := newWorld(t, simulator.Faults{}, change)
		got := w.client.Submit(t.Context(), order(escrow.Collect, buyer))
		if got.Outcome != escrow.Refused || !got.Alarm || got.Code != "500.001.1001" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAFirewallBeforeTheTokensSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{OAuth503HTML: true})
	got := w.client.Submit(t.Context(), order(escrow.Collect, buyer))
	if got.Outcome != escrow.NotSent || got.Alarm {
		t.Errorf("got %+v", got)
	}
	w.bank.SetFaults(simulator.Faults{})
	same(t, "afterwards", w.client.Submit(t.Context(), order(escrow.Collect, buyer)).Outcome, escrow.Taken)
}

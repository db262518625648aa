package simulator

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// again starts a new simulator on what the last one left.
func (w *world) again(cfg Config) *world {
	w.t.Helper()
	w.stop()
	return startWorld(w.t, w.gateway, cfg, nil)
}

func keptConfig(t *testing.T, g *fakeGateway, clk *clock) Config {
	t.Helper()
	cfg := testConfig(g)
	cfg.DataFile, cfg.Now = filepath.Join(t.TempDir(), "a bank#1?.db"), clk.now
	return cfg
}

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	clk, g := newClock(), newGateway(t)
	cfg := keptConfig(t, g, clk)
	w := startWorld(t, g, cfg, nil)
	if _, err := os.Stat(cfg.DataFile); err != nil {
		t.Fatal(err)
	}
	w.fund("5000")
	w.post(pathB2C, w.b2cFields("id-1", "1450"))
	w.sms("atsk_test", "message", "1234: paid")
	id := w.push("200")
	before, bank := w.state(), w.adds()

	w = w.again(cfg)
	after := w.state()
	for _, number := range []string{buyer, seller} {
		same2(t, number, encode(t, phoneIn(t, after, number)), encode(t, phoneIn(t, before, number)))
	}
	same2(t, "statement", encode(t, w.adds()), encode(t, bank))
	// The open prompt can be answered, the used id stays used.
	w.do(buyer, "prompt", fields{"pin": "1234"})
	same2(t, "query", w.query(id)["ResultCode"], any("0"))
	_, answer := w.post(pathB2C, w.b2cFields("id-1", "1450"))
	same2(t, "payout again", answer["errorMessage"], any("Duplicate OriginatorConversationID."))
	same2(t, "utility", w.adds().UtilityCents, 5000_00-1450_00+200_00)
}

// TestCrashBetweenMoneyAndCallback stops the simulator after the movement is
// booked and before its callback is due. The callback still comes, once.
func TestCrashBetweenMoneyAndCallback(t *testing.T) {
	t.Parallel()
	clk, g := newClock(), newGateway(t)
	cfg := keptConfig(t, g, clk)
	w := startWorld(t, g, cfg, nil)
	w.fund("5000")
	w.post(pathB2C, w.b2cFields("id-1", "1450"))
	same2(t, "nothing told", len(g.at("/cb/s/1"))+len(g.at("/cb/r/1")), 0)

	w = w.again(cfg)
	clk.advance(time.Second)
	g.wait(t, "/cb/s/1", 1)
	g.wait(t, "/cb/r/1", 1)
	w.settled()
	w = w.again(cfg)
	clk.advance(time.Second)
	w.turn()
	same2(t, "payment told", len(g.at("/cb/s/1")), 1)
	same2(t, "payout told", len(g.at("/cb/r/1")), 1)
	same2(t, "utility", w.adds().UtilityCents, 3550_00)
}

// TestCrashDuringDelivery stops the simulator while the gateway has the
// callback and has not answered: it is told again after the restart.
func TestCrashDuringDelivery(t *testing.T) {
	t.Parallel()
	clk, g := newClock(), newGateway(t)
	cfg := keptConfig(t, g, clk)
	w := startWorld(t, g, cfg, nil)
	release := g.hold(t, "/cb/s/1")
	w.fund("100")
	clk.advance(time.Second)
	first := g.wait(t, "/cb/s/1", 1)[0]
	w.stop()
	release()
	w = w.again(cfg)
	second := g.wait(t, "/cb/s/1", 2)[1]
	same2(t, "the same bytes", second.body, first.body)
	w.turn()
	same2(t, "told", len(g.at("/cb/s/1")), 2)
}

// TestGatewayAway has nobody listening: the callback is tried every second
// until the gateway is back, and is dropped in the end.
func TestGatewayAway(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	// Not a port that was just closed: another test may be given it.
	push := w.stkFields("100").with("CallBackURL", "http://127.0.0.1:1/cb/s/1")
	w.post(pathSTK, push)
	w.do(buyer, "prompt", fields{"cancel": true})
	for attempt := range 3 {
		clk.advance(refusedRetry)
		w.waitForAttempts(attempt + 1)
	}
	clk.advance(refusedGiveUp)
	eventually(t, "the callback to be dropped", func() bool {
		n, err := w.sim.pendingFor(t.Context(), w.lastCheckout())
		return err == nil && n == 0
	})
	for _, e := range w.state().Wire {
		if e.Kind == kindSTKCallback {
			same2(t, "wire status", e.Status, 0)
		}
	}
}

// settled waits until no callback is owed.
func (w *world) settled() {
	w.t.Helper()
	eventually(w.t, "the callbacks to be settled", func() bool {
		owed := 1
		err := w.sim.db.GetContext(w.t.Context(), &owed, `SELECT count(*) FROM callbacks`)
		return err == nil && owed == 0
	})
}

func (w *world) lastCheckout() string {
	w.t.Helper()
	var id string
	must(w.t, w.sim.db.GetContext(w.t.Context(), &id, `SELECT id FROM prompts ORDER BY created_at DESC LIMIT 1`))
	return id
}

func TestDataFileErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := New(t.Context(), Config{DataFile: folder}, nil); err == nil {
		t.Error("opened a folder")
	}
	broken := filepath.Join(folder, "broken.db")
	must(t, os.WriteFile(broken, []byte("this is no database, whatever its name says"), 0o600))
	if _, err := New(t.Context(), Config{DataFile: broken}, nil); err == nil {
		t.Error("opened a broken file")
	}
}

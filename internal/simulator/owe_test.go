package simulator

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// testDelay is the callback delay of [testConfig].
const testDelay = time.Millisecond

func TestDelayAndShuffle(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, faulty(Faults{DelayMillis: 2000}), func(c *Config) { c.Now = clk.now })
	w.fund("100")
	clk.advance(2 * time.Second)
	w.turn()
	same2(t, "too early", len(w.gateway.at("/cb/s/1")), 0)
	clk.advance(testDelay)
	w.gateway.wait(t, "/cb/s/1", 1)
}

// TestShuffle lets callbacks overtake one another, the same ones for the same seed.
func TestShuffle(t *testing.T) {
	t.Parallel()
	order := func(seed uint64) string {
		clk, g := newClock(), newGateway(t)
		cfg := testConfig(g)
		cfg.Now, cfg.Seed, cfg.Faults = clk.now, seed, Faults{ShuffleMillis: 60_000}
		sim := quiet(t, cfg)
		w := &world{t: t, gateway: g}
		fundQuietly(t, sim, "5000")
		for _, id := range []string{"a", "b", "c", "d", "e"} {
			_, err := sim.b2c(t.Context(), []byte(encode(t, w.b2cFields(id, "100"))))
			must(t, err)
		}
		clk.advance(2 * time.Minute)
		_, err := sim.Step(t.Context())
		must(t, err)
		var text strings.Builder
		for _, h := range g.at("/cb/r/1") {
			text.WriteString(decode[resultCallback](t, h.body).Result.OriginatorConversationID)
		}
		return text.String()
	}
	first := order(3)
	same2(t, "letters", len(first), 5)
	same2(t, "the same seed", order(3), first)
	for seed := uint64(4); ; seed++ {
		if order(seed) != first {
			break
		}
		if seed == 10 {
			t.Fatal("no seed shuffles")
		}
	}
}

// quiet is a simulator that nobody runs: its story goes on by [Sim.Step].
func quiet(t *testing.T, cfg Config) *Sim {
	t.Helper()
	sim, err := New(t.Context(), cfg, nil)
	must(t, err)
	t.Cleanup(func() { must(t, sim.Close()) })
	must(t, sim.Seed(
		Person{Number: buyer, Name: "Wanjiku", PIN: "1234", WalletCents: 50_000_00},
		Person{Number: seller, Name: "Otieno", PIN: "4321", WalletCents: 1_000_00},
	))
	return sim
}

func fundQuietly(t *testing.T, sim *Sim, amount string) {
	t.Helper()
	must(t, sim.payBill(t.Context(), buyer, phoneBody{PIN: "1234", Business: "174379", Account: "1", Amount: amount}))
}

func TestPercentages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults Faults
		copies int
	}{
		"drop":      {Faults{DropPercent: 100}, 0},
		"duplicate": {Faults{DuplicatePercent: 100}, 2},
		"neither":   {Faults{}, 1},
	} {
		clk, g := newClock(), newGateway(t)
		cfg := testConfig(g)
		cfg.Now, cfg.Faults = clk.now, c.faults
		sim := quiet(t, cfg)
		fundQuietly(t, sim, "500")
		_, err := sim.b2c(t.Context(), []byte(encode(t, (&world{gateway: g}).b2cFields("a", "100"))))
		must(t, err)
		clk.advance(time.Second)
		n, err := sim.Step(t.Context())
		must(t, err)
		same2(t, name, n, c.copies)
		same2(t, name, len(g.at("/cb/r/1")), c.copies)
	}
}

// TestCallbackRetries repeats what was not answered 2xx, as often as told.
func TestCallbackRetries(t *testing.T) {
	t.Parallel()
	for _, retries := range []int{0, 3} {
		clk := newClock()
		w := newWorld(t, faulty(Faults{CallbackRetries: retries}), func(c *Config) { c.Now = clk.now })
		w.gateway.reply(func(hit) (int, string) { return http.StatusInternalServerError, "" })
		w.fund("100")
		clk.advance(testDelay)
		for told := 1; told <= retries+1; told++ {
			w.gateway.wait(t, "/cb/s/1", told)
			w.settledBy(clk)
		}
		w.turn()
		same2(t, "told", len(w.gateway.at("/cb/s/1")), retries+1)
	}
}

// settledBy waits until nothing is due, and moves the clock to when the next is.
func (w *world) settledBy(clk *clock) {
	w.t.Helper()
	eventually(w.t, "the callback to be settled", func() bool {
		at, owed, err := w.sim.Due(w.t.Context())
		if err != nil || owed && !at.After(clk.now()) {
			return false
		}
		if owed {
			clk.advance(at.Sub(clk.now()))
		}
		return true
	})
}

// TestStep plays a story on a virtual clock, without a goroutine of its own.
func TestStep(t *testing.T) {
	t.Parallel()
	clk, g := newClock(), newGateway(t)
	cfg := testConfig(g)
	cfg.Now = clk.now
	sim := quiet(t, cfg)
	_, owed, err := sim.Due(t.Context())
	must(t, err)
	same2(t, "nothing owed", owed, false)
	_, err = sim.stkPush(t.Context(), []byte(encode(t, (&world{gateway: g}).stkFields("100"))))
	must(t, err)
	at, _, err := sim.Due(t.Context())
	must(t, err)
	same2(t, "the prompt's end", at, clk.now().Add(time.Minute))
	n, err := sim.Step(t.Context())
	must(t, err)
	same2(t, "nothing due", n, 0)
	clk.advance(time.Minute)
	n, err = sim.Step(t.Context())
	must(t, err)
	same2(t, "the callback takes its time", n, 0)
	clk.advance(testDelay)
	n, err = sim.Step(t.Context())
	must(t, err)
	same2(t, "told", n, 1)
	same2(t, "code", decode[stkCallback](t, g.at("/cb/s/1")[0].body).Body.STKCallback.ResultCode, resultUnreachable)
}

// TestSeed makes two simulators tell the same story to the letter.
func TestSeed(t *testing.T) {
	t.Parallel()
	story := func(seed uint64) string {
		clk := newClock()
		cfg := testConfig(noGateway())
		cfg.Now, cfg.Seed = clk.now, seed
		sim := quiet(t, cfg)
		fundQuietly(t, sim, "500")
		a, err := sim.b2c(t.Context(), []byte(encode(t, (&world{gateway: noGateway()}).b2cFields("a", "100"))))
		must(t, err)
		st, err := sim.Statement()
		must(t, err)
		return encode(t, st) + encode(t, a.body)
	}
	same2(t, "story", story(1), story(1))
	if story(1) == story(2) {
		t.Error("two seeds tell one story")
	}
}

package sim

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// world is one run of the simulation.
type world struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // the one context of a test
	seed uint64
	plan plan

	policy escrow.Policy
	dice   dice
	clock  *clock
	begin  time.Time
	agenda *agenda
	trace  *trace
	faults *faults

	store *store.Store
	codes *escrow.Codes
	queue *queue
	gate  *gateway // nil while the gateway is down
	bank  *bank
	post  *postbox
	crowd *crowd
	staff *staff

	steps  int
	inside int       // how many calls into the process are under way, one in the other
	owed   bool      // the gateway has still to note its pulse
	pulsed time.Time // when the pulse was last moved on
	worked time.Duration
	since  time.Time // when the gateway last came up or went down
	wrote  bool      // a transaction was committed since the queue was read
	swept  time.Time
}

// plan says how much of a world there is to be.
type plan struct {
	steps int // with faults; what follows without is not counted in
	open  storetest.Opener
	rates map[fault]float64 // instead of those that are drawn
	deals int               // that are made, instead of as many as fit
}

// opening is when every world begins: a Thursday morning in East Africa, far
// ahead of any real clock, because River dates by that what is due at once.
func opening() time.Time { return time.Date(2040, 1, 5, 6, 0, 0, 0, time.UTC) }

func newWorld(t *testing.T, seed uint64, p plan) *world {
	t.Helper()
	cryptotest.SetGlobalRandom(t, seed) // references, nonces, ids
	w := &world{
		t: t, ctx: t.Context(), seed: seed, plan: p, begin: opening(),
		dice: newDice(seed, "world"), agenda: &agenda{}, trace: newTrace(), faults: newFaults(seed),
	}
	if p.rates != nil {
		w.faults.rates = p.rates
	}
	w.policy = drawPolicy(seed)
	w.clock = &clock{true: w.begin}
	w.since = w.begin
	w.store = p.open(t, w.clock.now)
	codes, err := escrow.NewCodes(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	w.codes = codes
	w.queue = &queue{db: w.store.Driver().GetExecutor()}
	w.post = &postbox{w: w, dice: newDice(seed, "post")}
	w.bank = newBank(w)
	w.crowd = newCrowd(w)
	w.staff = newStaff(w)
	if seed == *theSeed {
		w.trace.sink = func(line string) { fmt.Fprintln(os.Stdout, line) }
	}
	w.boot()
	return w
}

// run plays the world: first with faults, and only safety is asked for; then
// without, until everything is settled.
func (w *world) run() {
	w.tick()
	w.misfortunes()
	w.crowd.begin()
	w.staff.rounds()
	w.bank.balances()
	for w.steps < w.plan.steps && w.step() {
		if w.steps%checkEvery == 0 {
			w.checkSafety()
		}
	}
	w.calm()
	w.checkSafety()
	w.checkRest()
}

const (
	// checkEvery is how many steps lie between two checks of everything.
	checkEvery = 250
	// stillActing is how long people go on with the deals that they have.
	stillActing = 6 * 24 * time.Hour
	// calmDays is how long everything may take to settle.
	calmDays = 45
	// calmSteps is far above what that takes.
	calmSteps = 50_000
)

// calm ends the faults and lets time pass.
func (w *world) calm() {
	w.notef("no more faults")
	w.faults.off, w.crowd.settled = true, true
	w.bank.repair()
	w.in(stillActing, func() {
		w.crowd.quiet = true
		w.bank.pull()
		w.refresh()
	})
	end, last := w.clock.true.Add(calmDays*24*time.Hour), w.steps+calmSteps
	for w.clock.true.Before(end) && w.step() {
		if w.steps > last {
			w.failf("it never becomes quiet")
		}
	}
}

// step does the next thing there is to do, and reports whether there was one.
func (w *world) step() bool {
	at, planned := w.agenda.next()
	if due, waits := w.queue.next(); waits && w.gate != nil {
		if due = due.Add(-w.clock.skew); due.Before(w.clock.true) {
			due = w.clock.true
		}
		if !planned || due.Before(at) {
			w.advance(due)
			w.steps++
			w.work(pick(w.dice, first(w.queue.due(w.clock.now()), workers)))
			w.after()
			return true
		}
	}
	if !planned {
		return false
	}
	w.advance(at)
	w.agenda.take()()
	w.after()
	return true
}

// workers is how many of the due jobs may come first, as with that many workers.
const workers = 8

func first[T any](list []T, n int) []T { return list[:min(n, len(list))] }

func (w *world) advance(to time.Time) {
	if to.After(w.clock.true) {
		w.clock.true = to
	}
	w.keepPulse()
}

// after lets the step have taken some time, and sweeps when it is time.
func (w *world) after() {
	w.refresh()
	w.clock.true = w.clock.true.Add(w.dice.between(time.Millisecond, 40*time.Millisecond))
	const sweepEvery = 10 * time.Minute
	if w.gate == nil || w.clock.true.Sub(w.swept) < sweepEvery {
		return
	}
	w.swept = w.clock.true
	w.alive(func() {
		if err := w.gate.service.Sweep(w.ctx); err != nil && !isInjected(err) {
			w.failf("sweep: %v", err)
		}
	})
	w.refresh()
}

func (w *world) refresh() {
	if !w.wrote {
		return
	}
	w.wrote = false
	if err := w.queue.refresh(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

// in makes an appointment.
func (w *world) in(d time.Duration, do func()) {
	w.agenda.add(w.clock.true.Add(d), func() {
		w.steps++
		do()
	})
}

func (w *world) notef(format string, args ...any) {
	w.trace.notef(w.steps, w.clock.true.Sub(w.begin), format, args...)
}

// tick keeps time passing in front of the sweeper while nothing else happens. It
// is no step.
func (w *world) tick() {
	const often, calm = 2 * time.Hour, 6 * time.Hour
	pause := often
	if w.faults.off {
		pause = calm
	}
	w.agenda.add(w.clock.true.Add(pause), w.tick)
}

// misfortunes plans what befalls the gateway as a whole.
func (w *world) misfortunes() {
	w.recurring(downtime, func() {
		if w.gate != nil {
			pause := w.faults.dice.between(10*time.Minute, 8*time.Hour)
			w.notef("DOWN for %s", pause)
			w.stop(pause)
		}
	})
	w.recurring(clockStep, func() {
		step := pick(w.faults.dice, []time.Duration{24 * time.Hour, -24 * time.Hour, time.Hour, -time.Hour, time.Minute})
		if w.clock.skew += step; w.clock.skew > 48*time.Hour || w.clock.skew < -48*time.Hour {
			w.clock.skew = 0
		}
		w.owe()
		w.notef("CLOCK is now off by %s", w.clock.skew)
	})
	w.recurring(floatEmpty, w.bank.drain)
	w.recurring(initiatorLocked, w.bank.lock)
}

// recurring plans a misfortune every other day or so, if the plan has it.
func (w *world) recurring(kind fault, happen func()) {
	if w.faults.rates[kind] == 0 {
		return
	}
	var again func()
	again = func() {
		if w.faults.off {
			return
		}
		w.faults.count[kind]++
		happen()
		w.in(w.faults.dice.between(2*time.Hour, 4*24*time.Hour), again)
	}
	w.in(w.faults.dice.between(time.Minute, 24*time.Hour), again)
}

// fail reports a violation with everything that replays it, and ends the run.
func (w *world) failf(format string, args ...any) {
	w.t.Helper()
	story := "  " + strings.Join(w.trace.last, "\n  ") + "\n"
	again := fmt.Sprintf("make sim SEED=%d STEPS=%d", w.seed, w.plan.steps)
	if w.plan.rates != nil {
		again = fmt.Sprintf("go test ./internal/sim -v -count 1 -run %s -sim.seed %d", w.t.Name(), w.seed)
	}
	w.t.Fatalf("seed %d, step %d: %s\n%s  replay: %s", w.seed, w.steps, fmt.Sprintf(format, args...), story, again)
}

package sim

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

var (
	seeds      = flag.Int("sim.seeds", 4, "how many seeds are played")
	theSeed    = flag.Uint64("sim.seed", 0, "play this seed alone, and tell its whole story")
	steps      = flag.Int("sim.steps", 200, "steps with faults in each seed")
	lateSeeds  = flag.Int("sim.late", 3, "how many seeds to play in which payouts are paid after all")
	staffSeeds = flag.Int("sim.staff", 2, "how many seeds to play in which operators have much to do")
	engine     = flag.String("sim.engine", "sqlite", "the database: sqlite or postgres")
)

func thePlan() plan {
	p := plan{steps: *steps, open: storetest.SQLite}
	if *engine == "postgres" {
		p.open = storetest.Postgres
	}
	return p
}

// upTo lists the seeds to play: so many, or the one that is asked for.
func upTo(many int) []uint64 {
	if *theSeed != 0 {
		return []uint64{*theSeed}
	}
	list := make([]uint64, many)
	for n := range list {
		list[n] = uint64(n + 1)
	}
	return list
}

// The seeds are played one after the other: the source of randomness that makes
// ids and references replay is the whole process's.
//
//nolint:paralleltest // as said
func TestSeeds(t *testing.T) {
	total := newReport()
	for _, seed := range upTo(*seeds) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			w := newWorld(t, seed, thePlan())
			w.run()
			total.add(w)
			t.Logf("seed %d: %d steps, trace %s", seed, w.steps, w.trace.sum())
		})
	}
	t.Log(total)
}

func TestTheSameSeedIsTheSameStory(t *testing.T) { //nolint:paralleltest // as above
	const seed, short = 4711, 60
	var sums []string
	for range 2 {
		w := newWorld(t, seed, plan{steps: short, open: storetest.SQLite})
		w.run()
		sums = append(sums, w.trace.sum())
	}
	if sums[0] != sums[1] {
		t.Errorf("seed %d was %s and then %s", seed, sums[0], sums[1])
	}
	other := newWorld(t, seed+1, plan{steps: short, open: storetest.SQLite})
	other.run()
	if other.trace.sum() == sums[0] {
		t.Error("two seeds are the same story")
	}
}

// Payouts fail, are ordered again, and are paid after all while the next attempt is
// on its way and nothing is known of it. Few seeds draw all of that at once.
//
//nolint:paralleltest // as above
func TestPayoutsThatArePaidAfterAll(t *testing.T) {
	rates := map[fault]float64{
		payeeUnreachable: 0.6, paidLate: 1, requestLost: 0.4, busy: 0.4, answerLost: 0.2, turnedAway: 0.15,
	}
	paid := map[fault]int{}
	for _, seed := range upTo(*lateSeeds) {
		w := newWorld(t, seed, plan{steps: 450, open: storetest.SQLite, rates: rates})
		w.run()
		w.faults.add(paid)
	}
	if paid[paidLate] == 0 || paid[turnedAway] == 0 {
		t.Errorf("of all that was to happen there was %v", paid)
	}
	t.Log(paid)
}

// Payouts fail and stay silent, and operators do everything that docs/operating.md
// tells them to. Few seeds draw all of that at once.
//
//nolint:paralleltest // as above
func TestOperatorsWorkEverything(t *testing.T) {
	rates := map[fault]float64{
		payeeUnreachable: 0.5, paidLate: 0.3, requestLost: 0.2, queryFails: 0.7, callbackLost: 0.3, answerLost: 0.2,
		turnedAway: 0.1, commitUnsure: 0.02, crashAfterCommit: 0.02, initiatorLocked: 1, floatEmpty: 1,
	}
	done := newReport()
	for _, seed := range upTo(*staffSeeds) {
		w := newWorld(t, seed, plan{steps: 1_500, deals: 60, open: storetest.SQLite, rates: rates})
		w.run()
		done.add(w)
	}
	const enough = 20 // seeds, in which everything happens
	for _, what := range allDeeds() {
		if often := what == didRule || what == didClose || what == wasRefused; done.deeds[what] == 0 && (often || done.seeds >= enough) {
			t.Errorf("of the operators' acts none was: %s", what)
		}
	}
	t.Log(done)
}

// report is what all seeds came to.
type report struct {
	seeds, steps, contracts, payments int
	moves                             map[escrow.Method]int // at the bank
	states                            map[escrow.State]int
	faults                            map[fault]int
	deeds                             map[deed]int // of the operators
	virtual                           time.Duration
	begin                             time.Time
}

func newReport() *report {
	return &report{
		states: map[escrow.State]int{}, faults: map[fault]int{}, moves: map[escrow.Method]int{}, deeds: map[deed]int{},
		begin: time.Now(),
	}
}

func (r *report) add(w *world) {
	r.seeds++
	r.steps += w.steps
	r.payments += len(w.bank.inList)
	for _, o := range w.bank.list {
		if o.paid {
			r.moves[o.Method]++
		}
	}
	r.virtual += w.clock.true.Sub(w.begin)
	for _, o := range w.read().overviews {
		r.contracts++
		r.states[o.Contract.State]++
	}
	w.faults.add(r.faults)
	for what, n := range w.staff.done {
		r.deeds[what] += n
	}
}

// String tells it in a few lines.
func (r *report) String() string {
	wall := time.Since(r.begin)
	virtual := r.virtual.Hours() / 24
	var b strings.Builder
	fmt.Fprintf(&b, "%d seeds, %d steps, %d contracts, %.0f simulated days in %s: %.0f steps and %.1f days a second\n",
		r.seeds, r.steps, r.contracts, virtual, wall.Round(time.Millisecond),
		float64(r.steps)/wall.Seconds(), virtual/wall.Seconds())
	fmt.Fprintf(&b, "the bank took %d payments in, %d of them by prompt; it paid %d out and took %d back\n",
		r.payments, r.moves[escrow.MethodSTK], r.moves[escrow.MethodB2C], r.moves[escrow.MethodReversal])
	b.WriteString("states:")
	for _, state := range escrow.States() {
		fmt.Fprintf(&b, " %s %d,", state, r.states[state])
	}
	b.WriteString("\noperators:")
	for _, what := range allDeeds() {
		fmt.Fprintf(&b, " %s %d,", what, r.deeds[what])
	}
	b.WriteString("\nfaults:\n")
	for _, kind := range sortedFaults(r.faults) {
		fmt.Fprintf(&b, "  %6d %s\n", r.faults[kind], kind)
	}
	return b.String()
}

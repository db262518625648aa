package sim

import (
	"context"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// The pulse is kept every half minute, which would be most of all steps. So it is
// moved on in one go over time in which the gateway was up and nothing happened;
// only after a start or a step of the clock does the gateway itself note what it
// missed.

// owe makes the gateway's own next pulse due, as its periodic job does.
func (w *world) owe() {
	w.owed = true
	w.agenda.add(w.clock.true.Add(w.dice.between(0, escrow.PulseEvery)), w.beat)
}

func (w *world) beat() {
	if w.gate == nil || !w.owed {
		return // the next start comes back to it
	}
	var err error
	if w.alive(func() { err = w.gate.service.Beat(w.ctx) }) && err == nil {
		w.owed = false
		return
	}
	w.agenda.add(w.clock.true.Add(escrow.PulseEvery), w.beat)
}

// keepPulse moves the pulse to now, where it was kept all the time.
func (w *world) keepPulse() {
	if w.gate == nil || w.owed || w.clock.true.Sub(w.pulsed) < escrow.PulseEvery {
		return
	}
	w.pulsed = w.clock.true
	err := w.store.InTx(w.ctx, func(ctx context.Context, tx escrow.Tx) error {
		last, err := tx.Pulse(ctx)
		if err != nil {
			return err
		}
		_, err = tx.SetPulse(ctx, last, w.clock.now())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// uptime is how long the gateway has worked so far. What was too short to count as
// an outage counts as work.
func (w *world) uptime() time.Duration {
	if w.gate == nil {
		return w.worked
	}
	return w.worked + w.clock.true.Sub(w.since)
}

// wentDown and cameUp keep the uptime.
func (w *world) wentDown() { w.worked, w.since = w.uptime(), w.clock.true }

func (w *world) cameUp() {
	const unseen = 2*time.Minute + escrow.PulseEvery
	if down := w.clock.true.Sub(w.since); down <= unseen {
		w.worked += down
	}
	w.since = w.clock.true
}

// checkFair looks at what a deadline has just done: nobody may have had less time
// in which they could have acted than they were promised. A seller's word may have
// counted later than it was first given, never sooner.
func (w *world) checkFair(d *deal) {
	if d == nil {
		return
	}
	c, _, err := w.store.FindContract(w.ctx, d.ref)
	if err != nil {
		w.t.Fatal(err)
	}
	events, err := w.store.Events(w.ctx, c.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	policy, last := escrow.DefaultPolicy(), events[len(events)-1]
	switch {
	case d.ended:
		return
	case last.Event == string(escrow.EventExpire) && last.From == string(escrow.Pending):
		w.had(d, d.born, policy.AgreeWithin, last)
	case last.Event == string(escrow.EventInspectionOver):
		w.had(d, d.handed, policy.Inspection, last)
	default:
		return
	}
	d.ended = true
}

func (w *world) had(d *deal, since, promised time.Duration, e escrow.AuditEvent) {
	w.t.Helper()
	// A clock that is stepped by less than an outage is not noticed.
	const pulse, unnoticed = 2 * escrow.PulseEvery, 2 * time.Minute
	slack := pulse + time.Duration(w.faults.count[clockStep])*unnoticed
	if had := w.uptime() - since; had < promised-slack {
		w.failf("deal %d, %s: there were %s in which one could act, and %s were promised", d.n, e.Event, had, promised)
	}
}

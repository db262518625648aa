package escrow

import (
	"context"
	"slices"
	"time"
)

// Outage is a time in which the service did not work.
type Outage struct{ Began, Ended time.Time }

const (
	// PulseEvery is how often the service notes that it works.
	PulseEvery = 30 * time.Second
	// outageAfter is how long nothing must have been noted before it counts as
	// an outage: a busy machine misses one or two.
	outageAfter = 2 * time.Minute
)

// Beat notes that the service works, and what it missed since it last did. It is
// the work of [Pulse]. A clock that is stepped forward looks like an outage, and
// so takes nobody's time away; one that is stepped back is taken as it is.
func (s *Service) Beat(ctx context.Context) error {
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		now := s.now()
		last, err := tx.Pulse(ctx)
		if err != nil {
			return err
		}
		if gap := now.Sub(last); gap >= 0 && gap < PulseEvery/2 {
			return nil
		}
		// Of several processes one moves the pulse on and notes the outage.
		won, err := tx.SetPulse(ctx, last, now)
		if err != nil || !won || last.IsZero() || now.Sub(last) <= outageAfter {
			return err
		}
		s.log.WarnContext(ctx, "the service was down, deadlines are longer by that", "since", last, "for", now.Sub(last))
		return tx.AddOutage(ctx, Outage{Began: last, Ended: now})
	})
}

// countOutages makes the contract's deadline longer by the outages since it runs,
// each once, and returns by how much.
func (w *work) countOutages(ctx context.Context) (time.Duration, error) {
	d := &w.contract.Due
	outages, err := w.Outages(ctx, d.Armed)
	if err != nil {
		return 0, err
	}
	more := down(outages, d.Armed) - d.Counted
	if more <= 0 {
		return 0, nil
	}
	*d = d.shifted(more)
	d.Counted += more
	return more, nil
}

// down adds up outages from since on. Where a stepped clock made them overlap,
// the same time counts once.
func down(outages []Outage, since time.Time) time.Duration {
	slices.SortFunc(outages, func(a, b Outage) int { return a.Began.Compare(b.Began) })
	var sum time.Duration
	for _, o := range outages {
		if o.Began.Before(since) {
			o.Began = since
		}
		if o.Ended.After(o.Began) {
			sum += o.Ended.Sub(o.Began)
			since = o.Ended
		}
	}
	return sum
}

package escrow

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Books is the port to what the provider has on record about our accounts.
type Books interface {
	// Statement lists the payments by customers between two times, of which
	// M-Pesa keeps those of 48 hours (Daraja, pull transactions).
	Statement(ctx context.Context, from, to time.Time) ([]Arrival, error)
}

// Reconcile compares our books with the provider's, repairs what is certain
// through the same handlers that callbacks go through, and opens an operator
// item for what is not. It may run at any time and any number of times.
func (s *Service) Reconcile(ctx context.Context, w Window) (Reconciliation, error) {
	r := &Reconciliation{Window: w.within(s.now()), At: s.now()}
	for _, compare := range []func(context.Context, *Reconciliation) error{
		s.compareStatement, s.askAboutOpen, s.compareBalances,
	} {
		if err := compare(ctx, r); err != nil {
			return *r, err
		}
	}
	if err := s.store.KeepReconciliation(ctx, *r); err != nil {
		return *r, err
	}
	s.log.InfoContext(ctx, "reconciled", "lines", r.Lines, "placed", len(r.Placed), "differs", len(r.Differs),
		"missing", len(r.Missing), "asked", r.Asked, "settled", r.Settled, "clean", r.Clean())
	return *r, nil
}

// within keeps a window to what the statement can show.
func (w Window) within(now time.Time) Window {
	if w.To.IsZero() || w.To.After(now) {
		w.To = now
	}
	if oldest := now.Add(-StatementReach); w.From.Before(oldest) {
		w.From = oldest
	}
	return w
}

// compareStatement places every payment that the statement shows and we never
// heard of, and calls a person to every one that we counted and it does not show.
func (s *Service) compareStatement(ctx context.Context, r *Reconciliation) error {
	lines, err := s.books.Statement(ctx, r.From, r.To)
	if err != nil {
		r.Faults = append(r.Faults, "the statement: "+err.Error())
		return nil //nolint:nilerr // told in the report; the rest is compared all the same
	}
	counted, err := s.store.FindReceipts(ctx, r.From.Add(-statementSettle), r.To.Add(statementSettle))
	if err != nil {
		return err
	}
	known := make(map[string]Counted, len(counted))
	for _, c := range counted {
		known[c.Receipt] = c
	}
	shown := make(map[string]bool, len(lines))
	r.Lines = len(lines)
	for _, line := range lines {
		shown[line.Receipt] = true
		s.compareLine(ctx, r, line, known)
	}
	return s.callAboutMissing(ctx, r, counted, shown)
}

func (s *Service) compareLine(ctx context.Context, r *Reconciliation, line Arrival, known map[string]Counted) {
	c, ok := known[line.Receipt]
	switch {
	case !ok:
		r.Placed = append(r.Placed, line.Receipt)
	case c.Amount != line.Amount:
		r.Differs = append(r.Differs, line.Receipt)
	}
	// Also the known ones go through the handler: it attaches what we lack and
	// calls a person where the two differ.
	if err := s.Arrived(ctx, line, "statement:"+line.Receipt); err != nil {
		r.Faults = append(r.Faults, "receipt "+line.Receipt+": "+err.Error())
	}
}

// callAboutMissing opens an item for each payment that we counted long enough
// ago and that M-Pesa does not show: a forged callback would look like that.
func (s *Service) callAboutMissing(ctx context.Context, r *Reconciliation, counted []Counted, shown map[string]bool) error {
	for _, c := range counted {
		if shown[c.Receipt] || c.At.Before(r.From) || r.To.Sub(c.At) < statementSettle {
			continue
		}
		made, err := s.made(ctx, c)
		if err != nil {
			return err
		}
		if made {
			continue
		}
		r.Missing = append(r.Missing, c.Receipt)
		note := fmt.Sprintf("receipt %s over %s was counted, and M-Pesa's statement does not show it", c.Receipt, c.Amount)
		if err := s.CallPerson(ctx, ItemNotOnStatement, c.Transfer, note); err != nil {
			return err
		}
	}
	return nil
}

// made asks about one payment by itself: what was told of late stands on the
// statement of an earlier time.
func (s *Service) made(ctx context.Context, c Counted) (bool, error) {
	var t Transfer
	if c.Transfer != uuid.Nil {
		var err error
		if t, err = s.store.FindTransfer(ctx, c.Transfer); err != nil {
			return false, err
		}
	}
	return s.provider.Confirm(ctx, c.Receipt, c.Amount, c.At, t) == Moved, nil
}

// askAboutOpen asks what became of the payouts and refunds that have no answer
// yet. Prompts have watches of their own, within the few queries a minute that
// M-Pesa allows.
func (s *Service) askAboutOpen(ctx context.Context, r *Reconciliation) error {
	if halted, err := s.initiatorHalted(ctx); err != nil || halted {
		return err
	}
	open, err := s.store.FindStale(ctx, s.now(), underWayLimit)
	if err != nil {
		return err
	}
	for _, t := range open {
		if t.Kind == Collect || t.SubmittedAt.IsZero() {
			continue
		}
		r.Asked++
		finding := s.provider.Look(ctx, t)
		if !finding.counts(t.Kind) {
			continue
		}
		if err := s.Learn(ctx, t.ID, finding, "reconcile:"+t.ID.String()); err != nil {
			return err
		}
		if finding.Verdict == Moved || finding.Verdict == NotMoved {
			r.Settled++
		}
	}
	return nil
}

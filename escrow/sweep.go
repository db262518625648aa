package escrow

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

const (
	// untouched is how long a transfer under way can go without anything being
	// written: payouts are asked about hourly, unsent ones tried every few minutes.
	untouched = 2 * time.Hour
	// sweepLimit is how many are taken up at once; the next sweep takes the rest.
	sweepLimit = 100
)

// overdueBy is how long a deadline may have passed before its wake-up counts as
// lost.
const overdueBy = 5 * time.Minute

// Sweep gives work back to what has lost its job, by a job that gave up after its
// last try or by a restored backup: transfers under way, and deadlines. It is the
// work of the job [Sweep].
func (s *Service) Sweep(ctx context.Context) error {
	return errors.Join(s.sweepTransfers(ctx), s.sweepDeadlines(ctx))
}

func (s *Service) sweepDeadlines(ctx context.Context) error {
	due, err := s.store.FindDue(ctx, s.now().Add(-overdueBy), sweepLimit)
	if err != nil || len(due) == 0 {
		return err
	}
	s.log.WarnContext(ctx, "deadlines without a job", "count", len(due))
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		for _, contract := range due {
			if err := tx.Enqueue(ctx, Deadline{Contract: contract}, s.now()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) sweepTransfers(ctx context.Context) error {
	stale, err := s.store.FindStale(ctx, s.now().Add(-untouched), sweepLimit)
	if err != nil || len(stale) == 0 {
		return err
	}
	s.log.WarnContext(ctx, "transfers without a job", "count", len(stale))
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		for _, t := range stale {
			var job Job = WatchTransfer{Transfer: t.ID}
			if t.State == TransferCreated || t.State == TransferSubmitted {
				job = SubmitTransfer{Transfer: t.ID}
			}
			if err := tx.Enqueue(ctx, job, s.now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Settled closes the open item of a kind that is about no contract and whose cause
// is gone by itself.
func (s *Service) Settled(ctx context.Context, kind ItemKind, why string) error {
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.CloseItem(ctx, uuid.Nil, kind, Closing{Why: why, At: s.now()})
	})
}

// CallPerson opens an operator item about a transfer, which may be unknown to
// us, for what no rule can settle. An open item of the same kind stays as it is.
func (s *Service) CallPerson(ctx context.Context, kind ItemKind, transfer uuid.UUID, note string) error {
	item := Item{ID: newID(), Kind: kind, TransferID: transfer, Note: note, OpenedAt: s.now()}
	if t, err := s.store.FindTransfer(ctx, transfer); err == nil {
		item.ContractID = t.ContractID
	} else if !IsNotFound(err) {
		return err
	}
	err := s.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.AddItem(ctx, item) })
	if err == nil {
		s.announce(ctx, []Item{item})
	}
	return err
}

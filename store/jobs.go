package store

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/voicepact/gateway/escrow"
)

// WorkInbox works one kept callback.
type WorkInbox struct {
	Inbox string `json:"inbox"`
}

// Kind implements [escrow.Job].
func (WorkInbox) Kind() string { return "work_inbox" }

// Priorities of River, where 1 runs first: money before words.
const (
	priorityMoney = 1
	priorityWords = 2
)

// maxAttempts outlasts a provider that is down for days: River waits longer
// each time, and 25 attempts take about three weeks.
const maxAttempts = 25

// Enqueue implements [escrow.Tx]. The jobs of a transaction go out together in
// one statement, before the commit.
func (t *tx) Enqueue(_ context.Context, job escrow.Job, at time.Time) error {
	args, ok := job.(river.JobArgs)
	if !ok {
		return fmt.Errorf("job %T has no kind", job)
	}
	opts := &river.InsertOpts{MaxAttempts: maxAttempts, Priority: priorityMoney}
	if _, words := job.(escrow.SendMessage); words {
		opts.Priority = priorityWords
	}
	if at.After(t.store.now()) {
		opts.ScheduledAt = at
	}
	t.jobs = append(t.jobs, river.InsertManyParams{Args: args, InsertOpts: opts})
	return nil
}

func (t *tx) flushJobs(ctx context.Context) error {
	if len(t.jobs) == 0 {
		return nil
	}
	if _, err := t.store.jobs.InsertManyFastTx(ctx, t.Tx.Tx, t.jobs); err != nil {
		return fmt.Errorf("enqueue jobs: %w", err)
	}
	return nil
}

const sqlOrphanedJobs = `
UPDATE river_job SET state = 'available'
WHERE state = 'running'`

// ReclaimJobs makes the jobs of a process that died runnable at once. Only the
// single process of an embedded database may do so, before it works any job:
// on a shared database the jobs may be running elsewhere, and River finds the
// orphans by their age.
func (s *Store) ReclaimJobs(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, sqlOrphanedJobs); err != nil {
		return fmt.Errorf("reclaim jobs: %w", err)
	}
	return nil
}

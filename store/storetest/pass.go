package storetest

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/voicepact/gateway/escrow"
)

// Pass lets time pass with the service at work: every job runs when it is due.
func (w *World) Pass(d time.Duration) {
	w.TB.Helper()
	w.PassTo(w.Clock.Now().Add(d))
}

// PassTo lets time pass until t.
func (w *World) PassTo(t time.Time) {
	w.TB.Helper()
	w.Beat()
	w.Work()
	for next, ok := w.nextJob(); ok && !next.After(t); next, ok = w.nextJob() {
		w.Clock.Set(next)
		w.Beat()
		w.Work()
	}
	w.Clock.Set(t)
	w.Beat()
	w.Work()
}

// Beat moves the pulse to now, as if it had been kept all the time.
func (w *World) Beat() {
	w.TB.Helper()
	err := w.Store.InTx(w.TB.Context(), func(ctx context.Context, tx escrow.Tx) error {
		last, err := tx.Pulse(ctx)
		if err != nil {
			return err
		}
		_, err = tx.SetPulse(ctx, last, w.Clock.Now())
		return err
	})
	if err != nil {
		w.TB.Fatal(err)
	}
}

// nextJob is when the next job is due that is not yet.
func (w *World) nextJob() (time.Time, bool) {
	w.TB.Helper()
	const most = 1000
	params := river.NewJobListParams().First(most).States(rivertype.JobStateScheduled)
	list, err := w.jobs.JobList(w.TB.Context(), params)
	if err != nil {
		w.TB.Fatalf("list jobs: %v", err)
	}
	var next time.Time
	for _, row := range list.Jobs {
		if next.IsZero() || row.ScheduledAt.Before(next) {
			next = row.ScheduledAt
		}
	}
	return next, !next.IsZero()
}

// DropJobs loses every job, as a backup from before them does.
func (w *World) DropJobs() {
	w.TB.Helper()
	now := w.Clock.Now()
	const forever = 10 * 365 * 24 * time.Hour
	w.Clock.Advance(forever)
	w.TakeJobs()
	w.Clock.Set(now)
}

// Delivered reports every message that was sent so far as delivered.
func (w *World) Delivered() {
	w.TB.Helper()
	for _, letter := range w.Postbox.All() {
		if err := w.Service.Reported(w.TB.Context(), letter.ProviderID, escrow.MessageDelivered, ""); err != nil {
			w.TB.Fatal(err)
		}
	}
}

// Errand is an errand of the world's own operator, under the given key.
func (w *World) Errand(key string) escrow.Errand {
	w.TB.Helper()
	if w.operator == "" {
		w.operator = w.Operator("Wanjiku")
	}
	return escrow.Errand{Key: key, Operator: w.operator, Reason: "spoke with them"}
}

// Operator makes a mediator and returns their key.
func (w *World) Operator(name string) string {
	w.TB.Helper()
	key, hash := escrow.NewOperatorKey()
	operator := escrow.Operator{ID: uuid.New(), Name: name, Role: escrow.Mediator, CreatedAt: w.Clock.Now()}
	if err := w.Store.AddOperator(w.TB.Context(), operator, hash); err != nil {
		w.TB.Fatal(err)
	}
	return key
}

package storetest

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// newJobs makes a client of the world's queue that works nothing by itself.
func (w *World) newJobs() *river.Client[*sql.Tx] {
	w.TB.Helper()
	client, err := river.NewClient(w.Store.Driver(), &river.Config{})
	if err != nil {
		w.TB.Fatal(err)
	}
	return client
}

// TakeJobs removes and returns the jobs that are due by the world's clock, the
// oldest first. River would run them by the real one.
func (w *World) TakeJobs() []escrow.Job {
	w.TB.Helper()
	due := w.dueJobs()
	if len(due) == 0 {
		return nil
	}
	ids, taken := make([]int64, len(due)), make([]escrow.Job, len(due))
	for i, row := range due {
		job, err := decodeJob(row.Kind, row.EncodedArgs)
		if err != nil {
			w.TB.Fatalf("job %d: %v", row.ID, err)
		}
		ids[i], taken[i] = row.ID, job
	}
	if _, err := w.jobs.JobDeleteMany(w.TB.Context(), river.NewJobDeleteManyParams().IDs(ids...)); err != nil {
		w.TB.Fatalf("take jobs: %v", err)
	}
	return taken
}

// dueJobs lists the jobs that are due. Deadlines lie ahead by the hundred in a
// world of many deals, so that it reads no further than the clock.
func (w *World) dueJobs() []*rivertype.JobRow {
	w.TB.Helper()
	const most = 100
	params := river.NewJobListParams().First(most).
		States(rivertype.JobStateAvailable, rivertype.JobStateScheduled).
		OrderBy(river.JobListOrderByScheduledAt, river.SortOrderAsc)
	list, err := w.jobs.JobList(w.TB.Context(), params)
	if err != nil {
		w.TB.Fatalf("list jobs: %v", err)
	}
	due := slices.DeleteFunc(list.Jobs, func(row *rivertype.JobRow) bool {
		return row.State == rivertype.JobStateScheduled && row.ScheduledAt.After(w.Clock.Now())
	})
	slices.SortFunc(due, func(a, b *rivertype.JobRow) int { return cmp.Compare(a.ID, b.ID) })
	return due
}

func decodeJob(kind string, args []byte) (escrow.Job, error) {
	switch kind {
	case escrow.SubmitTransfer{}.Kind():
		return decode[escrow.SubmitTransfer](args)
	case escrow.WatchTransfer{}.Kind():
		return decode[escrow.WatchTransfer](args)
	case escrow.SendMessage{}.Kind():
		return decode[escrow.SendMessage](args)
	case escrow.Deadline{}.Kind():
		return decode[escrow.Deadline](args)
	case escrow.Sweep{}.Kind():
		return decode[escrow.Sweep](args)
	case store.WorkInbox{}.Kind():
		return decode[store.WorkInbox](args)
	default:
		return nil, fmt.Errorf("job kind %q", kind)
	}
}

func decode[J escrow.Job](text []byte) (escrow.Job, error) {
	var job J
	err := json.Unmarshal(text, &job)
	return job, err
}

// Work runs the jobs that are due, and those they make due, until none is left.
// What the inbox keeps is not worked: how to is known where the program is put
// together.
func (w *World) Work() {
	w.TB.Helper()
	const rounds = 100
	for range rounds {
		jobs := w.TakeJobs()
		if len(jobs) == 0 {
			return
		}
		for _, job := range jobs {
			w.run(job)
		}
	}
	w.TB.Fatal("jobs never end")
}

func (w *World) run(job escrow.Job) {
	w.TB.Helper()
	ctx := w.TB.Context()
	var err error
	switch args := job.(type) {
	case escrow.SubmitTransfer:
		err = w.Service.Submit(ctx, args.Transfer)
	case escrow.WatchTransfer:
		err = w.Service.Watch(ctx, args.Transfer)
	case escrow.SendMessage:
		err = w.Service.Send(ctx, args.Message)
	case escrow.Deadline:
		err = w.Service.Deadline(ctx, args.Contract)
	case escrow.Sweep:
		err = w.Service.Sweep(ctx)
	}
	if later, ok := errors.AsType[*escrow.Later](err); ok {
		err = w.enqueue(job, later.After)
	}
	if err != nil {
		w.TB.Fatalf("job %T: %v", job, err)
	}
}

func (w *World) enqueue(job escrow.Job, after time.Duration) error {
	return w.Store.InTx(w.TB.Context(), func(ctx context.Context, tx escrow.Tx) error {
		return tx.Enqueue(ctx, job, w.Clock.Now().Add(after))
	})
}

// WorkThroughCrash runs the jobs; the one that the process dies in is found
// again and run once more, as a job of a dead process is.
func (w *World) WorkThroughCrash() {
	w.TB.Helper()
	for _, job := range w.TakeJobs() {
		if w.dies(job) {
			w.run(job)
		}
	}
	w.Work()
}

func (w *World) dies(job escrow.Job) (died bool) {
	defer func() {
		if cause := recover(); cause != nil {
			_, died = cause.(crashed)
			if !died {
				panic(cause)
			}
		}
	}()
	w.run(job)
	return false
}

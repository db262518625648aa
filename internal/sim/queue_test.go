package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// queue works River's table on virtual time: jobs come into it by the gateway's
// own transactions, leave it when they are done, and keep their place through
// every crash. What River adds when it runs a job (the attempt, the next time) is
// kept here, because its own clock cannot be set.
type queue struct {
	db   riverdriver.Executor
	last int64 // the newest row that was seen
	jobs []*job
}

type job struct {
	id      int64
	kind    string
	args    []byte
	at      time.Time // by the gateway's clock; zero for at once
	attempt int
}

const (
	sqlNewestJob = `SELECT COALESCE(MAX(id), 0) FROM river_job`
	sqlDropJob   = `DELETE FROM river_job WHERE id = $1`
	sqlCountJobs = `SELECT COUNT(*) FROM river_job`
)

// refresh takes in what was enqueued since the last time.
func (q *queue) refresh(ctx context.Context) error {
	var newest int64
	if err := q.db.QueryRow(ctx, sqlNewestJob).Scan(&newest); err != nil {
		return err
	}
	if newest <= q.last {
		return nil
	}
	var ids []int64
	for id := q.last + 1; id <= newest; id++ {
		ids = append(ids, id)
	}
	rows, err := q.db.JobGetByIDMany(ctx, &riverdriver.JobGetByIDManyParams{ID: ids})
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b *rivertype.JobRow) int { return int(a.ID - b.ID) })
	for _, row := range rows {
		j := &job{id: row.ID, kind: row.Kind, args: row.EncodedArgs}
		if row.State == rivertype.JobStateScheduled {
			j.at = row.ScheduledAt
		}
		q.jobs = append(q.jobs, j)
	}
	q.last = newest
	return nil
}

// next is when the first job is due, by the gateway's clock.
func (q *queue) next() (time.Time, bool) {
	var first time.Time
	for i, j := range q.jobs {
		if i == 0 || j.at.Before(first) {
			first = j.at
		}
	}
	return first, len(q.jobs) > 0
}

// due lists the jobs that are, oldest first.
func (q *queue) due(now time.Time) []*job {
	var list []*job
	for _, j := range q.jobs {
		if !j.at.After(now) {
			list = append(list, j)
		}
	}
	return list
}

// done takes a job out of the table.
func (q *queue) done(ctx context.Context, j *job) error {
	q.jobs = slices.DeleteFunc(q.jobs, func(other *job) bool { return other == j })
	return q.db.Exec(ctx, sqlDropJob, j.id)
}

// check compares with the table: no job may be lost or invented.
func (q *queue) check(ctx context.Context) error {
	if err := q.refresh(ctx); err != nil {
		return err
	}
	var n int
	if err := q.db.QueryRow(ctx, sqlCountJobs).Scan(&n); err != nil {
		return err
	}
	if n != len(q.jobs) {
		return fmt.Errorf("the table has %d jobs, the queue %d", n, len(q.jobs))
	}
	return nil
}

// The retries of the program; see its jobs.
const (
	maxAttempts = 25
	rescueAfter = 2 * time.Minute
)

// work runs one job as the program's worker would, and decides what becomes of it.
func (w *world) work(j *job) {
	name := w.nameJob(j)
	if !w.alive(func() { w.finish(j, name, w.dispatch(j)) }) {
		w.notef("job %s: the process died", name)
		j.at = w.clock.now().Add(rescueAfter)
	}
}

func (w *world) finish(j *job, name string, err error) {
	later, again := errors.AsType[*escrow.Later](err)
	switch {
	case again:
		j.at = w.clock.now().Add(max(later.After, 0))
		w.notef("job %s: again in %s", name, later.After.Round(time.Millisecond))
		return
	case err == nil:
		w.notef("job %s: done", name)
		w.faults.maybeDie(crashAfterJob)
	case !errors.Is(err, errInjected):
		w.failf("job %s failed for no fault of ours: %v", name, err)
	case j.attempt+1 < maxAttempts:
		j.attempt++
		n := j.attempt
		j.at = w.clock.now().Add(time.Duration(n*n*n*n) * time.Second) // River's pause
		w.notef("job %s: failed", name)
		return
	default:
		w.failf("job %s failed %d times", name, maxAttempts)
	}
	if err := w.queue.done(w.ctx, j); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) dispatch(j *job) error {
	switch j.kind {
	case escrow.SubmitTransfer{}.Kind():
		return w.gate.service.Submit(w.ctx, args[escrow.SubmitTransfer](w, j).Transfer)
	case escrow.WatchTransfer{}.Kind():
		return w.gate.service.Watch(w.ctx, args[escrow.WatchTransfer](w, j).Transfer)
	case escrow.SendMessage{}.Kind():
		return w.gate.service.Send(w.ctx, args[escrow.SendMessage](w, j).Message)
	case escrow.Deadline{}.Kind():
		about := args[escrow.Deadline](w, j).Contract
		err := w.gate.service.Deadline(w.ctx, about)
		if err == nil {
			w.checkFair(w.crowd.byID[about])
		}
		return err
	case escrow.Sweep{}.Kind():
		return w.gate.service.Sweep(w.ctx)
	case store.WorkInbox{}.Kind():
		return w.workInbox(args[store.WorkInbox](w, j))
	default:
		return fmt.Errorf("nobody works jobs of kind %q", j.kind)
	}
}

func args[J escrow.Job](w *world, j *job) J {
	var known J
	if err := json.Unmarshal(j.args, &known); err != nil {
		w.t.Fatal(err)
	}
	return known
}

// nameJob names what a job is about without an id.
func (w *world) nameJob(j *job) string {
	switch j.kind {
	case escrow.SubmitTransfer{}.Kind():
		return "submit " + w.bank.name(args[escrow.SubmitTransfer](w, j).Transfer)
	case escrow.WatchTransfer{}.Kind():
		return "watch " + w.bank.name(args[escrow.WatchTransfer](w, j).Transfer)
	default:
		return fmt.Sprintf("%s %d", j.kind, j.id)
	}
}

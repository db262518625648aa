package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/voicepact/gateway/escrow"
)

// TakenJob is a job taken out of the queue by hand; see [Store.TakeJobs].
type TakenJob struct {
	ID   int64
	Args escrow.Job
}

// maxTaken is how many jobs are taken at once.
const maxTaken = 1000

// TakeJobs removes and returns the jobs that are due, for tests and simulations
// that run jobs one by one under a clock of their own instead of by River.
func (s *Store) TakeJobs(ctx context.Context) ([]TakenJob, error) {
	params := river.NewJobListParams().First(maxTaken).
		States(rivertype.JobStateAvailable, rivertype.JobStateScheduled).
		OrderBy(river.JobListOrderByID, river.SortOrderAsc)
	list, err := s.jobs.JobList(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("take jobs: %w", err)
	}
	var taken []TakenJob
	for _, row := range list.Jobs {
		if row.State == rivertype.JobStateScheduled && row.ScheduledAt.After(s.now()) {
			continue
		}
		args, err := decodeJob(row.Kind, row.EncodedArgs)
		if err != nil {
			return nil, err
		}
		if _, err := s.jobs.JobDelete(ctx, row.ID); err != nil {
			return nil, fmt.Errorf("take job: %w", err)
		}
		taken = append(taken, TakenJob{ID: row.ID, Args: args})
	}
	return taken, nil
}

// PutJob puts a job back, to run at the given time.
func (s *Store) PutJob(ctx context.Context, job TakenJob, at time.Time) error {
	return s.InTx(ctx, func(ctx context.Context, tx escrow.Tx) error {
		return tx.Enqueue(ctx, job.Args, at)
	})
}

func decodeJob(kind string, args []byte) (escrow.Job, error) {
	switch kind {
	case escrow.SubmitTransfer{}.Kind():
		return decode[escrow.SubmitTransfer](args)
	case escrow.WatchTransfer{}.Kind():
		return decode[escrow.WatchTransfer](args)
	case escrow.SendMessage{}.Kind():
		return decode[escrow.SendMessage](args)
	case escrow.Sweep{}.Kind():
		return decode[escrow.Sweep](args)
	case WorkInbox{}.Kind():
		return decode[WorkInbox](args)
	default:
		return nil, fmt.Errorf("job kind %q", kind)
	}
}

func decode[J escrow.Job](text []byte) (escrow.Job, error) {
	var job J
	if err := json.Unmarshal(text, &job); err != nil {
		return nil, fmt.Errorf("decode job: %w", err)
	}
	return job, nil
}

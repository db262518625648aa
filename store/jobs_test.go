package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

func (b *bench) enqueue(job escrow.Job, at time.Time) {
	b.TB.Helper()
	b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.Enqueue(ctx, job, at) })
}

func TestJobsCarryWhatTheyWereGiven(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		want := []escrow.Job{
			escrow.SubmitTransfer{Transfer: uuid.New()},
			escrow.WatchTransfer{Transfer: uuid.New()},
			escrow.SendMessage{Message: uuid.New()},
			escrow.Sweep{},
			store.WorkInbox{Inbox: uuid.NewString()},
		}
		for _, job := range want {
			b.enqueue(job, b.Clock.Now())
		}
		got := b.TakeJobs()
		if len(got) != len(want) {
			t.Fatalf("%d jobs, want %d", len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("job %d is %+v, want %+v", i, got[i], want[i])
			}
		}
		if again := b.TakeJobs(); len(again) != 0 {
			t.Errorf("%d jobs were taken twice", len(again))
		}
	})
}

func TestMoneyRunsBeforeWords(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.enqueue(escrow.SendMessage{Message: uuid.New()}, b.Clock.Now())
		b.enqueue(escrow.SubmitTransfer{Transfer: uuid.New()}, b.Clock.Now())
		words := b.number("SELECT priority FROM river_job WHERE kind = 'send_message'")
		money := b.number("SELECT priority FROM river_job WHERE kind = 'submit_transfer'")
		if money >= words {
			t.Errorf("money has priority %d, words %d: 1 runs first", money, words)
		}
	})
}

func TestALaterJobWaits(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		// Far enough ahead of the real clock, which River has beside ours.
		at := time.Now().Add(1000 * time.Hour).Truncate(time.Second)
		b.enqueue(escrow.WatchTransfer{Transfer: uuid.New()}, at)
		b.Clock.Advance(at.Sub(b.Clock.Now()) - time.Second)
		if jobs := b.TakeJobs(); len(jobs) != 0 {
			t.Fatal("a job ran before its time")
		}
		b.Clock.Advance(time.Second)
		if jobs := b.TakeJobs(); len(jobs) != 1 {
			t.Errorf("%d jobs are due, want 1", len(jobs))
		}
	})
}

func TestTheJobsOfADeadProcessAreTakenOver(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.enqueue(escrow.SubmitTransfer{Transfer: uuid.New()}, b.Clock.Now())
		b.exec("UPDATE river_job SET state = 'running'")
		if jobs := b.TakeJobs(); len(jobs) != 0 {
			t.Fatal("a running job was taken")
		}
		if err := b.Store.ReclaimJobs(t.Context()); err != nil {
			t.Fatal(err)
		}
		if jobs := b.TakeJobs(); len(jobs) != 1 {
			t.Errorf("%d jobs were taken over, want 1", len(jobs))
		}
	})
}

package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
	"github.com/voicepact/gateway/sms"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/ussd"
)

const (
	// pollEvery is how soon a job is found: River polls through database/sql.
	pollEvery = 100 * time.Millisecond
	// jobTimeout is longer than the longest call to a provider, so that a
	// call's own deadline ends it and not the job's.
	jobTimeout = 90 * time.Second / hurry
	// rescueAfter is when the job of a process that died is run again.
	rescueAfter = 2 * time.Minute / hurry
)

// newWorkers makes the River client that runs the jobs.
func (a *app) newWorkers(limit int) (*river.Client[*sql.Tx], error) {
	s, service, words, log := a.store, a.service, a.words, a.log
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker[escrow.SubmitTransfer]{work: func(ctx context.Context, j escrow.SubmitTransfer) error {
		return service.Submit(ctx, j.Transfer)
	}})
	river.AddWorker(workers, &worker[escrow.WatchTransfer]{work: func(ctx context.Context, j escrow.WatchTransfer) error {
		return service.Watch(ctx, j.Transfer)
	}})
	river.AddWorker(workers, &worker[escrow.SendMessage]{work: func(ctx context.Context, j escrow.SendMessage) error {
		return service.Send(ctx, j.Message)
	}})
	river.AddWorker(workers, &worker[escrow.Sweep]{work: func(ctx context.Context, _ escrow.Sweep) error {
		return service.Sweep(ctx)
	}})
	river.AddWorker(workers, &worker[escrow.Deadline]{work: func(ctx context.Context, j escrow.Deadline) error {
		return service.Deadline(ctx, j.Contract)
	}})
	river.AddWorker(workers, &worker[escrow.Pulse]{work: func(ctx context.Context, _ escrow.Pulse) error {
		return service.Beat(ctx)
	}})
	river.AddWorker(workers, &worker[escrow.Reconcile]{work: func(ctx context.Context, _ escrow.Reconcile) error {
		_, err := service.Reconcile(ctx, escrow.Window{From: time.Now().Add(-reconcileBack)})
		return err
	}})
	teller := teller{service: service, money: a.money, log: log}
	river.AddWorker(workers, &worker[askBalance]{work: teller.work})
	meter := meter{service: service, messages: a.messages, low: escrow.Shillings(a.cfg.AT.LowBalance), log: log}
	river.AddWorker(workers, &worker[askSMSBalance]{work: meter.work})
	inbox := inboxWorker{store: s, service: service, words: words, now: time.Now, log: log}
	river.AddWorker(workers, &worker[store.WorkInbox]{work: inbox.work})
	reaper := reaper{sessions: a.sessions(), log: log}
	river.AddWorker(workers, &worker[reapSessions]{work: reaper.work})
	client, err := river.NewClient(s.Driver(), &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: limit}},
		Workers:              workers,
		FetchPollInterval:    pollEvery,
		FetchCooldown:        pollEvery / 2,
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: rescueAfter,
		RetryPolicy:          &retries{},
		ErrorHandler:         jobErrors{service: service, log: log},
		PeriodicJobs:         []*river.PeriodicJob{sweeping(), beating(), asking(), askingSMS(), reconciling(), reaping()},
		Logger:               slog.New(quiet{log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("job workers: %w", err)
	}
	return client, nil
}

// sweepEvery is how often is looked for transfers without a job.
const sweepEvery = 10 * time.Minute

func sweeping() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(sweepEvery),
		func() (river.JobArgs, *river.InsertOpts) { return escrow.Sweep{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true})
}

// beating keeps the pulse, by which later is known when nobody worked.
func beating() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(escrow.PulseEvery),
		func() (river.JobArgs, *river.InsertOpts) { return escrow.Pulse{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true})
}

// worker runs one kind of job. A job that says [escrow.Later] is snoozed, which
// does not count as an attempt.
type worker[J river.JobArgs] struct {
	river.WorkerDefaults[J]
	work func(context.Context, J) error
}

// Work implements [river.Worker].
func (w *worker[J]) Work(ctx context.Context, job *river.Job[J]) error {
	err := w.work(ctx, job.Args)
	if later, ok := errors.AsType[*escrow.Later](err); ok {
		return river.JobSnooze(max(later.After, 0))
	}
	return err
}

// inboxWorker gives every kept callback to the package that understands it.
type inboxWorker struct {
	store   *store.Store
	service *escrow.Service
	words   *sms.Handler
	now     func() time.Time
	log     *slog.Logger
}

func (w inboxWorker) work(ctx context.Context, job store.WorkInbox) error {
	callback, err := w.store.Callback(ctx, job.Inbox)
	if err != nil {
		return err
	}
	if err := w.handle(ctx, callback); err != nil {
		return err
	}
	return w.store.Worked(ctx, callback.ID)
}

func (w inboxWorker) handle(ctx context.Context, callback store.Callback) error {
	switch callback.Kind {
	case sms.KindMessage:
		return w.words.Work(ctx, callback.Body)
	case sms.KindReport:
		return w.report(ctx, callback)
	case sms.KindOptOut:
		return w.words.WorkOptOut(ctx, callback.Body)
	case ussd.KindEvent:
		return nil // kept as evidence of how the session ended; nothing follows from it
	case mobilemoney.KindArrival:
		return w.arrival(ctx, callback)
	case mobilemoney.KindBalance, mobilemoney.KindPayBillBalance:
		return w.balance(ctx, callback)
	case mobilemoney.KindBalanceTimeout, mobilemoney.KindPayBillBalanceTimeout:
		return nil // it is asked again anyway
	default:
		return w.statement(ctx, callback)
	}
}

// statement gives a callback of M-Pesa to the transfer that it is about.
func (w inboxWorker) statement(ctx context.Context, callback store.Callback) error {
	transfer, finding, err := mobilemoney.Decode(callback.Kind, callback.Key, callback.Body)
	if err != nil {
		return err
	}
	err = w.service.Learn(ctx, transfer, finding, "callback:"+callback.ID.String())
	if err == nil {
		return w.left(ctx, callback)
	}
	if escrow.IsNotFound(err) {
		// The token is ours, so the transfer was: a backup without it was restored.
		note := "callback " + callback.ID.String() + " about a transfer we do not have, receipt " + finding.Receipt
		return w.service.CallPerson(ctx, escrow.ItemUnknownSubject, transfer, note)
	}
	return err
}

// reportWait is how long a delivery report waits for the message it is about.
// After that it is about a message of somebody else on the same account, or of
// one whose sending ended without an answer.
const reportWait = time.Hour

func (w inboxWorker) report(ctx context.Context, callback store.Callback) error {
	err := w.words.WorkReport(ctx, callback.Body)
	later, early := errors.AsType[*escrow.Later](err)
	if !early {
		return err
	}
	age := w.now().Sub(callback.At)
	if age > reportWait {
		w.log.WarnContext(ctx, "delivery report about no message of ours", "callback", callback.ID)
		return nil
	}
	const fewer = 4 // the longer it has waited, the less often it looks
	return &escrow.Later{After: max(later.After, age/fewer)}
}

// jobErrors logs what went wrong with a job; River tries it again. After the
// last try a person is called.
type jobErrors struct {
	service *escrow.Service
	log     *slog.Logger
}

// HandleError implements [river.ErrorHandler].
func (h jobErrors) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	h.log.ErrorContext(ctx, "job failed", "kind", job.Kind, "job", job.ID, "attempt", job.Attempt, "error", err)
	h.givenUp(ctx, job)
	return nil
}

// HandlePanic implements [river.ErrorHandler].
func (h jobErrors) HandlePanic(ctx context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	h.log.ErrorContext(ctx, "job panicked", "kind", job.Kind, "job", job.ID, "panic", value, "trace", trace)
	h.givenUp(ctx, job)
	return nil
}

// givenUp calls a person to what a job leaves undone when no try is left.
func (h jobErrors) givenUp(ctx context.Context, job *rivertype.JobRow) {
	if job.Attempt < job.MaxAttempts {
		return
	}
	var about struct {
		Transfer uuid.UUID `json:"transfer"`
		Message  uuid.UUID `json:"message"`
		Inbox    uuid.UUID `json:"inbox"`
		Contract uuid.UUID `json:"contract"`
	}
	if err := json.Unmarshal(job.EncodedArgs, &about); err != nil {
		h.log.ErrorContext(ctx, "job given up has no subject", "job", job.ID, "error", err)
	}
	subject := about.Transfer
	for _, other := range []uuid.UUID{about.Message, about.Inbox, about.Contract} {
		if subject == uuid.Nil {
			subject = other
		}
	}
	note := fmt.Sprintf("%s of %s failed %d times", job.Kind, subject, job.Attempt)
	if err := h.service.CallPerson(ctx, escrow.ItemJobGivenUp, subject, note); err != nil {
		h.log.ErrorContext(ctx, "nobody could be called", "job", job.ID, "error", err)
	}
}

// quiet passes on warnings and errors only: River tells every job's start.
type quiet struct{ slog.Handler }

// Enabled implements [slog.Handler].
func (q quiet) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/sms"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

func TestAJobThatIsTooEarlyIsSnoozed(t *testing.T) {
	t.Parallel()
	w := &worker[escrow.Sweep]{work: func(context.Context, escrow.Sweep) error {
		return fmt.Errorf("wrapped: %w", &escrow.Later{After: time.Minute})
	}}
	err := w.Work(t.Context(), &river.Job[escrow.Sweep]{})
	if snooze, ok := errors.AsType[*river.JobSnoozeError](err); !ok || snooze.Duration != time.Minute {
		t.Errorf("ended with %v", err)
	}
}

func TestAJobThatIsGivenUpCallsAPerson(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	h := jobErrors{service: w.Service, log: slog.New(slog.DiscardHandler)}
	args, err := json.Marshal(escrow.WatchTransfer{Transfer: uuid.New()})
	if err != nil {
		t.Fatal(err)
	}
	job := &rivertype.JobRow{Kind: "watch_transfer", EncodedArgs: args, MaxAttempts: 3}
	for job.Attempt = 1; job.Attempt < job.MaxAttempts; job.Attempt++ {
		h.HandleError(t.Context(), job, errors.New("no"))
	}
	if items := w.Items(); len(items) != 0 {
		t.Errorf("before the last try: %v", items)
	}
	h.HandlePanic(t.Context(), job, "no", "")
	if items := w.Items(); fmt.Sprint(items) != "[job_given_up]" {
		t.Errorf("after the last try: %v", items)
	}
}

// inbox is the worker of kept callbacks in a world on SQLite.
func inbox(t *testing.T) (*storetest.World, inboxWorker) {
	t.Helper()
	w, log := storetest.NewSQLiteWorld(t), slog.New(slog.DiscardHandler)
	words := sms.NewHandler(sms.HandlerConfig{Service: w.Service, ShortCode: "40404", Log: log})
	return w, inboxWorker{store: w.Store, service: w.Service, words: words, log: log}
}

func keep(t *testing.T, w *storetest.World, kind, key, body string) store.WorkInbox {
	t.Helper()
	if err := w.Store.Keep(t.Context(), kind, key, []byte(body)); err != nil {
		t.Fatal(err)
	}
	jobs := w.TakeJobs()
	if len(jobs) != 1 {
		t.Fatalf("%d jobs", len(jobs))
	}
	job, ok := jobs[0].(store.WorkInbox)
	if !ok {
		t.Fatalf("job %T", jobs[0])
	}
	return job
}

// A backup was restored that is older than the transfer.
func TestACallbackAboutATransferWeDoNotHaveCallsAPerson(t *testing.T) {
	t.Parallel()
	w, worker := inbox(t)
	body := `{"Body":{"stkCallback":{"CheckoutRequestID":"c","ResultCode":0,"CallbackMetadata":{"Item":[` +
		`{"Name":"Amount","Value":100},{"Name":"MpesaReceiptNumber","Value":"TKN7RT61SV"}]}}}}`
	job := keep(t, w, "stk", uuid.NewString()+":c:0", body)
	if err := worker.work(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if items := w.Items(); fmt.Sprint(items) != "[unknown_subject]" {
		t.Errorf("operator items: %v", items)
	}
}

func TestAReportAboutNoMessageOfOursIsLetGoAfterAnHour(t *testing.T) {
	t.Parallel()
	w, worker := inbox(t)
	worker.now = w.Clock.Now
	job := keep(t, w, sms.KindReport, "ATXid_1:Success::", "id=ATXid_1&status=Success")
	var pauses []time.Duration
	for range 100 {
		err := worker.work(t.Context(), job)
		later, early := errors.AsType[*escrow.Later](err)
		if !early {
			if err != nil || len(pauses) > 30 {
				t.Errorf("looked %d times, then %v", len(pauses), err)
			}
			return
		}
		pauses = append(pauses, later.After)
		w.Clock.Advance(later.After)
	}
	t.Error("it never ends")
}

func TestAnUnknownKindOfCallbackIsAFault(t *testing.T) {
	t.Parallel()
	w, worker := inbox(t)
	if err := worker.work(t.Context(), keep(t, w, "fax", "1", "hello")); err == nil {
		t.Error("a callback of an unknown kind was taken as worked")
	}
}

func TestTheAddressThatIsPrintedCanBeOpened(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", "[::]:8080": "http://localhost:8080",
		"0.0.0.0:80": "http://localhost:80", "[::1]:80": "http://[::1]:80",
	} {
		addr, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(addr); got != want {
			t.Errorf("%s is printed as %s, want %s", address, got, want)
		}
	}
}

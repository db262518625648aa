package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

// askBalance is the job that asks M-Pesa what is left to pay out with. The answer
// comes by callback, and lifts the halt of an empty float.
type askBalance struct{}

// Kind implements [river.JobArgs].
func (askBalance) Kind() string { return "ask_balance" }

// balanceEvery is often enough for whoever watches the float; every payout tells
// what it left, besides.
const balanceEvery = 15 * time.Minute

func asking() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(balanceEvery),
		func() (river.JobArgs, *river.InsertOpts) { return askBalance{}, nil }, nil)
}

// teller asks for the balance.
type teller struct {
	service *escrow.Service
	money   *mobilemoney.Client
	log     *slog.Logger
}

// work asks once, unless every call of our initiator could lock it out. What went
// wrong is asked again in the next period; what only a person can put right calls
// one, once.
func (t teller) work(ctx context.Context, _ askBalance) error {
	halts, err := t.service.Halts(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(halts, func(h escrow.Halt) bool { return h.Kind == escrow.HaltInitiator }) {
		return nil
	}
	err = t.money.AskBalance(ctx)
	refused, _ := errors.AsType[*mobilemoney.AnswerError](err)
	switch {
	case err == nil:
		return nil
	case refused != nil && (refused.Cause == escrow.CauseCredential || refused.Cause == escrow.CauseConfig):
		return balanceRefused(ctx, t.service, refused)
	default:
		t.log.WarnContext(ctx, "balance not asked for", "error", err)
		return nil
	}
}

// balanceRefused follows from a question for the balance that M-Pesa will not
// answer. Refused for our initiator, every call that it signs has to stop: each
// further one can lock it for longer. All else is put before a person once, however
// often the question is put.
func balanceRefused(ctx context.Context, service *escrow.Service, refused *mobilemoney.AnswerError) error {
	if refused.Cause == escrow.CauseCredential {
		return service.InitiatorRefused(ctx, escrow.Finding{Cause: refused.Cause, Code: refused.Code, Reason: refused.Reason})
	}
	return service.CallPerson(ctx, escrow.ItemProviderAlarm, balanceItem(), refused.Error())
}

package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/sms"
)

// askSMSBalance is the job that asks Africa's Talking what is left to send with.
type askSMSBalance struct{}

// Kind implements [river.JobArgs].
func (askSMSBalance) Kind() string { return "ask_sms_balance" }

func askingSMS() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(balanceEvery),
		func() (river.JobArgs, *river.InsertOpts) { return askSMSBalance{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true})
}

// meter watches the account that messages are paid from.
type meter struct {
	service  *escrow.Service
	messages *sms.Client
	low      escrow.Cents // below it a person is called; zero never calls one
	log      *slog.Logger
}

// work asks once. A person is called while too little is left, once; what was not
// answered is asked again in the next period. The sandbox counts in dollars that
// nobody pays: only shillings are compared.
func (m meter) work(ctx context.Context, _ askSMSBalance) error {
	if m.low == 0 {
		return nil
	}
	balance, err := m.messages.Balance(ctx)
	switch {
	case err != nil:
		m.log.WarnContext(ctx, "balance of messages not known", "error", err)
		return nil
	case balance.Currency != "KES":
		return nil
	case balance.Amount >= m.low:
		return m.service.Settled(ctx, escrow.ItemSMSBalance, "paid in: "+balance.Amount.String())
	default:
		note := fmt.Sprintf("%s is left at Africa's Talking, less than %s: pay in", balance.Amount, m.low)
		return m.service.CallPerson(ctx, escrow.ItemSMSBalance, uuid.Nil, note)
	}
}

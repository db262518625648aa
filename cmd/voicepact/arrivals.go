package main

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
	"github.com/voicepact/gateway/store"
)

// arrival gives a confirmation of a PayBill payment to the escrow. What nobody
// can read is money all the same, and goes to a person.
func (w inboxWorker) arrival(ctx context.Context, callback store.Callback) error {
	arrived, err := mobilemoney.DecodeArrival(callback.Body)
	if err != nil {
		note := "PayBill confirmation " + callback.ID.String() + " needs reading, receipt " + arrived.Receipt
		return w.service.CallPerson(ctx, escrow.ItemUnknownSubject, callback.ID, note)
	}
	if arrived.At.IsZero() {
		arrived.At = callback.At
	}
	return w.service.Arrived(ctx, arrived, "callback:"+callback.ID.String())
}

// balance gives the escrow what stands on our accounts, or that we were not told.
func (w inboxWorker) balance(ctx context.Context, callback store.Callback) error {
	b, err := mobilemoney.DecodeBalance(callback.Kind, callback.Body)
	if refused, is := errors.AsType[*mobilemoney.AnswerError](err); is {
		return balanceRefused(ctx, w.service, refused)
	} else if err != nil {
		return err
	}
	return w.counted(ctx, callback, b)
}

// left gives the escrow what the result of a payout or of a reversal says is left.
func (w inboxWorker) left(ctx context.Context, callback store.Callback) error {
	b, err := mobilemoney.DecodeBalance(callback.Kind, callback.Body)
	if err != nil {
		return nil //nolint:nilerr // most callbacks do not tell
	}
	return w.counted(ctx, callback, b)
}

func (w inboxWorker) counted(ctx context.Context, callback store.Callback, b escrow.Balance) error {
	if b.At.IsZero() {
		b.At = callback.At
	}
	return w.service.Balances(ctx, b, "callback:"+callback.ID.String())
}

// balanceItem is what an item about all questions for the balance is about.
func balanceItem() uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte("voicepact:balance")) }

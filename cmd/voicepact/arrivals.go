package main

import (
	"context"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
	"github.com/voicepact/gateway/store"
)

// taker is the part of the escrow that knows what to do with payments that
// buyers make by themselves.
type taker interface {
	Expect(ctx context.Context, a escrow.Arrival) error
	Arrived(ctx context.Context, a escrow.Arrival, evidence string) error
}

// expect answers M-Pesa's question before a PayBill payment.
func expect(service *escrow.Service) mobilemoney.Expect {
	if t, ok := any(service).(taker); ok {
		return t.Expect
	}
	return func(context.Context, escrow.Arrival) error { return escrow.Refuse(escrow.NotNow) }
}

// arrival gives a confirmation of a PayBill payment to the escrow. What nobody
// can read is money all the same, and goes to a person.
func (w inboxWorker) arrival(ctx context.Context, callback store.Callback) error {
	arrived, err := mobilemoney.DecodeArrival(callback.Body)
	t, ok := any(w.service).(taker)
	if err != nil || !ok {
		note := "PayBill confirmation " + callback.ID.String() + " needs reading, receipt " + arrived.Receipt
		return w.service.CallPerson(ctx, escrow.ItemUnknownSubject, callback.ID, note)
	}
	if arrived.At.IsZero() {
		arrived.At = callback.At
	}
	return t.Arrived(ctx, arrived, "callback:"+callback.ID.String())
}

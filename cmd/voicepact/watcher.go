package main

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/store"
)

// watcher shows the phones page how the gateway holds the contracts.
type watcher struct{ store *store.Store }

// watched is how many contracts the page shows.
const watched = 12

// Contracts implements [simulator.Watcher].
func (w watcher) Contracts(ctx context.Context) ([]simulator.ContractView, error) {
	newest, err := w.store.Newest(ctx, watched)
	if err != nil {
		return nil, err
	}
	views := make([]simulator.ContractView, 0, len(newest))
	for _, o := range newest {
		views = append(views, contractView(o))
	}
	return views, nil
}

func contractView(o store.Overview) simulator.ContractView {
	c := o.Contract
	view := simulator.ContractView{
		Ref: string(c.Ref), Item: c.Item, State: string(c.State),
		AmountCents: int64(c.Amount), HeldCents: int64(o.Held), PaymentStatus: string(o.Payment),
		Buyer: c.Buyer.Label(), Seller: c.Seller.Label(),
		DeliverBy: c.DeliverBy.In(escrow.EAT).Format(time.DateOnly),
	}
	for _, e := range o.Events {
		view.Events = append(view.Events, simulator.EventView{
			At: e.At, Event: e.Event, From: e.From, To: e.To, Actor: actorName(c, e.Actor), Channel: string(e.Channel),
		})
	}
	return view
}

func actorName(c escrow.Contract, actor uuid.UUID) string {
	switch actor {
	case c.Buyer.ID:
		return c.Buyer.Called()
	case c.Seller.ID:
		return c.Seller.Called()
	default:
		return ""
	}
}

package sim

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// The operator lifts halts, orders failed payouts again and so on, when the
// trouble is over.
func (c *crowd) operate(ctx context.Context) {
	w := c.w
	c.keys++
	errand := escrow.Errand{Key: fmt.Sprintf("operator:%d", c.keys), Operator: pick(c.dice, c.mediators), Reason: "put right"}
	if err := w.gate.service.Resume(ctx, errand); err != nil && !isInjected(err) {
		w.failf("resume: %v", err)
	}
	items, err := w.store.OpenItems(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, item := range items {
		if item.Kind != escrow.ItemPayoutFailed || !c.dice.chance(0.5) {
			continue
		}
		c.keys++
		errand.Key = fmt.Sprintf("operator:%d", c.keys)
		err := w.gate.service.Retry(ctx, item.TransferID, "", errand)
		w.notef("the operator orders %s again: %t", w.bank.name(item.TransferID), err == nil)
	}
	for _, item := range items {
		if d := c.byID[item.ContractID]; d != nil && c.dice.chance(0.4) {
			c.rule(ctx, d)
		}
	}
	w.notef("the operator has looked")
}

// rounds lets the operator look once or twice a day.
func (c *crowd) rounds() {
	c.w.in(c.dice.between(8*time.Hour, 30*time.Hour), func() {
		if c.w.gate != nil && !c.w.bank.locked {
			c.w.alive(func() { c.operate(c.w.ctx) })
			c.w.refresh()
		}
		c.rounds()
	})
}

// appoint makes two mediators: what is worth much takes both.
func (c *crowd) appoint() {
	for n := range 2 {
		key, hash := escrow.NewOperatorKey()
		operator := escrow.Operator{
			ID: uuid.Must(uuid.NewV7()), Name: "mediator " + strconv.Itoa(n+1), Role: escrow.Mediator, CreatedAt: c.w.clock.now(),
		}
		if err := c.w.store.AddOperator(c.w.ctx, operator, hash); err != nil {
			c.w.t.Fatal(err)
		}
		c.mediators = append(c.mediators, key)
	}
}

// rule decides a dispute, or the ruling of another. The rules refuse it where
// there is none, or where one would approve what one has proposed.
func (c *crowd) rule(ctx context.Context, d *deal) {
	w, s := c.w, c.w.gate.service
	c.keys++
	m := escrow.Mediation{
		Key: "mediator:" + strconv.Itoa(c.keys), Operator: pick(c.dice, c.mediators), Ref: d.ref, Reason: "both were heard",
	}
	m.ToSeller = pick(c.dice, []escrow.Cents{0, w.pays(d), d.amount / 200 * 100})
	act, do := "resolves", s.Resolve
	switch c.dice.IntN(6) {
	case 0, 1, 2:
		act, do = "approves", s.Approve
	case 3:
		act, do = "rejects", s.Reject
	default:
		d.ruled = max(d.ruled, m.ToSeller)
	}
	_, err := do(ctx, m)
	w.notef("a mediator %s deal %d: %t", act, d.n, err == nil)
	if err != nil && escrow.RefusalOf(err) == nil && !errors.Is(err, errInjected) {
		w.failf("a mediator %s deal %d: %v", act, d.n, err)
	}
}

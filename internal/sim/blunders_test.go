package sim

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// blunder is something that an operator must not do: it is refused, and changes
// nothing.
type blunder struct {
	what string
	do   func(context.Context) error
}

// blunder lets an operator do something wrong, if there is anything to do it to.
func (s *staff) blunder(items []escrow.Item) {
	state := s.w.read()
	kinds := [][]blunder{s.wrongClosings(items), s.wrongPayouts(state), s.wrongSeconds(state), s.wrongStrays(state), s.wrongRulings(state)}
	if list := pick(s.dice, kinds); len(list) > 0 {
		s.refuse(pick(s.dice, list))
	}
}

// tempt lets an operator try alone, now and then, what takes two and is due: nothing
// else keeps it from being done.
func (s *staff) tempt(what string, amount escrow.Cents, act func(context.Context, escrow.Errand) error) {
	if s.w.gate == nil || amount <= s.w.policy.FourEyesAbove || !s.dice.chance(0.5) {
		return
	}
	alone := s.errand("quickly")
	alone.Second = alone.Operator
	s.refuse(blunder{"alone " + what, func(ctx context.Context) error { return act(ctx, alone) }})
}

// refuse sees to it that what is wrong is refused, and changes nothing.
func (s *staff) refuse(wrong blunder) {
	w := s.w
	before := w.picture(w.read())
	var err error
	lived := w.alive(func() { err = wrong.do(w.ctx) })
	w.refresh()
	if after := w.picture(w.read()); after != before {
		w.failf("%s: it has changed\n%s\nto\n%s", wrong.what, before, after)
	}
	switch {
	case !lived || isInjected(err):
		return
	case err == nil:
		w.failf("%s: it was not refused", wrong.what)
	}
	s.done[wasRefused]++
	w.notef("an operator %s: refused", wrong.what)
}

// picture is everything that an operator could change.
func (w *world) picture(s state) string {
	halts, err := w.store.Halts(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf("%+v\n%+v\n%+v\n%+v\n%+v\n%+v\n%d jobs",
		s.overviews, s.transfers, s.balances, s.items, s.strays, halts, len(w.queue.jobs))
}

func (s *staff) closing(item escrow.Item, m escrow.Mediation) func(context.Context) error {
	return func(ctx context.Context) error { return s.w.gate.service.CloseItem(ctx, item.ID, m) }
}

// forget lets an operator close, now and then, what still looks after money.
func (s *staff) forget(item escrow.Item) {
	if s.w.gate != nil && s.dice.chance(0.3) && s.needed(item) {
		s.refuse(blunder{"closes a " + string(item.Kind) + " that is needed", s.closing(item, s.mediation("", "no time"))})
	}
}

// wrongClosings close without a reason, or without a key that is good.
func (s *staff) wrongClosings(items []escrow.Item) []blunder {
	var list []blunder
	for _, item := range items {
		kind := " a " + string(item.Kind)
		late := s.mediation("", "was theirs")
		late.Operator = s.former
		list = append(list,
			blunder{"closes without a reason" + kind, s.closing(item, s.mediation("", " "))},
			blunder{"who is none any more closes" + kind, s.closing(item, late)})
	}
	return list
}

// needed reports whether an open item certainly looks after money.
func (s *staff) needed(item escrow.Item) bool {
	switch item.Kind {
	case escrow.ItemDispute, escrow.ItemInspectionOver, escrow.ItemOverdueUnwarned, escrow.ItemAcceptedSilent,
		escrow.ItemPayoutsHalted, escrow.ItemStrayMoney:
		return true
	case escrow.ItemPayoutFailed, escrow.ItemNoWayBack:
		_, attempts := s.attempts(item)
		for _, a := range attempts {
			if a.State != escrow.TransferFailed {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// wrongPayouts settle under a receipt that was counted before, or what is not to be
// settled, or order again what has arrived or is on its way.
func (s *staff) wrongPayouts(state state) []blunder {
	var list []blunder
	var counted string
	for _, t := range state.transfers {
		if t.Receipt != "" && t.Kind == escrow.Collect && t.State == escrow.TransferSucceeded {
			counted = t.Receipt
		}
	}
	for _, t := range state.transfers {
		about := fmt.Sprintf(" %s, which is %s", s.w.bank.name(t.ID), t.State)
		if counted != "" && t.Kind != escrow.Collect {
			list = append(list, blunder{"settles under another's receipt" + about, s.settling(t, counted, s.errand("it must be this"))})
		}
		if t.State != escrow.TransferFailed {
			list = append(list, blunder{"orders again" + about, s.retrying(t, "", s.errand("they ask for it"))})
		}
		if t.State.Final() || t.Kind == escrow.Collect {
			list = append(list, blunder{"calls failed" + about, s.failing(t, s.errand("it looks so"))})
		}
	}
	return list
}

// wrongSeconds move money once more beside an attempt that goes on or has arrived.
func (s *staff) wrongSeconds(state state) []blunder {
	var list []blunder
	for _, t := range state.transfers {
		if t.State == escrow.TransferFailed && besides(state, t) {
			about := " beside another attempt " + s.w.bank.name(t.ID)
			list = append(list, blunder{"orders again" + about, s.retrying(t, t.Party.Phone, s.errand("they ask for it"))},
				blunder{"settles" + about, s.settling(t, "TKBESIDE0X", s.errand("paid in the portal"))})
		}
	}
	return list
}

// besides reports whether another attempt at the money of t goes on or has arrived.
func besides(state state, t escrow.Transfer) bool {
	for _, other := range state.transfers {
		if t.Kind != escrow.Collect && other.PaymentID == t.PaymentID && other.Kind == t.Kind && other.State != escrow.TransferFailed {
			return true
		}
	}
	return false
}

func (s *staff) settling(t escrow.Transfer, receipt string, e escrow.Errand) func(context.Context) error {
	return func(ctx context.Context) error {
		return s.w.gate.service.SettledByHand(ctx, t.ID, escrow.MethodB2C, receipt, e)
	}
}

func (s *staff) failing(t escrow.Transfer, e escrow.Errand) func(context.Context) error {
	return func(ctx context.Context) error { return s.w.gate.service.FailedByHand(ctx, t.ID, e) }
}

func (s *staff) retrying(t escrow.Transfer, to escrow.Phone, e escrow.Errand) func(context.Context) error {
	return func(ctx context.Context) error { return s.w.gate.service.Retry(ctx, t.ID, to, e) }
}

// wrongStrays count a stray for a contract that does not wait for it, or count
// again what was counted.
func (s *staff) wrongStrays(state state) []blunder {
	w := s.w
	assign := func(receipt string, ref escrow.Ref, e escrow.Errand) func(context.Context) error {
		return func(ctx context.Context) error { return w.gate.service.AssignStray(ctx, receipt, ref, e) }
	}
	var list []blunder
	for _, o := range state.overviews {
		for _, stray := range state.strays {
			if o.Contract.State != escrow.Confirmed || o.Contract.Payable() != stray.Amount {
				list = append(list, blunder{
					"counts a stray for a contract that is " + string(o.Contract.State),
					assign(stray.Receipt, o.Contract.Ref, s.errand("it looks so")),
				})
			}
		}
	}
	for _, t := range state.transfers {
		if t.Kind == escrow.Collect && t.Receipt != "" {
			list = append(list, blunder{"counts a payment twice", assign(t.Receipt, t.Ref, s.errand("here it is"))})
		}
	}
	return list
}

// wrongRulings decide what is not disputed, give more than is held, approve what one
// has proposed, or unlock what is open.
func (s *staff) wrongRulings(state state) []blunder {
	w := s.w
	mediate := func(do func(context.Context, escrow.Mediation) (escrow.Result, error), m escrow.Mediation) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := do(ctx, m)
			return err
		}
	}
	var list []blunder
	for _, o := range state.overviews {
		c, service := o.Contract, w.gate.service
		about := " a contract that is " + string(c.State)
		m := s.mediation(c.Ref, "heard one side")
		m.ToSeller = c.Payable() + escrow.MinAmount
		list = append(list, blunder{"gives away too much of" + about, mediate(service.Resolve, m)})
		if !c.CodeLocked() && !c.CancelLocked() {
			list = append(list, blunder{"unlocks" + about, mediate(service.Unlock, s.mediation(c.Ref, "asked to"))})
		}
		if c.State != escrow.Disputed {
			m.ToSeller = 0
			list = append(list, blunder{"rules on" + about, mediate(service.Resolve, m)})
			continue
		}
		m = s.mediation(c.Ref, "mine was good")
		if by := s.proposer(c.ID); by != uuid.Nil {
			m.Operator = s.list[0].key
			if s.list[1].id == by {
				m.Operator = s.list[1].key
			}
		}
		list = append(list, blunder{"approves alone" + about, mediate(service.Approve, m)})
	}
	return list
}

// proposer is who has proposed the ruling that waits, if one does.
func (s *staff) proposer(contract uuid.UUID) uuid.UUID {
	rulings, err := s.w.store.Rulings(s.w.ctx, contract)
	if err != nil {
		s.w.t.Fatal(err)
	}
	for _, r := range rulings {
		if r.State == escrow.RulingProposed {
			return r.ProposedBy
		}
	}
	return uuid.Nil
}

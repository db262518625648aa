package sim

import (
	"context"

	"github.com/voicepact/gateway/escrow"
)

// What operators do about money that is to leave.

// attempts are what the gateway knows of the attempts at the money of an item.
func (s *staff) attempts(item escrow.Item) (escrow.Transfer, []escrow.Transfer) {
	w := s.w
	t, err := w.store.FindTransfer(w.ctx, item.TransferID)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := w.store.TransfersOf(w.ctx, t.ContractID)
	if err != nil {
		w.t.Fatal(err)
	}
	var list []escrow.Transfer
	for _, other := range all {
		if other.PaymentID == t.PaymentID && other.Kind == t.Kind {
			list = append(list, other)
		}
	}
	return t, list
}

// payFailed looks whether money that failed to leave has left after all, and else
// orders it again or moves it in the portal.
func (s *staff) payFailed(item escrow.Item) {
	w := s.w
	t, attempts := s.attempts(item)
	for _, other := range attempts {
		if other.State != escrow.TransferFailed {
			s.close(item, "another attempt is "+string(other.State))
			return
		}
	}
	for _, o := range w.bank.attempts(t) {
		switch {
		case o.paid && o.hand:
			s.settle(t, o)
			return
		case o.paid:
			s.settle(o.Transfer, o)
			return
		case o.open:
			return
		}
	}
	heard := refused
	switch n := s.dice.IntN(10); {
	case n < 4:
		heard = s.retry(t, "")
	case n < 6:
		heard = s.retry(t, s.spare(t))
	}
	if heard == refused { // and not where it may have been done
		s.payByHand(t)
	}
}

// spare is another number of whoever is to get the money.
func (s *staff) spare(t escrow.Transfer) escrow.Phone {
	if p := s.paidBy(t); t.Kind == escrow.Refund && p != nil {
		return p.from
	}
	return escrow.Phone("+2547200" + string(t.Party.Phone[8:]))
}

func (s *staff) retry(t escrow.Transfer, to escrow.Phone) outcome {
	what := didRetry
	if to != "" {
		what = didDivert
	}
	again := func(ctx context.Context, e escrow.Errand) error { return s.w.gate.service.Retry(ctx, t.ID, to, e) }
	if to != "" && to != t.Party.Phone {
		s.tempt("diverts", t.Amount, again)
	}
	heard := s.run(what, s.w.bank.name(t.ID), again)
	if heard == answered && s.w.gate != nil {
		s.refuse(blunder{"orders again what was just ordered", s.retrying(t, t.Party.Phone, s.errand("so that it is sure"))})
	}
	return heard
}

// paidBy is the payment that the money of a transfer came by, as the portal shows it.
func (s *staff) paidBy(t escrow.Transfer) *payin {
	w := s.w
	all, err := w.store.TransfersOf(w.ctx, t.ContractID)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, in := range all {
		if in.Kind != escrow.Collect || in.PaymentID != t.PaymentID {
			continue
		}
		if o := w.bank.orders[in.ID]; in.Receipt == "" && o != nil {
			return w.bank.ins[o.receipt]
		}
		return w.bank.ins[in.Receipt]
	}
	return nil
}

// payByHand moves money in the portal, a whole payment back by undoing it, and notes
// it.
func (s *staff) payByHand(t escrow.Transfer) {
	w := s.w
	undo := s.paidBy(t)
	if t.Kind != escrow.Refund || undo == nil || undo.amount != t.Amount || undo.reversed {
		undo = nil
	}
	if undo == nil && t.Amount < escrow.MinAmount {
		return
	}
	if o, ok := w.bank.payByHand(t, undo); ok {
		s.done[didPay]++
		s.settle(t, o)
	}
}

// settle notes what the portal shows of money that has left.
func (s *staff) settle(t escrow.Transfer, o *order) {
	settle := func(ctx context.Context, e escrow.Errand) error {
		return s.w.gate.service.SettledByHand(ctx, t.ID, o.Method, o.receipt, e)
	}
	s.tempt("settles", t.Amount, settle)
	done := s.run(didSettle, s.w.bank.name(t.ID), settle)
	if done == answered && s.w.gate != nil {
		s.refuse(blunder{"orders again what was just settled", s.retrying(t, t.Party.Phone, s.errand("so that it is sure"))})
	}
	o.told = o.told || done == answered
}

// paySilent ends by what the portal shows what M-Pesa has told nothing of. What has
// been answered since only has to be closed.
func (s *staff) paySilent(item escrow.Item) {
	w := s.w
	t, _ := s.attempts(item)
	state, o := w.bank.show(t.ID)
	switch {
	case t.State.Final():
		s.close(item, "answered since: "+string(t.State))
	case t.State != escrow.TransferUnknown && t.State != escrow.TransferAccepted:
		// It has not left, and is tried until it has.
	case state == shownPaid:
		s.settle(t, o)
	case state != shownOpen:
		fail := func(ctx context.Context, e escrow.Errand) error { return w.gate.service.FailedByHand(ctx, t.ID, e) }
		s.tempt("calls failed", t.Amount, fail)
		s.run(didFail, w.bank.name(t.ID), fail)
	}
}

// paidTwice asks one of two payments of the same money back, once no attempt is under
// way any more. What does not come back is our loss, and booked.
func (s *staff) paidTwice(item escrow.Item) {
	w := s.w
	if item.Ref == "" {
		s.close(item, "looked up in the portal")
		return
	}
	t, attempts := s.attempts(item)
	counted := map[*order]bool{}
	for _, a := range attempts {
		if !a.State.Final() {
			return
		}
		if a.State == escrow.TransferSucceeded {
			counted[w.bank.behind(a)] = true
		}
	}
	for _, o := range w.bank.attempts(t) {
		if t.Kind == escrow.Collect || !o.paid || counted[o] || o.squared {
			continue
		}
		if len(counted) == 0 {
			return // one of them has still to be counted
		}
		o.squared = true
		s.done[didPutRight]++
		if s.dice.chance(0.4) || !w.bank.giveBack(o) {
			s.book(booking{o.receipt, -o.moved})
		}
		w.notef("%s was paid beside another and is put right", w.bank.name(o.ID))
	}
	if w.gate != nil {
		s.close(item, "one of the two was asked back")
	}
}

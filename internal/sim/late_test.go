package sim

import (
	"time"

	"github.com/voicepact/gateway/escrow"
	tariff "github.com/voicepact/gateway/internal/simulator/bank"
)

// turnAway is the bank's door shut: nothing of the request is taken.
func (b *bank) turnAway(t escrow.Transfer) escrow.Submission {
	answer := escrow.Submission{Outcome: escrow.Refused, Code: "400.002.02", Reason: "bad request"}
	switch {
	case t.Kind == escrow.Collect:
	case b.locked:
		answer.Cause, answer.Code, answer.Alarm = escrow.CauseCredential, "2001", true
	default:
		answer.Cause = pick(b.dice, []escrow.Cause{"", escrow.CauseConfig})
	}
	return answer
}

// regret lets a payout that was called failed be done after all.
func (b *bank) regret(o *order, after time.Duration) {
	if o.Method == escrow.MethodB2C && b.w.faults.hit(paidLate) {
		b.w.in(after, func() { b.payLate(o) })
	}
}

// regretBeside does so with the earlier attempts at the money of t, which is on its
// way.
func (b *bank) regretBeside(t escrow.Transfer) {
	for _, o := range b.list {
		if o.sameMoney(t) && !o.open && !o.paid {
			b.regret(o, b.dice.between(time.Second, 20*time.Minute))
		}
	}
}

func (b *bank) payLate(o *order) {
	if o.paid || b.accounts[bankUtility] < o.Amount {
		return
	}
	o.late = true
	b.handOut(o)
	b.insist(o, b.paidOut(o))
}

// handOut pays a phone.
func (b *bank) handOut(o *order) {
	b.move(bankUtility, wallet(o.Party.Phone), o.Amount)
	b.move(bankCharges, bankTariff, escrow.Cents(tariff.PayoutFee(int64(o.Amount))))
	b.settle(o, o.Amount, b.receipt())
}

// insist tells until it is heard: nobody asks any more about what was called
// failed, so that without this nobody could know.
func (b *bank) insist(o *order, body []byte) {
	if b.call(o, kindB2C, body) == heardStatus {
		return
	}
	b.w.in(b.dice.between(time.Minute, time.Hour), func() { b.insist(o, body) })
}

const heardStatus = 200

// sameMoney reports whether the order is another attempt at the money of t.
func (o *order) sameMoney(t escrow.Transfer) bool {
	return t.Kind != escrow.Collect && o.ID != t.ID && o.PaymentID == t.PaymentID && o.Kind == t.Kind
}

// checkSending asks of everything that is sent that no other attempt at its money
// is known to have been paid.
func (b *bank) checkSending(t escrow.Transfer) {
	for _, o := range b.list {
		if o.sameMoney(t) && o.paid && o.told {
			b.w.failf("%s is sent, and it was told that %s has paid the same money", b.name(t.ID), b.name(o.ID))
		}
	}
}

// twice reports whether the order was paid late beside another attempt that was
// paid, which nobody can keep from happening once both are on their way.
func (b *bank) twice(o *order) bool {
	for _, other := range b.list {
		if o.late && other.paid && other.sameMoney(o.Transfer) {
			return true
		}
	}
	return false
}

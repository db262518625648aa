package sim

import (
	"context"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// counter is the bank as the gateway reaches it: the Provider port, with what can
// happen between the two. The answers are those that mobilemoney makes of
// Daraja's.
type counter struct{ w *world }

// Submit implements [escrow.Provider].
func (c counter) Submit(_ context.Context, t escrow.Transfer) escrow.Submission {
	w, b := c.w, c.w.bank
	w.faults.maybeDie(crashBeforeCall)
	b.checkSending(t)
	b.sent[t.ID] = w.clock.true
	b.regretBeside(t)
	unknown := escrow.Submission{Outcome: escrow.Unknown, Code: "network", Reason: "no answer"}
	switch {
	case w.faults.hit(busy):
		w.notef("%s: busy", b.name(t.ID))
		return escrow.Submission{Outcome: escrow.NotSent, Cause: escrow.CauseBusy, Code: "500.003.02", RetryAfter: 15 * time.Second}
	case w.faults.hit(turnedAway):
		w.notef("%s: turned away", b.name(t.ID))
		return b.turnAway(t)
	case w.faults.hit(requestLost):
		w.notef("%s: the request is lost", b.name(t.ID))
		return unknown
	case w.faults.hit(requestLate):
		w.notef("%s: the request is late", b.name(t.ID))
		w.in(b.dice.between(time.Minute, 40*time.Minute), func() { b.submit(t) })
		return unknown
	}
	answer := b.submit(t)
	w.notef("%s %s: %s", b.name(t.ID), t.Kind, answer.Outcome)
	if o := b.orders[t.ID]; o != nil && t.Kind == escrow.Collect && w.faults.hit(callbackEarly) {
		b.pay(o)
		if o.paid {
			b.call(o, kindSTK, stkPaid(o))
		}
	}
	w.faults.maybeDie(crashAfterCall)
	if w.faults.hit(answerLost) {
		return unknown
	}
	return answer
}

// submit is the request at the bank's door. An id that is known pays nothing
// again; a prompt and a reversal have none, so that the same one twice is our
// mistake.
func (b *bank) submit(t escrow.Transfer) escrow.Submission {
	if _, known := b.orders[t.ID]; known {
		if t.Method != escrow.MethodB2C {
			b.w.failf("%s was sent twice", b.name(t.ID))
		}
		return escrow.Submission{Outcome: escrow.Taken, Code: "500.002.1001", Reason: "duplicate"}
	}
	for _, o := range b.list {
		if t.Kind == escrow.Collect && o.Kind == escrow.Collect && o.open && o.payer == t.Party.Phone {
			return escrow.Submission{Outcome: escrow.NotSent, Cause: escrow.CauseBusy, Code: "500.001.1001", RetryAfter: time.Minute}
		}
	}
	o := b.take(t)
	return escrow.Submission{Outcome: escrow.Taken, ProviderID: o.checkout, Code: "0"}
}

// Look implements [escrow.Provider].
func (c counter) Look(_ context.Context, t escrow.Transfer) escrow.Finding {
	w, b := c.w, c.w.bank
	switch {
	case w.faults.hit(busy):
		return escrow.Finding{Verdict: escrow.NotAsked, Code: "429"}
	case w.faults.hit(queryFails):
		return escrow.Finding{Verdict: escrow.NoAnswer, Code: "network"}
	case t.Kind == escrow.Collect:
		return b.queried(t)
	}
	w.in(b.dice.between(500*time.Millisecond, 20*time.Second), func() { b.answerStatus(t) })
	return escrow.Finding{Verdict: escrow.Processing, Code: "0"}
}

// Confirm implements [escrow.Provider]: the records show what the bank has taken in.
func (c counter) Confirm(_ context.Context, receipt string, amount escrow.Cents, _ time.Time, _ escrow.Transfer) escrow.Verdict {
	b := c.w.bank
	if c.w.faults.hit(queryFails) {
		return escrow.NoAnswer
	}
	if p := b.ins[receipt]; p != nil && p.amount == amount {
		return escrow.Moved
	}
	return escrow.NoAnswer
}

// queried answers an STK query, which shows neither receipt nor amount. About a
// payment of another amount it says nothing, because nobody could tell from a
// success without an amount that it was another.
func (b *bank) queried(t escrow.Transfer) escrow.Finding {
	o, known := b.orders[t.ID]
	switch {
	case !known || o.checkout != t.ProviderID:
		return escrow.Finding{Verdict: escrow.NoAnswer, Code: "400.002.02"}
	case o.open || o.paid && o.moved != o.Amount:
		return escrow.Finding{Verdict: escrow.Processing, Code: "500.001.1001"}
	case !o.paid:
		return escrow.Finding{Verdict: escrow.NotMoved, Code: o.code}
	case b.w.faults.hit(contradicted):
		return escrow.Finding{Verdict: escrow.NotMoved, Code: "1032"}
	default:
		o.told = true
		return escrow.Finding{Verdict: escrow.Moved, Code: "0"}
	}
}

// answerStatus calls back with what became of a payout.
func (b *bank) answerStatus(t escrow.Transfer) {
	o, known := b.orders[t.ID]
	if !known {
		o = &order{Transfer: t}
	}
	if t.Method == escrow.MethodReversal && t.ProviderID == "" {
		b.tell(o, kindOriginal, original(b.ins[t.Original], o, b.w.steps))
		return
	}
	b.tell(o, kindStatus, status(o, known, b.w.steps))
}

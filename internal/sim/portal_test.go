package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// The portal is where operators see what the bank did, whatever it told, and where
// they move money by hand.

// shown is what the portal shows of a transfer.
type shown string

const (
	shownPaid   shown = "paid"
	shownFailed shown = "failed"
	shownOpen   shown = "open"    // or it may yet come: a request was on its way not long ago
	shownNot    shown = "nowhere" // M-Pesa has never seen it
)

// inFlight is how long a person waits for what was sent and is not to be seen.
const inFlight = time.Hour

// show looks a transfer up.
func (b *bank) show(id uuid.UUID) (shown, *order) {
	o := b.orders[id]
	switch {
	case o == nil && b.w.clock.true.Sub(b.sent[id]) < inFlight:
		return shownOpen, nil
	case o == nil:
		return shownNot, nil
	case o.paid:
		return shownPaid, o
	case o.open:
		return shownOpen, o
	default:
		return shownFailed, o
	}
}

// attempts are all the ways that the money of t was tried to be moved, by requests
// and by hand.
func (b *bank) attempts(t escrow.Transfer) []*order {
	var list []*order
	for _, o := range b.list {
		if o.ID == t.ID || o.sameMoney(t) {
			list = append(list, o)
		}
	}
	return list
}

// behind is what moved the money of a transfer that counts as succeeded, or nil.
func (b *bank) behind(t escrow.Transfer) *order {
	o := b.orders[t.ID]
	if t.Receipt != "" && (o == nil || o.receipt != t.Receipt) {
		o = nil
		if n := slices.IndexFunc(b.attempts(t), func(o *order) bool { return o.receipt == t.Receipt }); n >= 0 {
			o = b.attempts(t)[n]
		}
	}
	return o
}

// payByHand pays the money of a transfer to a phone, or undoes the payment that it
// came by. It reports whether the portal did.
func (b *bank) payByHand(t escrow.Transfer, undo *payin) (*order, bool) {
	o := &order{Transfer: t, hand: true}
	o.ID = uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "by hand %d", len(b.list)))
	b.names[o.ID] = fmt.Sprintf("transfer %d, by hand", len(b.names)+1)
	switch {
	case undo != nil && undo.reversed, undo == nil && b.accounts[bankUtility] < t.Amount:
		return nil, false
	case undo != nil:
		o.Method, o.Original = escrow.MethodReversal, undo.receipt
		b.list = append(b.list, o)
		b.settle(o, t.Amount, b.undo(undo))
	default:
		o.Method = escrow.MethodB2C
		b.list = append(b.list, o)
		b.handOut(o)
	}
	return o, true
}

// undo gives a payment back to who paid it, and returns the receipt of that.
func (b *bank) undo(p *payin) string {
	p.reversed, p.undoneBy = true, b.receipt()
	b.move(bankCollection, wallet(p.from), p.amount)
	return p.undoneBy
}

// giveBack is a customer who was paid twice and gives one of the two back, if there
// is as much left.
func (b *bank) giveBack(o *order) bool {
	if b.accounts[wallet(o.Party.Phone)] < o.moved {
		return false
	}
	b.move(wallet(o.Party.Phone), bankUtility, o.moved)
	return true
}

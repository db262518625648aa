package sim

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// The bank's own accounts. A customer's is "customer:" and the number.
const (
	bankCollection = "collection"
	bankUtility    = "utility"
	bankOutside    = "outside" // where the float and the customers' money came from
)

func wallet(phone escrow.Phone) string { return "customer:" + string(phone) }

// bank is M-Pesa: its own ledger to the cent, and what it knows of every request
// of ours. It believes nothing that we say and is the truth of every run.
type bank struct {
	w        *world
	dice     dice
	accounts map[string]escrow.Cents
	funded   escrow.Cents // float put into the utility account, less what was taken out
	receipts int

	ins       map[string]*payin // by receipt
	inList    []*payin
	validates bool // asks before it takes a PayBill payment

	orders map[uuid.UUID]*order
	list   []*order // in the order of their coming
	names  map[uuid.UUID]string
	sent   map[uuid.UUID]time.Time // when a request last left for us
	locked bool                    // our initiator
	asked  int                     // how often for the balances
}

// order is one request of ours that the bank took.
type order struct {
	escrow.Transfer
	checkout string // CheckoutRequestID or ConversationID
	open     bool   // a prompt is on the phone, or a payout in the queue
	paid     bool
	code     string // of the failure
	receipt  string
	moved    escrow.Cents
	payer    escrow.Phone
	at       time.Time // of the movement
	late     bool      // a payout that was called failed before
	told     bool      // a statement of ours that the money moved has reached the gateway's code
	hand     bool      // moved in the portal, and not by a request
	squared  bool      // paid beside another attempt, which an operator has put right
}

func newBank(w *world) *bank {
	b := &bank{
		w: w, dice: newDice(w.seed, "bank"), accounts: map[string]escrow.Cents{},
		orders: map[uuid.UUID]*order{}, names: map[uuid.UUID]string{},
		sent: map[uuid.UUID]time.Time{}, ins: map[string]*payin{},
	}
	b.validates = b.dice.chance(0.5)
	b.fill(escrow.Shillings(50_000_000))
	return b
}

// move is the only way that money goes.
func (b *bank) move(from, to string, amount escrow.Cents) {
	b.accounts[from] -= amount
	b.accounts[to] += amount
}

func (b *bank) fill(amount escrow.Cents) {
	b.move(bankOutside, bankUtility, amount)
	b.funded += amount
}

// drain empties the float for some hours.
func (b *bank) drain() {
	taken := b.accounts[bankUtility]
	b.w.notef("FLOAT is empty")
	b.fill(-taken)
	b.w.in(b.dice.between(time.Hour, 12*time.Hour), func() { b.fill(taken) })
}

// lock makes the bank refuse our initiator for some hours.
func (b *bank) lock() {
	b.locked = true
	b.w.notef("INITIATOR is locked")
	b.w.in(b.dice.between(time.Hour, 12*time.Hour), func() { b.locked = false })
}

// repair ends what is wrong with our accounts.
func (b *bank) repair() {
	b.locked = false
	b.fill(escrow.Shillings(50_000_000))
}

// name names a transfer without its id: "collect 3".
func (b *bank) name(id uuid.UUID) string {
	if name, ok := b.names[id]; ok {
		return name
	}
	b.names[id] = fmt.Sprintf("transfer %d", len(b.names)+1)
	return b.names[id]
}

func (b *bank) receipt() string {
	b.receipts++
	return fmt.Sprintf("TK%07dX", b.receipts)
}

// take accepts a request that is new.
func (b *bank) take(t escrow.Transfer) *order {
	o := &order{Transfer: t, open: true, payer: t.Party.Phone}
	o.checkout = fmt.Sprintf("AG_%s_%06d", b.w.clock.true.Format("20060102"), len(b.list)+1)
	if t.Kind == escrow.Collect {
		o.checkout = fmt.Sprintf("ws_CO_%06d_%s", len(b.list)+1, t.Party.Phone.MSISDN()[3:])
	}
	b.orders[t.ID] = o
	b.list = append(b.list, o)
	if t.Kind == escrow.Collect {
		b.prompt(o)
	} else {
		b.w.in(b.dice.between(time.Second, time.Minute), func() { b.execute(o) })
	}
	return o
}

// prompt lets the person decide what becomes of a prompt.
func (b *bank) prompt(o *order) {
	soon := b.dice.between(4*time.Second, 55*time.Second)
	switch n := b.dice.IntN(100); {
	case n < 72:
		b.w.in(soon, func() { b.pay(o) })
	case n < 80:
		b.w.in(soon, func() { b.decline(o, "1032") })
	case n < 84:
		b.w.in(soon, func() { b.decline(o, "2001") })
	case n < 88:
		b.w.in(soon, func() { b.decline(o, "1") })
	default:
		b.w.in(b.dice.between(60*time.Second, 95*time.Second), func() { b.decline(o, "1037") })
	}
}

// pay is the person's PIN: it counts whatever the bank has said before.
func (b *bank) pay(o *order) {
	if o.paid {
		return
	}
	amount := o.Amount
	if b.w.faults.hit(otherAmount) {
		amount -= escrow.Shillings(1)
	}
	if customer, _ := b.shares(amount); b.accounts[wallet(o.payer)] < amount+customer {
		b.decline(o, "1")
		return
	}
	b.settle(o, amount, b.receive(o.payer, amount, string(o.Ref)).receipt)
	b.tell(o, kindSTK, stkPaid(o))
	if b.w.faults.hit(contradicted) {
		b.tell(o, kindSTK, stkFailed(o, "1037"))
	}
}

func (b *bank) settle(o *order, amount escrow.Cents, receipt string) {
	o.open, o.paid, o.moved, o.receipt, o.at = false, true, amount, receipt, b.w.clock.true
	b.w.notef("bank: %s moved %s", b.name(o.ID), amount)
}

func (b *bank) decline(o *order, code string) {
	if o.paid {
		return
	}
	o.open, o.code = false, code
	b.w.notef("bank: %s failed, %s", b.name(o.ID), code)
	b.tell(o, kindSTK, stkFailed(o, code))
	late := code == "1032" || code == "1037"
	if late && b.w.faults.hit(paidLate) {
		b.w.in(b.dice.wait(), func() { b.pay(o) })
	}
}

// execute works a payout that has waited in the queue.
func (b *bank) execute(o *order) {
	code, back := b.judge(o), o.Method == escrow.MethodReversal
	if b.w.faults.hit(queueTimeout) {
		b.tell(o, kindB2CTimeout, []byte(`{"requestType":"BusinessPayment"}`))
	}
	kind := kindB2C
	if back {
		kind = kindReversal
	}
	if code != "" {
		o.open, o.code = false, code
		b.w.notef("bank: %s failed, %s", b.name(o.ID), code)
		b.tell(o, kind, b2cFailed(o, code))
		b.regret(o, b.dice.wait())
		return
	}
	if back {
		b.settle(o, o.Amount, b.undo(b.ins[o.Original]))
		b.tell(o, kind, reversed(o))
	} else {
		b.handOut(o)
		b.tell(o, kind, b.paidOut(o))
	}
	b.w.in(b.dice.wait(), func() { b.contradict(o) })
}

// contradict calls a payout failed that it has told of as paid. One of which
// nothing else is ever told could not be known to be paid by anybody.
func (b *bank) contradict(o *order) {
	if o.told && o.Method == escrow.MethodB2C && b.w.faults.hit(contradicted) {
		b.tell(o, kindB2C, b2cFailed(o, "1"))
	}
}

func (b *bank) judge(o *order) string {
	switch {
	case b.locked:
		return "2001"
	case o.Method == escrow.MethodReversal:
		return b.judgeReversal(o)
	case b.accounts[bankUtility] < o.Amount:
		return "1"
	case b.w.faults.hit(payeeUnreachable):
		return pick(b.dice, []string{"2040", "8", "4"})
	default:
		return ""
	}
}

// judgeReversal refuses a payment that was undone before, by hand: that is all that
// keeps a request from undoing it twice.
func (b *bank) judgeReversal(o *order) string {
	original := b.ins[o.Original]
	switch {
	case original == nil:
		return "R000002"
	case original.reversed:
		return "R000001"
	case o.Amount != original.amount:
		b.w.failf("%s undoes %s of a payment of %s", b.name(o.ID), o.Amount, original.amount)
		return "2"
	case b.w.faults.hit(payeeUnreachable):
		return pick(b.dice, []string{"8", "4"})
	default:
		return ""
	}
}

// tell sends a callback on its way, if it gets on it.
func (b *bank) tell(o *order, kind string, body []byte) {
	if b.w.faults.hit(callbackLost) {
		return
	}
	times := 1
	if b.w.faults.hit(callbackTwice) {
		times = 1 + b.dice.IntN(3)
	}
	for range times {
		delay := b.dice.between(200*time.Millisecond, 8*time.Second)
		if b.w.faults.hit(callbackLate) {
			delay = b.dice.between(time.Hour, 6*24*time.Hour)
		}
		b.w.in(delay, func() { b.call(o, kind, body) })
	}
}

// call posts a callback, once: Safaricom does not come again. It returns the status.
func (b *bank) call(o *order, kind string, body []byte) int {
	path := "/mm/" + kind + "/" + o.ID.String() + "/" + token(kind, o.ID)
	status := b.w.receive(path, "application/json", body)
	b.w.notef("callback %s about %s: %d", kind, b.name(o.ID), status)
	return status
}

// heard notes that the gateway has worked a statement that the money moved.
func (b *bank) heard(id uuid.UUID) {
	if o, ok := b.orders[id]; ok {
		o.told = true
	}
}

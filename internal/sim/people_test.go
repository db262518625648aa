package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// person is one of the crowd. Some do what is due at once, some forget, some
// press every button twice.
type person struct {
	n      int
	phone  escrow.Phone
	sms    bool    // writes messages rather than dialling
	lazy   float64 // how often nothing is done when something is due
	wild   float64 // how often something else is done than what is due
	repeat float64 // how often the same is sent once more
	typos  float64 // how often a code or an account number is typed wrong
	trusts bool    // accepts before anything is delivered
	away   bool    // leaves contracts alone that are paid
}

func (p *person) String() string { return fmt.Sprintf("person %d", p.n) }

// deal is a contract as the crowd knows it.
type deal struct {
	n             int
	buyer, seller *person
	amount        escrow.Cents
	ref           escrow.Ref    // empty until the proposal is answered
	code          string        // the release code, once the buyer was sent it
	cancelCode    string        // the newest code to agree to call the deal off
	born, handed  time.Duration // uptime when it was proposed, and when the seller first said delivered
	ended         bool          // by a deadline
	idle          int           // how often nothing came of it in a row

	// What was asked for by who may, whether or not it was heard to succeed.
	delivered, accepted bool
	ruled               escrow.Cents // the most that a mediator gave to the seller
	// The keys of what was answered as done.
	done []string
}

func (d *deal) String() string { return fmt.Sprintf("deal %d", d.n) }

func (d *deal) side(role escrow.Role) *person {
	if role == escrow.Buyer {
		return d.buyer
	}
	return d.seller
}

// crowd is everybody outside.
type crowd struct {
	w       *world
	dice    dice
	people  []*person
	deals   []*deal
	byID    map[uuid.UUID]*deal
	byRef   map[escrow.Ref]*deal
	keys    int
	settled bool // no new deals
	quiet   bool // nobody does anything any more
	most    int  // deals that are made in all
}

func newCrowd(w *world) *crowd {
	c := &crowd{w: w, dice: newDice(w.seed, "crowd"), byRef: map[escrow.Ref]*deal{}, byID: map[uuid.UUID]*deal{}}
	c.most = cmp.Or(w.plan.deals, 3+w.plan.steps/45)
	for n := range 3 + c.dice.IntN(12) {
		p := &person{
			n: n + 1, phone: escrow.Phone(fmt.Sprintf("+2547%08d", 10_000_000+n)), sms: c.dice.chance(0.4),
			lazy: c.dice.Float64() * 0.4, wild: c.dice.Float64() * 0.2, repeat: c.dice.Float64() * 0.2,
		}
		p.trusts, p.away, p.typos = n%5 == 1, n%5 == 2, 0.1
		if n%3 == 0 {
			p.typos = 0.9 // who cannot read their phone
		}
		c.people = append(c.people, p)
		w.bank.move(bankOutside, wallet(p.phone), escrow.Shillings(pick(c.dice, []int64{500, 300_000, 2_000_000, 2_000_000})))
	}
	return c
}

// begin lets the first deals be made, and then more of them from time to time.
func (c *crowd) begin() {
	var meet func()
	meet = func() {
		if c.settled || len(c.deals) >= c.most {
			return
		}
		c.propose()
		c.w.in(c.dice.wait(), meet)
	}
	for range 1 + c.dice.IntN(4) {
		c.w.in(c.dice.between(0, time.Hour), meet)
	}
}

func (c *crowd) key() string {
	c.keys++
	return fmt.Sprintf("ussd:ATUid_%d:1", c.keys)
}

// propose makes a deal between two who are not the same, mostly.
func (c *crowd) propose() {
	d := &deal{n: len(c.deals) + 1, buyer: pick(c.dice, c.people), seller: pick(c.dice, c.people)}
	d.amount = escrow.Shillings(pick(c.dice, []int64{10, 150, 3_500, 4_999, 5_001, 20_000, 250_000}))
	c.deals = append(c.deals, d)
	role := pick(c.dice, []escrow.Role{escrow.Buyer, escrow.Seller})
	offer := escrow.Proposal{
		Request: escrow.Request{Key: c.key(), From: d.side(role).phone, Channel: escrow.ChannelUSSD},
		Role:    role, Other: d.side(role.Other()).phone, Item: fmt.Sprintf("Maize %d bags", d.n), Amount: d.amount,
		DeliverBy: c.w.clock.now().AddDate(0, 0, c.dice.IntN(5)),
	}
	c.offer(d, role, offer, 0)
}

func (c *crowd) offer(d *deal, role escrow.Role, offer escrow.Proposal, tries int) {
	if tries == 0 {
		d.born = c.w.uptime()
	}
	result, outcome := c.call(func(ctx context.Context) (escrow.Result, error) {
		return c.w.gate.service.Propose(ctx, offer)
	})
	c.w.notef("%s offers deal %d to %s: %s", d.side(role), d.n, d.side(role.Other()), outcome)
	switch outcome {
	case answered:
		d.ref = result.Contract.Ref
		c.byRef[d.ref], c.byID[result.Contract.ID] = d, d
		d.done = append(d.done, offer.Key)
		c.w.in(c.dice.turn(), func() { c.turn(d) })
	case unanswered:
		if tries < 5 {
			c.w.in(c.dice.between(10*time.Second, 30*time.Minute), func() { c.offer(d, role, offer, tries+1) })
		}
	default:
	}
}

// turn lets one of the two look at their contract and do something, or not.
func (c *crowd) turn(d *deal) {
	const enough = 8 // turns in a row that nothing came of
	if c.quiet || d.idle > enough {
		return
	}
	role := pick(c.dice, []escrow.Role{escrow.Buyer, escrow.Seller})
	p := d.side(role)
	d.idle++
	if !c.dice.chance(p.lazy) {
		if act, ok := c.choose(d, p, role); ok {
			c.act(d, p, role, act)
		}
	}
	c.w.in(c.dice.turn(), func() { c.turn(d) })
}

// choose is what comes to a person's mind: mostly what the screen offers.
func (c *crowd) choose(d *deal, p *person, role escrow.Role) (escrow.Act, bool) {
	if c.dice.chance(p.wild) {
		return pick(c.dice, anything()), true
	}
	var view escrow.View
	_, heard := c.call(func(ctx context.Context) (_ escrow.Result, err error) {
		view, err = c.w.gate.service.View(ctx, p.phone, d.ref)
		return escrow.Result{}, err
	})
	if heard != answered {
		return "", false
	}
	due, waits := view.Contract.WaitsFor(role)
	acts := view.Contract.Acts(role)
	switch {
	case p.away && view.Contract.State.Funded():
		return "", false
	case p.trusts && slices.Contains(acts, escrow.ActAccept) && c.dice.chance(0.5):
		return escrow.ActAccept, true
	case waits && c.dice.chance(0.9):
		return due, true
	case len(acts) > 0 && c.dice.chance(0.05):
		return pick(c.dice, acts), true
	default:
		return "", false
	}
}

func anything() []escrow.Act {
	return []escrow.Act{
		escrow.ActAgree, escrow.ActDecline, escrow.ActCancel, escrow.ActPay,
		escrow.ActDeliver, escrow.ActAccept, escrow.ActDispute,
		escrow.ActAgreeCancel, escrow.ActRefuseCancel, escrow.ActKeepOn, escrow.ActWithdraw,
	}
}

// hear gives a message to its receiver.
func (c *crowd) hear(m escrow.Message, code string) {
	d := c.byRef[m.Params.Ref]
	switch {
	case d == nil || code == "":
	case m.Template == escrow.MsgCancelAsked:
		if m.To.Phone != d.side(m.Params.Role).phone {
			c.w.failf("the code to call off deal %d went to a stranger", d.n)
		}
		d.cancelCode = code
	case m.To.Phone != d.buyer.phone:
		c.w.failf("the release code of deal %d went to another than the buyer", d.n)
	default:
		d.code = code
	}
}

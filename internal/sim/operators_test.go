package sim

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// attend works an item as docs/operating.md tells.
func (s *staff) attend(item escrow.Item) {
	switch item.Kind {
	case escrow.ItemDispute, escrow.ItemInspectionOver, escrow.ItemOverdueUnwarned:
		s.mediate(item)
	case escrow.ItemAcceptedSilent:
		s.callSeller(item)
	case escrow.ItemCodeLocked:
		s.unlock(item)
	case escrow.ItemPayoutFailed, escrow.ItemNoWayBack:
		s.payFailed(item)
	case escrow.ItemPayoutSilent:
		s.paySilent(item)
	case escrow.ItemPaidTwice, escrow.ItemReceiptReuse:
		s.paidTwice(item)
	case escrow.ItemPayoutsHalted:
		s.lift()
	case escrow.ItemStrayMoney:
		s.strays()
	case escrow.ItemCollectUnknown, escrow.ItemNoReceipt, escrow.ItemUnconfirmed:
		s.paidIn(item)
	case escrow.ItemProviderAlarm, escrow.ItemAmountMismatch, escrow.ItemOtherPrompt:
		s.close(item, "looked up in the portal")
	default:
		s.w.failf("nobody has told what to do about %s", item.Kind)
	}
}

func (s *staff) close(item escrow.Item, why string) {
	s.do(didClose, string(item.Kind), func(ctx context.Context) error {
		return s.w.gate.service.CloseItem(ctx, item.ID, s.mediation("", why))
	})
}

// mediate decides a dispute, or what the other has proposed about it. Now and then
// the two of them still talk.
func (s *staff) mediate(item escrow.Item) {
	w := s.w
	d := w.crowd.byID[item.ContractID]
	if d == nil || !w.crowd.quiet && s.dice.chance(0.5) {
		return
	}
	rulings, err := w.store.Rulings(w.ctx, item.ContractID)
	if err != nil {
		w.t.Fatal(err)
	}
	waits := slices.IndexFunc(rulings, func(r escrow.Ruling) bool { return r.State == escrow.RulingProposed })
	m, service := s.mediation(d.ref, "both were heard"), w.gate.service
	what, command := didRule, service.Resolve
	switch {
	case waits < 0:
		m.ToSeller = pick(s.dice, []escrow.Cents{0, w.pays(d), d.amount / 200 * 100})
		d.ruled = max(d.ruled, m.ToSeller)
	case s.dice.chance(0.2):
		what, command = didReject, service.Reject
	default:
		what, command = didApprove, service.Approve
		m.Operator = s.other(rulings[waits].ProposedBy).key
		s.tempt("approves", d.amount, func(ctx context.Context, _ escrow.Errand) error {
			own := s.mediation(d.ref, "")
			own.Operator = s.other(s.other(rulings[waits].ProposedBy).id).key
			_, err := service.Approve(ctx, own)
			return err
		})
	}
	s.do(what, d.String(), func(ctx context.Context) error {
		_, err := command(ctx, m)
		return err
	})
}

// other is whoever may approve what the one has proposed.
func (s *staff) other(one uuid.UUID) operator {
	if s.list[0].id == one {
		return s.list[1]
	}
	return s.list[0]
}

// callSeller asks a seller on the phone to confirm, who mostly does.
func (s *staff) callSeller(item escrow.Item) {
	c := s.w.crowd
	if d := c.byID[item.ContractID]; d != nil && s.dice.chance(0.7) {
		s.done[didCall]++
		c.act(d, d.seller, escrow.Seller, escrow.ActDeliver)
	}
}

// unlock lets somebody try a code again who was called back, and was it. What has
// ended in another way needs no code any more.
func (s *staff) unlock(item escrow.Item) {
	d := s.w.crowd.byID[item.ContractID]
	done := s.do(didUnlock, d.String(), func(ctx context.Context) error {
		_, err := s.w.gate.service.Unlock(ctx, s.mediation(d.ref, "called back"))
		return err
	})
	if done == answered && s.dice.chance(0.8) {
		d.buyer.typos, d.seller.typos = 0, 0 // the code was read to them, letter by letter
	}
}

// lift puts right at the bank what payouts are halted by. An empty float is filled,
// and payouts go on by themselves.
func (s *staff) lift() {
	w := s.w
	halts, err := w.gate.service.Halts(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range halts {
		const enough = 1_000_000
		switch {
		case w.gate == nil:
			return
		case h.Kind == escrow.HaltInitiator:
			w.bank.locked = false
			s.do(didResume, string(h.Kind), func(ctx context.Context) error {
				return w.gate.service.Resume(ctx, s.errand("the password is new"))
			})
		case w.bank.accounts[bankUtility] < escrow.Shillings(enough):
			w.bank.fill(escrow.Shillings(enough))
			s.book(booking{w.bank.receipt(), escrow.Shillings(enough)})
		}
	}
}

// book notes our own money that was moved, until it is heard to be noted.
func (s *staff) book(b booking) {
	s.ledger = append(s.ledger, b)
	s.bookAgain()
}

func (s *staff) bookAgain() {
	var left []booking
	for _, b := range s.ledger {
		done := s.do(didBook, b.amount.String(), func(ctx context.Context) error {
			err := s.w.gate.service.BookFloat(ctx, escrow.FloatChange{
				Key: "float:" + b.receipt, Operator: s.list[0].key, Amount: b.amount, Reason: "moved in the portal",
			})
			if refusal := escrow.RefusalOf(err); refusal != nil && refusal.Code == escrow.Already {
				return nil
			}
			return err
		})
		if done != answered {
			left = append(left, b)
			continue
		}
		s.booked += b.amount
		s.brought += max(b.amount, 0)
	}
	s.ledger = left
}

// strays asks who paid what nobody can place, and counts it where it was meant, or
// undoes it in the portal.
func (s *staff) strays() {
	w := s.w
	strays, err := w.gate.service.Strays(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, stray := range strays {
		p := w.bank.ins[stray.Receipt]
		if w.gate == nil {
			return
		}
		if d := p.meant; d != nil && !p.reversed && p.from == d.buyer.phone && s.awaited(d, p.amount) {
			assign := func(ctx context.Context, e escrow.Errand) error {
				return w.gate.service.AssignStray(ctx, p.receipt, d.ref, e)
			}
			s.tempt("places a stray", p.amount, assign)
			s.run(didAssign, d.String(), assign)
			continue
		}
		if !p.reversed {
			p.refused = true
			w.bank.undo(p)
			s.done[didPay]++
		}
		giveBack := func(ctx context.Context, e escrow.Errand) error {
			return w.gate.service.ReturnStray(ctx, p.receipt, p.undoneBy, e)
		}
		s.tempt("gives a stray back", p.amount, giveBack)
		s.run(didReturn, p.receipt, giveBack)
	}
}

// awaited reports whether a deal waits for exactly so much.
func (s *staff) awaited(d *deal, amount escrow.Cents) bool {
	c, _, err := s.w.store.FindContract(s.w.ctx, d.ref)
	if err != nil {
		s.w.t.Fatal(err)
	}
	return c.State == escrow.Confirmed && c.Payable() == amount
}

// reconcile has the statement of two days compared, where something is open that it
// can clear up.
func (s *staff) reconcile(items []escrow.Item) {
	w := s.w
	if !slices.ContainsFunc(items, func(i escrow.Item) bool { return asksForStatement(i.Kind) }) {
		return
	}
	lines, err := counter{w}.Statement(w.ctx, w.clock.true.Add(-escrow.StatementReach), w.clock.true)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, line := range lines {
		if w.gate == nil {
			return
		}
		s.do(didCompare, line.Receipt, func(ctx context.Context) error {
			return w.gate.service.Arrived(ctx, line, "statement:"+line.Receipt)
		})
	}
}

func asksForStatement(kind escrow.ItemKind) bool {
	return kind == escrow.ItemCollectUnknown || kind == escrow.ItemNoReceipt || kind == escrow.ItemUnconfirmed
}

// paidIn closes what was asked about a payment once the books have what the portal
// shows of it.
func (s *staff) paidIn(item escrow.Item) {
	w := s.w
	for _, p := range w.bank.inList {
		o := w.bank.orders[item.TransferID]
		about := strings.Contains(item.Note, p.receipt) || o != nil && o.receipt == p.receipt
		if !about {
			continue
		}
		if _, err := w.store.FindReceipt(w.ctx, p.receipt); escrow.IsNotFound(err) {
			return // it is on the statement, and will be counted
		} else if err != nil {
			w.t.Fatal(err)
		}
	}
	s.close(item, "the portal shows the same")
}

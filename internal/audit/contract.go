package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// Contract proves everything that one contract's own records can show, believing
// signatures of the keys only. It returns nothing where all holds.
func Contract(d store.Dossier, keys escrow.Keyring) []Violation {
	p := &proof{Dossier: d, keys: keys, balances: map[escrow.Account]escrow.Cents{}}
	p.books()
	p.held()
	p.owed()
	p.folded()
	p.told()
	p.collected()
	p.lookedAfter()
	p.wayOut()
	p.trail()
	p.terms()
	slices.SortStableFunc(p.bad, func(a, b Violation) int { return strings.Compare(a.String(), b.String()) })
	return p.bad
}

// proof is one run of [Contract].
type proof struct {
	store.Dossier

	keys     escrow.Keyring
	balances map[escrow.Account]escrow.Cents // of this contract's postings only
	bad      []Violation
}

func (p *proof) violated(i Invariant, what string, found, want any) {
	p.bad = append(p.bad, Violation{
		Invariant: i, Contract: p.Contract.ID, Ref: p.Contract.Ref,
		What: what, Found: fmt.Sprint(found), Want: fmt.Sprint(want),
	})
}

// books adds up the postings, and watches that the escrow never runs dry on the way.
func (p *proof) books() {
	own := escrow.EscrowAccount(p.Contract.ID)
	for _, posting := range p.Postings {
		var sum escrow.Cents
		for _, e := range posting.Entries {
			sum += e.Amount
			p.balances[e.Account] += e.Amount
			switch {
			case e.Account != own && strings.HasPrefix(string(e.Account), "escrow:"):
				p.violated(Held, "posting "+posting.ID.String()+" moves another contract's money", e.Account, own)
			case !knownAccount(e.Account, own):
				p.violated(Held, "account in posting "+posting.ID.String(), e.Account, "one that the ledger has")
			}
		}
		if sum != 0 {
			p.violated(Balanced, "posting "+posting.ID.String()+" ("+posting.Reason+") does not sum to zero", sum, escrow.Cents(0))
		}
		if len(posting.Entries) < 2 {
			p.violated(Balanced, "posting "+posting.ID.String()+" ("+posting.Reason+") lacks entries",
				len(posting.Entries), "2 or more")
		}
		if p.balances[own] > 0 {
			p.violated(Held, "more was taken out than came in by posting "+posting.ID.String(), -p.balances[own], "Ksh0 or more")
		}
	}
}

// held compares what the ledger holds with what the state and the payments say.
func (p *proof) held() {
	c, want := p.Contract, escrow.Cents(0)
	payment, locked := p.payment(escrow.PaymentHeld)
	if c.State.Funded() {
		want = payment.Amount
		if !locked {
			p.violated(Held, "payment of a contract that is "+string(c.State), "none that is locked", "one")
			want = c.Payable()
		} else if payment.Amount != c.Payable() {
			p.violated(Held, "the locked payment", payment.Amount, c.Payable())
		}
	}
	if held := -p.balances[escrow.EscrowAccount(c.ID)]; held != want {
		p.violated(Held, "money held while "+string(c.State), held, want)
	}
	p.fee()
}

// fee proves that the service has earned its fee when the deal was completed, and
// nothing otherwise.
func (p *proof) fee() {
	var want escrow.Cents
	if p.Contract.State == escrow.Completed {
		want = p.Contract.Fee
	}
	if earned := -p.balances[escrow.FeesPlatform]; earned != want {
		p.violated(Held, "fee earned while "+string(p.Contract.State), earned, want)
	}
}

// payment finds the payment with the status.
func (p *proof) payment(status escrow.PaymentStatus) (escrow.Payment, bool) {
	at := slices.IndexFunc(p.Payments, func(payment escrow.Payment) bool { return payment.Status == status })
	if at < 0 {
		return escrow.Payment{}, false
	}
	return p.Payments[at], true
}

// due is money of one payment that is to leave us, and by which transfer last.
type due struct {
	payment uuid.UUID
	kind    escrow.TransferKind
}

// outgoing groups the transfers that pay the same money out, the newest last.
func (p *proof) outgoing() map[due][]escrow.Transfer {
	groups := map[due][]escrow.Transfer{}
	for _, t := range p.Transfers {
		if t.Kind != escrow.Collect {
			groups[due{t.PaymentID, t.Kind}] = append(groups[due{t.PaymentID, t.Kind}], t)
		}
	}
	return groups
}

func arrived(group []escrow.Transfer) bool {
	return slices.ContainsFunc(group, func(t escrow.Transfer) bool { return t.State == escrow.TransferSucceeded })
}

// owed compares what the ledger owes to people with what was to be paid to them
// and has not arrived.
func (p *proof) owed() {
	want, doubted := map[escrow.Account]escrow.Cents{escrow.Suspense: p.stuck()}, map[escrow.Account]bool{}
	for key, group := range p.outgoing() {
		last := group[len(group)-1]
		account := p.debt(key)
		if !arrived(group) {
			want[account] += last.Amount
		}
		for _, t := range group {
			// M-Pesa reported another amount than was ordered: a person decides.
			doubted[account] = doubted[account] || p.item(escrow.ItemAmountMismatch, t.ID)
		}
	}
	for account := range p.balances {
		if _, known := want[account]; !known && strings.HasPrefix(string(account), "payable:") {
			want[account] = 0
		}
	}
	for account, owed := range want {
		if -p.balances[account] != owed && !doubted[account] {
			p.violated(Held, "owed on "+string(account), -p.balances[account], owed)
		}
	}
}

// debt is the account that money of a payment leaves from: what is owed to a
// side, or suspense where the payment was never taken in.
func (p *proof) debt(key due) escrow.Account {
	at := slices.IndexFunc(p.Payments, func(payment escrow.Payment) bool { return payment.ID == key.payment })
	switch {
	case key.kind == escrow.Payout:
		return escrow.PayableAccount(p.Contract.Seller.ID)
	case at >= 0 && p.Payments[at].Bounced != "":
		return escrow.Suspense
	default:
		return escrow.PayableAccount(p.Contract.Buyer.ID)
	}
}

// stuck is the money that must go back and for which no rule knows a way.
func (p *proof) stuck() escrow.Cents {
	var sum escrow.Cents
	groups := p.outgoing()
	for _, payment := range p.Payments {
		if payment.Bounced == "" || len(groups[due{payment.ID, escrow.Refund}]) > 0 {
			continue
		}
		for _, t := range p.Transfers {
			if t.PaymentID == payment.ID {
				sum += p.parked(t.ID)
			}
		}
	}
	return sum
}

// parked is what was put into suspense for a transfer.
func (p *proof) parked(transfer uuid.UUID) escrow.Cents {
	var sum escrow.Cents
	for _, posting := range p.Postings {
		for _, e := range posting.Entries {
			if posting.TransferID == transfer && e.Account == escrow.Suspense {
				sum -= e.Amount
			}
		}
	}
	return sum
}

func (p *proof) item(kind escrow.ItemKind, transfer uuid.UUID) bool {
	return slices.ContainsFunc(p.Items, func(i escrow.Item) bool { return i.Kind == kind && i.TransferID == transfer })
}

// folded replays the events by the rules.
func (p *proof) folded() {
	if state, err := escrow.Fold(p.Events); err != nil || state != p.Contract.State {
		p.violated(Folded, "state", p.Contract.State, foldResult(state, err))
	}
	states, err := escrow.FoldTransfers(p.Events)
	if err != nil {
		p.violated(Folded, "events of transfers", err, "events that follow the rules")
	}
	for _, t := range p.Transfers {
		state, told := states[t.ID]
		if !told || state != t.State {
			p.violated(Folded, string(t.Kind)+" "+t.ID.String(), t.State, foldResult(escrow.State(state), nil))
		}
		delete(states, t.ID)
	}
	for id := range states {
		p.violated(Folded, "transfer "+id.String()+", of which events tell", "none", "one")
	}
	if ends := p.ends(); ends > 1 {
		p.violated(Folded, "times that the contract ended", ends, "1 at most")
	}
	p.paid()
}

func foldResult(state escrow.State, err error) string {
	if err != nil {
		return err.Error()
	}
	return "what its events lead to, " + fmt.Sprintf("%q", state)
}

func (p *proof) ends() int {
	ends := 0
	for _, e := range p.Events {
		if escrow.State(e.To).Terminal() && e.To != e.From {
			ends++
		}
	}
	return ends
}

// paid holds a payment as people see it against the transfers that pay it out:
// it is released, or refunded, once all of them have arrived and not before.
func (p *proof) paid() {
	groups := p.outgoing()
	for _, payment := range p.Payments {
		payout, refund := groups[due{payment.ID, escrow.Payout}], groups[due{payment.ID, escrow.Refund}]
		want := escrow.PaymentRefunded
		if len(payout) > 0 {
			want = escrow.PaymentReleased
		}
		left := len(payout)+len(refund) > 0 && (len(payout) == 0 || arrived(payout)) && (len(refund) == 0 || arrived(refund))
		gone := payment.Status == escrow.PaymentReleased || payment.Status == escrow.PaymentRefunded
		switch {
		case left && payment.Status != want:
			p.violated(Held, "payment "+payment.ID.String()+", which has left us", payment.Status, want)
		case !left && gone:
			p.violated(Held, "payment "+payment.ID.String()+", which has not left us", payment.Status, "neither released nor refunded")
		}
	}
}

// trail proves the chain: its links, its authors and its signatures.
func (p *proof) trail() {
	if bad := escrow.Verify(p.Events, p.Contract.ChainHead); bad != 0 {
		p.violated(Accounted, "hash chain", fmt.Sprintf("event %d broken", bad), "unbroken up to the contract's head")
	}
	if n := int64(len(p.Events)); n != p.Contract.ChainSeq {
		p.violated(Accounted, "events in the chain", n, p.Contract.ChainSeq)
	}
	for _, e := range p.Events {
		what := fmt.Sprintf("event %d, %s", e.Seq, e.Event)
		if e.Evidence == "" {
			p.violated(Accounted, what, "no evidence", "the key of what came in")
		}
		p.author(e, what)
		if e.Channel == "" {
			p.violated(Accounted, what, "no channel", "one")
		}
		p.signature(e, what)
	}
}

// author proves that somebody stands behind what needs somebody.
func (p *proof) author(e escrow.AuditEvent, what string) {
	what += " by " + string(e.Channel)
	switch e.Channel {
	case escrow.ChannelUSSD, escrow.ChannelSMS:
		if e.Actor != p.Contract.Buyer.ID && e.Actor != p.Contract.Seller.ID {
			p.violated(Accounted, what, "actor "+e.Actor.String(), "a party of the contract")
		}
	case escrow.ChannelOperator:
		// An errand about money is known by its name; a ruling by who ruled.
		if e.Actor == uuid.Nil && e.MustBeSigned() {
			p.violated(Accounted, what, "actor "+e.Actor.String(), "an operator")
		}
	default: // providers and time have no name
	}
}

func (p *proof) signature(e escrow.AuditEvent, what string) {
	switch {
	case len(e.Signature) == 0 && e.MustBeSigned():
		p.violated(Accounted, what, "no signature", "the service's")
	case len(e.Signature) != 0 && !p.keys.Event(e, p.Contract.TermsHash):
		p.violated(Accounted, what, fmt.Sprintf("a signature by key %q that does not hold", e.SignedBy), "the service's")
	}
}

// terms proves that the contract is still what was proposed and agreed: the
// proposal keeps the whole text, and the hash was frozen with the agreement.
func (p *proof) terms() {
	c := p.Contract
	if len(p.Events) > 0 && p.Events[0].Detail != c.Terms() {
		p.violated(Accounted, "terms", oneLine(c.Terms()), oneLine(p.Events[0].Detail)+", as proposed")
	}
	agreed := slices.ContainsFunc(p.Events, func(e escrow.AuditEvent) bool {
		return e.From == string(escrow.Pending) && e.To == string(escrow.Confirmed)
	})
	sum := sha256.Sum256([]byte(c.Terms()))
	if agreed && !bytes.Equal(c.TermsHash, sum[:]) {
		p.violated(Accounted, "hash of the agreed terms", hex.EncodeToString(c.TermsHash), hex.EncodeToString(sum[:]))
	}
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " | ") }

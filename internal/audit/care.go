package audit

import (
	"slices"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// lookedAfter proves that nothing is left lying: a dispute and money that cannot
// move by itself wait for a person who was called.
func (p *proof) lookedAfter() {
	if p.Contract.State == escrow.Disputed && !p.asked(escrow.ItemKind.Mediates) {
		p.violated(Looked, "who looks after the dispute", "nobody", "an open operator item")
	}
	if c := p.Contract; !c.State.Terminal() && !c.Due.Running() && !p.asked(escrow.ItemKind.MovesOn) {
		p.violated(Looked, "what moves a contract that is "+string(c.State)+" on", "nothing", "a deadline or an operator item")
	}
	if c := p.Contract; c.State.Terminal() && c.Due.Kind != "" {
		p.violated(Looked, "deadline of a contract that is "+string(c.State), c.Due.Kind, "none")
	}
	p.moneyLookedAfter()
}

// asked reports whether a person was called by an item of the kinds.
func (p *proof) asked(kinds func(escrow.ItemKind) bool) bool {
	return slices.ContainsFunc(p.Items, func(i escrow.Item) bool { return kinds(i.Kind) })
}

// failureAsked reports whether a person was called to one of the attempts to move
// the same money, which have all failed.
func (p *proof) failureAsked(group []escrow.Transfer) bool {
	return slices.ContainsFunc(group, func(t escrow.Transfer) bool {
		return p.item(escrow.ItemPayoutFailed, t.ID) || p.item(escrow.ItemNoWayBack, t.ID)
	})
}

// moneyLookedAfter proves that no money lies where nobody thinks of it.
func (p *proof) moneyLookedAfter() {
	groups := p.outgoing()
	for key, group := range groups {
		if last := group[len(group)-1]; last.State == escrow.TransferFailed && !arrived(group) && !p.failureAsked(group) {
			p.violated(Looked, "who looks after the "+string(key.kind)+" that failed", "nobody", "an open operator item")
		}
	}
	if p.Contract.State == escrow.Completed && !p.paysOut(groups) && len(p.Items) == 0 {
		p.violated(Looked, "payout of a completed contract", "none under way, done or with an operator", "one")
	}
	if parked := -p.balances[escrow.Suspense]; parked > 0 && len(p.Items) == 0 && !p.givesBack(groups) {
		p.violated(Looked, "who looks after "+parked.String()+" in suspense", "nobody", "an open operator item")
	}
}

// givesBack reports whether a refund is under way.
func (p *proof) givesBack(groups map[due][]escrow.Transfer) bool {
	for key, group := range groups {
		if key.kind == escrow.Refund && !arrived(group) {
			return true
		}
	}
	return false
}

func (p *proof) paysOut(groups map[due][]escrow.Transfer) bool {
	for key := range groups {
		if key.kind == escrow.Payout {
			return true
		}
	}
	return false
}

// wayOut proves that the same money is not on its way to a person twice. A buyer
// who paid twice too late may get two refunds at once: of two payments.
func (p *proof) wayOut() {
	type way struct {
		party, payment uuid.UUID
		kind           escrow.TransferKind
	}
	open := map[way]int{}
	for _, t := range p.Transfers {
		if t.Kind != escrow.Collect && !t.State.Final() {
			open[way{t.Party.ID, t.PaymentID, t.Kind}]++
		}
	}
	for w, n := range open {
		if n > 1 {
			p.violated(OneWayOut, "unresolved "+string(w.kind)+"s of payment "+w.payment.String(), n, "1 at most")
		}
	}
	for key, group := range p.outgoing() {
		if n := len(slices.DeleteFunc(slices.Clone(group), func(t escrow.Transfer) bool {
			return t.State != escrow.TransferSucceeded
		})); n > 1 {
			p.violated(OneWayOut, string(key.kind)+"s of payment "+key.payment.String()+" that arrived", n, "1 at most")
		}
	}
}

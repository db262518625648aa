package audit

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// told holds every transfer against the newest event about it, which the chain
// protects: the transfer itself can be overwritten.
func (p *proof) told() {
	newest := map[string]escrow.AuditEvent{}
	for _, e := range p.Events {
		if strings.Contains(e.Event, ".") {
			id, _, _ := strings.Cut(e.Detail, " ")
			newest[id] = e
		}
	}
	for _, t := range p.Transfers {
		e, ok := newest[t.ID.String()]
		if !ok {
			continue // the fold has said so
		}
		if kind, _, _ := strings.Cut(e.Event, "."); kind != string(t.Kind) {
			p.violated(Accounted, "kind of transfer "+t.ID.String(), t.Kind, kind+", as event "+e.Event+" tells")
		}
		if said := strings.Join([]string{t.ID.String(), t.Amount.String(), t.Receipt, ""}, " "); !strings.HasPrefix(e.Detail, said) {
			p.violated(Accounted, "amount and receipt of "+string(t.Kind)+" "+t.ID.String(), said,
				"what its newest event tells, "+e.Detail)
		}
	}
}

// collected holds a payment against the collection that brought it.
func (p *proof) collected() {
	for _, t := range p.Transfers {
		if t.Kind != escrow.Collect {
			continue
		}
		at := slices.IndexFunc(p.Payments, func(payment escrow.Payment) bool { return payment.ID == t.PaymentID })
		if at < 0 {
			p.violated(Held, "the payment behind collect "+t.ID.String(), "none", "one")
			continue
		}
		payment := p.Payments[at]
		what := "payment " + payment.ID.String()
		if payment.Amount != t.Amount {
			p.violated(Held, what, payment.Amount, t.Amount.String()+", as was collected")
		}
		if payment.Payer != t.Party.ID {
			p.violated(Held, "payer of "+what, payment.Payer, t.Party.ID.String()+", who was asked")
		}
		if t.State == escrow.TransferSucceeded && payment.Receipt != t.Receipt {
			p.violated(Held, "receipt of "+what, payment.Receipt, t.Receipt)
		}
	}
}

// knownAccount reports whether the ledger has such an account.
func knownAccount(account, own escrow.Account) bool {
	if account == own || account == escrow.Suspense {
		return true
	}
	kind, name, _ := strings.Cut(string(account), ":")
	switch kind {
	case "mpesa", "fees":
		return name != ""
	case "payable":
		_, err := uuid.Parse(name)
		return err == nil
	default:
		return false
	}
}

package evidence

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// dossier turns the document back into what an audit proves. What it does not
// carry (versions, counts of tries) no proof needs.
func (d Document) dossier() (store.Dossier, error) {
	contract, err := d.contract()
	if err != nil {
		return store.Dossier{}, err
	}
	out := store.Dossier{Contract: contract}
	for _, e := range d.Events {
		out.Events = append(out.Events, escrow.AuditEvent{
			ID: e.ID, ContractID: contract.ID, Seq: e.Seq, At: e.At, Actor: e.Actor, Channel: escrow.Channel(e.Channel),
			Evidence: e.Evidence, Event: e.Event, From: e.From, To: e.To, Detail: e.Detail,
			Prev: e.Prev, Hash: e.Hash, Signature: e.Signature, SignedBy: e.SignedBy,
		})
	}
	for _, p := range d.Payments {
		out.Payments = append(out.Payments, escrow.Payment{
			ID: p.ID, ContractID: contract.ID, Payer: p.Payer, Amount: escrow.Cents(p.Amount),
			Status: escrow.PaymentStatus(p.Status), Receipt: p.Receipt, Bounced: escrow.Bounce(p.Bounced),
			CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
		})
	}
	for _, t := range d.Transfers {
		out.Transfers = append(out.Transfers, t.transfer(contract))
	}
	for _, p := range d.Postings {
		out.Postings = append(out.Postings, p.posting(contract.ID))
	}
	for _, i := range d.Items {
		out.Items = append(out.Items, escrow.Item{
			ID: i.ID, Kind: escrow.ItemKind(i.Kind), ContractID: contract.ID, Ref: contract.Ref, TransferID: i.Transfer,
			Note: i.Note, OpenedAt: i.OpenedAt,
		})
	}
	return out, nil
}

func (d Document) contract() (escrow.Contract, error) {
	c := d.Contract
	state, err := escrow.ParseState(c.State)
	if err != nil {
		return escrow.Contract{}, err
	}
	day, err := time.ParseInLocation(time.DateOnly, c.DeliverBy, escrow.EAT)
	if err != nil {
		return escrow.Contract{}, fmt.Errorf("delivery date: %w", err)
	}
	out := escrow.Contract{
		ID: c.ID, Ref: escrow.Ref(c.Ref), State: state, Proposer: escrow.Role(c.Proposer), Item: c.Item,
		Place: c.Place, Quality: c.Quality,
		Amount: escrow.Cents(c.Amount), Fee: escrow.Cents(c.Fee), FeePayer: escrow.Role(c.FeePayer),
		DeliverBy: day, TermsHash: c.TermsHash,
		DisputedFrom: escrow.State(c.DisputedFrom), DisputedBy: escrow.Role(c.DisputedBy), Reason: c.Reason,
		CancelBy: escrow.Role(c.CancelBy), CancelAt: c.CancelAt,
		ChainSeq: c.ChainSeq, ChainHead: c.ChainHead, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
	if c.Due != nil {
		out.Due = escrow.Due{Kind: escrow.DueKind(c.Due.Kind), At: c.Due.At, Frozen: c.Due.Frozen}
	}
	out.Buyer, out.Seller, err = d.sides()
	return out, err
}

func (d Document) sides() (buyer, seller escrow.Party, err error) {
	if len(d.Parties) != 2 || d.Parties[0].Role != string(escrow.Buyer) || d.Parties[1].Role != string(escrow.Seller) {
		return buyer, seller, fmt.Errorf("%d parties, want a buyer and a seller", len(d.Parties))
	}
	return escrow.Party{ID: d.Parties[0].ID}, escrow.Party{ID: d.Parties[1].ID}, nil
}

func (t Transfer) transfer(c escrow.Contract) escrow.Transfer {
	return escrow.Transfer{
		ID: t.ID, ContractID: c.ID, PaymentID: t.Payment, Kind: escrow.TransferKind(t.Kind), Method: escrow.Method(t.Method),
		State: escrow.TransferState(t.State), Party: escrow.Party{ID: t.Party}, Amount: escrow.Cents(t.Amount), Ref: c.Ref,
		Receipt: t.Receipt, ResultCode: t.ResultCode, Original: t.Original, Attempt: t.Attempt,
		CreatedAt: t.CreatedAt, SubmittedAt: t.Submitted, UpdatedAt: t.UpdatedAt,
	}
}

func (p Posting) posting(contract uuid.UUID) escrow.Posting {
	out := escrow.Posting{ID: p.ID, ContractID: contract, TransferID: p.Transfer, Reason: p.Reason, At: p.At}
	for _, e := range p.Entries {
		out.Entries = append(out.Entries, escrow.Entry{Account: escrow.Account(e.Account), Amount: escrow.Cents(e.Amount)})
	}
	return out
}

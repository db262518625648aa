package evidence

import (
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// Options say what an export shows.
type Options struct {
	Phones bool // whole numbers, and names: for a court
	Now    time.Time
}

// From makes the document of a contract.
func From(d store.Dossier, messages []escrow.Message, o Options) Document {
	doc := Document{
		Format: Format, Exported: o.Now.UTC().Truncate(time.Microsecond),
		Contract: contractFrom(d.Contract), Terms: d.Contract.Terms(),
		Parties: []Party{partyFrom(d.Contract, escrow.Buyer, o), partyFrom(d.Contract, escrow.Seller, o)},
		// A list is never null, so that there is one way to write nothing.
		Events: []Event{}, Payments: []Payment{}, Transfers: []Transfer{}, Postings: []Posting{}, Items: []Item{},
		Messages: []Message{},
	}
	for _, e := range d.Events {
		doc.Events = append(doc.Events, Event{
			Seq: e.Seq, ID: e.ID, At: e.At, Actor: e.Actor, Channel: string(e.Channel), Evidence: e.Evidence,
			Event: e.Event, From: e.From, To: e.To, Detail: e.Detail,
			Prev: e.Prev, Hash: e.Hash, Signature: e.Signature, SignedBy: e.SignedBy,
		})
	}
	for _, p := range d.Payments {
		doc.Payments = append(doc.Payments, Payment{
			ID: p.ID, Payer: p.Payer, Amount: int64(p.Amount), Status: string(p.Status), Receipt: p.Receipt,
			Bounced:   string(p.Bounced),
			CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
		})
	}
	for _, t := range d.Transfers {
		doc.Transfers = append(doc.Transfers, transferFrom(t))
	}
	for _, p := range d.Postings {
		doc.Postings = append(doc.Postings, postingFrom(p))
	}
	for _, i := range d.Items {
		doc.Items = append(doc.Items, Item{
			ID: i.ID, Kind: string(i.Kind), Transfer: i.TransferID, Note: i.Note, OpenedAt: i.OpenedAt,
		})
	}
	for _, m := range messages {
		doc.Messages = append(doc.Messages, Message{
			ID: m.ID, To: m.To.ID, Template: string(m.Template), State: string(m.State),
			CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
		})
	}
	return doc
}

func contractFrom(c escrow.Contract) Contract {
	out := Contract{
		ID: c.ID, Ref: string(c.Ref), State: string(c.State), Proposer: string(c.Proposer), Item: c.Item,
		Place: c.Place, Quality: c.Quality,
		Amount: int64(c.Amount), Fee: int64(c.Fee), FeePayer: string(c.FeePayer),
		DeliverBy: c.DeliverBy.In(escrow.EAT).Format(time.DateOnly), TermsHash: c.TermsHash,
		DisputedFrom: string(c.DisputedFrom), DisputedBy: string(c.DisputedBy), Reason: c.Reason,
		CancelBy: string(c.CancelBy), CancelAt: c.CancelAt,
		ChainSeq: c.ChainSeq, ChainHead: c.ChainHead, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
	if c.Due.Kind != "" {
		out.Due = &Due{Kind: string(c.Due.Kind), At: c.Due.At, Frozen: c.Due.Frozen}
	}
	return out
}

func partyFrom(c escrow.Contract, role escrow.Role, o Options) Party {
	party := c.Party(role)
	out := Party{Role: string(role), ID: party.ID, Phone: party.Phone.Masked()}
	if o.Phones {
		out.Phone, out.Name = string(party.Phone), party.Name
	}
	return out
}

func transferFrom(t escrow.Transfer) Transfer {
	return Transfer{
		ID: t.ID, Payment: t.PaymentID, Kind: string(t.Kind), Method: string(t.Method), State: string(t.State),
		Party: t.Party.ID, Amount: int64(t.Amount), Receipt: t.Receipt, ResultCode: t.ResultCode, Original: t.Original,
		Attempt: t.Attempt, CreatedAt: t.CreatedAt, Submitted: t.SubmittedAt, UpdatedAt: t.UpdatedAt,
	}
}

func postingFrom(p escrow.Posting) Posting {
	out := Posting{ID: p.ID, Transfer: p.TransferID, Reason: p.Reason, At: p.At, Entries: []Entry{}}
	for _, e := range p.Entries {
		out.Entries = append(out.Entries, Entry{Account: string(e.Account), Amount: int64(e.Amount)})
	}
	return out
}

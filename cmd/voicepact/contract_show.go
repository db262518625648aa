package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

type contractShowCmd struct {
	books
	refArg
}

// Run implements the command.
func (c *contractShowCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		file, err := d.file(ctx, escrow.Ref(c.Ref))
		if err != nil {
			return err
		}
		return file.print(os.Stdout)
	})
}

// file is all that is known of a contract, for a person to read. Numbers are
// masked, as everywhere.
type file struct {
	store.Dossier

	payment  escrow.PaymentStatus
	items    []escrow.Item
	messages []escrow.Message
	rulings  []escrow.Ruling
	names    map[uuid.UUID]string // of parties and operators
}

// file reads the newest contract with the reference.
func (d *desk) file(ctx context.Context, ref escrow.Ref) (*file, error) {
	contract, payment, err := d.store.FindContract(ctx, ref)
	if escrow.IsNotFound(err) {
		return nil, escrow.Refuse(escrow.UnknownContract)
	} else if err != nil {
		return nil, err
	}
	f := &file{payment: payment, names: map[uuid.UUID]string{contract.Buyer.ID: "buyer", contract.Seller.ID: "seller"}}
	operators, errOperators := d.store.Operators(ctx)
	for _, o := range operators {
		f.names[o.ID] = o.Name
	}
	var errItems, errRulings error
	err = d.store.Snapshot(ctx, func(ctx context.Context, snap *store.Snapshot) (err error) {
		if f.Dossier, err = snap.Dossier(ctx, contract.ID); err != nil {
			return err
		}
		f.messages, err = snap.Messages(ctx, contract.ID)
		return err
	})
	f.items, errItems = d.store.ItemsOf(ctx, contract.ID)
	f.rulings, errRulings = d.store.Rulings(ctx, contract.ID)
	return f, errors.Join(err, errItems, errRulings, errOperators)
}

func (f *file) print(out io.Writer) error {
	return aligned(out, func(w io.Writer) {
		f.terms(w)
		f.money(w)
		f.decisions(w)
		f.history(w)
	})
}

func (f *file) terms(w io.Writer) {
	c := f.Contract
	fmt.Fprintf(w, "Contract %s\t%s\n", c.Ref, c.State)
	fmt.Fprintf(w, "  goods\t%s, %s, by %s\n", c.Item, c.Amount, c.DeliverBy.In(escrow.EAT).Format("2 Jan 2006"))
	for _, detail := range [][2]string{{"place", c.Place}, {"quality", c.Quality}} {
		if detail[1] != "" {
			fmt.Fprintf(w, "  %s\t%s\n", detail[0], detail[1])
		}
	}
	fmt.Fprintf(w, "  buyer\t%s\n  seller\t%s\n", c.Buyer.Label(), c.Seller.Label())
	if reason := why(c); reason != "" {
		fmt.Fprintf(w, "  disputed\t%s\n", reason)
	}
	if c.Due.Running() {
		fmt.Fprintf(w, "  next\t%s at %s\n", c.Due.Kind, clock(c.Due.At))
	}
	if c.CancelBy != "" && c.State.Funded() {
		fmt.Fprintf(w, "  call off\t%s asked at %s\n", c.CancelBy, clock(c.CancelAt))
	}
}

// money says who holds what: the ledger's accounts of this contract, as they sum
// up over its postings.
func (f *file) money(w io.Writer) {
	sums := map[escrow.Account]escrow.Cents{}
	for _, p := range f.Postings {
		for _, e := range p.Entries {
			sums[e.Account] -= e.Amount
		}
	}
	fmt.Fprintf(w, "\nMoney\t%s\n", f.payment)
	fmt.Fprintf(w, "  held\t%s\n", sums[escrow.EscrowAccount(f.Contract.ID)])
	fmt.Fprintf(w, "  owed to the buyer\t%s\n", sums[escrow.PayableAccount(f.Contract.Buyer.ID)])
	fmt.Fprintf(w, "  owed to the seller\t%s\n", sums[escrow.PayableAccount(f.Contract.Seller.ID)])
	for _, t := range f.Transfers {
		result := t.Receipt
		if t.State == escrow.TransferFailed {
			result = "code " + t.ResultCode
		}
		fmt.Fprintf(w, "  %s by %s\t%s\t%s\t%s\t%s\t%s\n", t.Kind, t.Method, t.Amount, t.State, clock(t.UpdatedAt), t.ID, result)
	}
}

func (f *file) decisions(w io.Writer) {
	if len(f.rulings)+len(f.items) > 0 {
		fmt.Fprintln(w, "\nPeople\t")
	}
	for _, r := range f.rulings {
		fmt.Fprintf(w, "  ruling %s\t%s to the seller\tby %s\t%s\t%s\n", r.State, r.ToSeller, f.names[r.ProposedBy],
			clock(r.ProposedAt), r.Reason)
		if r.DecidedBy != uuid.Nil {
			fmt.Fprintf(w, "    %s by %s\t%s\t%s\n", r.State, f.names[r.DecidedBy], clock(r.DecidedAt), r.Note)
		}
	}
	for _, i := range f.items {
		closed := "open"
		if !i.Closed.At.IsZero() {
			closed = strings.TrimSpace("closed " + i.Closed.By)
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", i.Kind, closed, clock(i.OpenedAt), said(i.Note), i.Closed.Why)
	}
}

// longIDs finds ids, which are known by their beginnings where they are only read.
var longIDs = regexp.MustCompile(`\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)

func (f *file) history(w io.Writer) {
	fmt.Fprintln(w, "\nHistory\t")
	for _, e := range f.Events {
		detail := longIDs.ReplaceAllString(strings.ReplaceAll(said(e.Detail), "\n", ", "), "$1…")
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", clock(e.At), e.Event, f.names[e.Actor], e.Channel, detail)
	}
	fmt.Fprintln(w, "\nMessages\t")
	for _, m := range f.messages {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\n", clock(m.CreatedAt), m.Template, f.names[m.To.ID], m.State, m.Cost, m.Note)
	}
	for _, sum := range costs(f.messages) {
		fmt.Fprintf(w, "  all messages\t\t\t\t%s\n", sum)
	}
}

package evidence

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// Tell prints what the document tells, for a person who was not there, and ends
// with the verdict.
func (f Finding) Tell(out io.Writer) error {
	d := f.Document
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "Contract\t%s (%s)\n", d.Contract.Ref, d.Contract.ID)
	fmt.Fprintf(table, "Goods\t%s\n", d.Contract.Item)
	for _, detail := range [][2]string{{"Place", d.Contract.Place}, {"Quality", d.Contract.Quality}} {
		if detail[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", detail[0], detail[1])
		}
	}
	fmt.Fprintf(table, "Price\t%s\n", escrow.Cents(d.Contract.Amount))
	fmt.Fprintf(table, "Delivery by\t%s\n", d.Contract.DeliverBy)
	for _, p := range d.Parties {
		fmt.Fprintf(table, "%s\t%s\n", title(p.Role), strings.TrimSpace(p.Name+" "+p.Phone))
	}
	fmt.Fprintf(table, "State\t%s\n", d.Contract.State)
	fmt.Fprintf(table, "Exported\t%s\n\n", eat(d.Exported))
	f.events(table)
	f.money(table)
	f.messages(table)
	f.verdict(table)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print story: %w", err)
	}
	return nil
}

func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// eat is a time as people in East Africa read it.
func eat(t time.Time) string { return t.In(escrow.EAT).Format("2006-01-02 15:04:05") + " EAT" }

func (f Finding) events(out io.Writer) {
	fmt.Fprintln(out, "What happened")
	for _, e := range f.Document.Events {
		mark := ""
		if len(e.Signature) > 0 {
			mark = "signed"
		}
		fmt.Fprintf(out, "  %s\t%s\t%s\t%s\n", eat(e.At), f.who(e), sentence(e), mark)
	}
	fmt.Fprintln(out)
}

// who names whoever acted, and by what.
func (f Finding) who(e Event) string {
	for _, p := range f.Document.Parties {
		if p.ID == e.Actor {
			return "the " + p.Role + " by " + strings.ToUpper(e.Channel)
		}
	}
	if e.Actor != uuid.Nil {
		return e.Channel + " " + e.Actor.String()
	}
	return e.Channel
}

// sentence says in words what the parties did; the rest speaks for itself.
func sentence(e Event) string {
	words := map[string]string{
		"propose": "proposed the contract", "decline": "refused the proposal", "cancel": "called the contract off",
		"confirm_delivery": "confirmed the delivery", "dispute": "raised a dispute",
		"lock": "the money is held", "expire": "the time was over", "resolve": "decided the dispute",
	}
	text, known := words[e.Event]
	switch {
	case e.Event == "accept" && e.From == string(escrow.Pending):
		text, known = "agreed to the terms", true
	case e.Event == "accept":
		text, known = "accepted the goods", true
	}
	if !known {
		text = strings.ReplaceAll(e.Event, "_", " ")
	}
	if e.From != e.To && e.From != "" && !strings.Contains(e.Event, ".") {
		text += " (" + e.From + " -> " + e.To + ")"
	}
	if e.Detail != "" && e.Event != "propose" {
		text += ": " + strings.Join(strings.Fields(e.Detail), " ")
	}
	return text
}

// money lists the postings with what the contract held after each.
func (f Finding) money(out io.Writer) {
	own, held := string(escrow.EscrowAccount(f.Document.Contract.ID)), escrow.Cents(0)
	fmt.Fprintln(out, "The money")
	for _, p := range f.Document.Postings {
		moves := make([]string, 0, len(p.Entries))
		for _, e := range p.Entries {
			moves = append(moves, f.account(e.Account)+" "+escrow.Cents(e.Amount).String())
			if e.Account == own {
				held -= escrow.Cents(e.Amount)
			}
		}
		fmt.Fprintf(out, "  %s\t%s\t%s\theld %s\n", eat(p.At), p.Reason, strings.Join(moves, ", "), held)
	}
	fmt.Fprintf(out, "  Held now\t%s\n\n", held)
}

// account names an account by who is behind it.
func (f Finding) account(name string) string {
	if name == string(escrow.EscrowAccount(f.Document.Contract.ID)) {
		return "the contract"
	}
	for _, p := range f.Document.Parties {
		if name == string(escrow.PayableAccount(p.ID)) {
			return "owed to the " + p.Role
		}
	}
	return name
}

func (f Finding) messages(out io.Writer) {
	fmt.Fprintln(out, "Messages sent")
	for _, m := range f.Document.Messages {
		to := "another"
		for _, p := range f.Document.Parties {
			if p.ID == m.To {
				to = "the " + p.Role
			}
		}
		fmt.Fprintf(out, "  %s\tto %s\t%s\t%s\n", eat(m.CreatedAt), to, m.Template, m.State)
	}
	fmt.Fprintln(out)
}

func (f Finding) verdict(out io.Writer) {
	for _, wrong := range f.Wrong {
		fmt.Fprintf(out, "WRONG: %s\n", wrong)
	}
	if len(f.Wrong) > 0 {
		fmt.Fprintf(out, "VERDICT: this file is what key %s signed, but what it tells does not hold together\n", f.KeyID)
		return
	}
	fmt.Fprintf(out, "VERDICT: genuine. Signed as a whole by key %s; %d events are in one unbroken chain, %d of them signed;\n"+
		"the terms, the states and the money follow from them.\n", f.KeyID, len(f.Document.Events), f.Signed)
}

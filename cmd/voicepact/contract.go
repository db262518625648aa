package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/voicepact/gateway/escrow"
)

type contractCmd struct {
	List    contractListCmd    `cmd:"" help:"List the contracts that wait for a mediator, or others."`
	Show    contractShowCmd    `cmd:"" help:"Show all that is known of a contract."`
	Resolve contractResolveCmd `cmd:"" help:"Decide a dispute: so much to the seller, the rest to the buyer."`
	Approve contractApproveCmd `cmd:"" help:"Do what another operator proposed."`
	Reject  contractRejectCmd  `cmd:"" help:"Refuse what was proposed."`
	Unlock  contractUnlockCmd  `cmd:"" help:"Let a code be tried again that was wrong too often."`
}

type contractListCmd struct {
	books

	All   bool   `help:"Contracts in every state." xor:"which"`
	State string `placeholder:"STATE" help:"Contracts in this state: pending, confirmed, payment_locked, …" xor:"which"`
	Limit int    `default:"100" help:"How many at most."`
}

// Run implements the command.
func (c *contractListCmd) Run(ctx context.Context) error {
	states := []escrow.State{escrow.Disputed}
	if c.All {
		states = escrow.States()
	}
	if c.State != "" {
		state, err := escrow.ParseState(c.State)
		if err != nil {
			return err
		}
		states = []escrow.State{state}
	}
	return c.atDesk(ctx, func(d *desk) error { return c.print(ctx, d, os.Stdout, states) })
}

func (c *contractListCmd) print(ctx context.Context, d *desk, out io.Writer, states []escrow.State) error {
	views, err := d.store.ContractsIn(ctx, states, c.Limit)
	if err != nil {
		return err
	}
	if len(views) == 0 {
		fmt.Fprintln(out, c.none())
		return nil
	}
	rows := make([]string, len(views))
	for i, v := range views {
		o := v.Contract
		waits, err := d.waiting(ctx, o)
		if err != nil {
			return err
		}
		rows[i] = fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s%s", clock(o.UpdatedAt), o.Ref, o.State, o.Amount, v.Payment,
			o.Buyer.Label(), o.Seller.Label(), o.Item, why(o), waits)
	}
	err = printTable(out, "SINCE\tCONTRACT\tSTATE\tAMOUNT\tMONEY\tBUYER\tSELLER\tGOODS\tWHY", rows)
	if err == nil && len(views) == c.Limit {
		fmt.Fprintf(out, "these are %d; there may be more: --limit\n", c.Limit)
	}
	return err
}

// waiting says what a mediator has to know of a dispute before they decide: a ruling
// that waits for a second operator, and what a party has said last.
func (d *desk) waiting(ctx context.Context, c escrow.Contract) (string, error) {
	if c.State != escrow.Disputed {
		return "", nil
	}
	rulings, err := d.store.Rulings(ctx, c.ID)
	if err != nil {
		return "", err
	}
	events, err := d.store.Events(ctx, c.ID)
	if err != nil {
		return "", err
	}
	said := lastWord(c, events)
	for _, r := range rulings {
		if r.State == escrow.RulingProposed {
			return fmt.Sprintf(" (%s to the seller is proposed: approve or reject)", r.ToSeller) + said, nil
		}
	}
	return said, nil
}

// lastWord says who has added a word to a dispute last, if anybody has.
func lastWord(c escrow.Contract, events []escrow.AuditEvent) string {
	for _, e := range slices.Backward(events) {
		if e.Event == escrow.EventWordAdded {
			return fmt.Sprintf(" (the %s added a word at %s)", c.SideOf(e), clock(e.At))
		}
	}
	return ""
}

// none says that there is no such contract.
func (c *contractListCmd) none() string {
	switch {
	case c.All:
		return "there are no contracts yet"
	case c.State != "":
		return "no contract is " + c.State
	default:
		return "nothing waits for a mediator"
	}
}

// why says what a dispute is about.
func why(c escrow.Contract) string {
	switch {
	case c.State != escrow.Disputed:
		return ""
	case c.DisputedBy == "":
		return "time was over"
	default:
		return string(c.DisputedBy) + ": " + said(c.Reason)
	}
}

type contractResolveCmd struct {
	books
	refArg

	ToSeller int64  `required:"" placeholder:"KSH" help:"Shillings to the seller; the rest goes back to the buyer."`
	Reason   string `required:"" placeholder:"WHY" help:"Why, for the history."`
}

// Run implements the command.
func (c *contractResolveCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		m := d.mediation(escrow.Ref(c.Ref), c.Reason)
		m.ToSeller = escrow.Shillings(c.ToSeller)
		result, err := d.service.Resolve(ctx, m)
		if err != nil {
			return err
		}
		contract := result.Contract
		if contract.State == escrow.Resolved {
			return d.sayDone(ctx, contract)
		}
		fmt.Printf("Proposed for %s: %s to the seller, %s to the buyer. Nothing moves yet:\n"+
			"%s is above what one operator decides. Another one has to run\n\n  voicepact contract approve %s\n",
			contract.Ref, m.ToSeller, contract.Payable()-m.ToSeller, contract.Amount, contract.Ref)
		return nil
	})
}

type contractApproveCmd struct {
	books
	refArg
}

// Run implements the command.
func (c *contractApproveCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		result, err := d.service.Approve(ctx, d.mediation(escrow.Ref(c.Ref), ""))
		if err != nil {
			return err
		}
		return d.sayDone(ctx, result.Contract)
	})
}

type contractRejectCmd struct {
	books
	refArg

	Reason string `required:"" placeholder:"WHY" help:"Why, for the history."`
}

// Run implements the command.
func (c *contractRejectCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		result, err := d.service.Reject(ctx, d.mediation(escrow.Ref(c.Ref), c.Reason))
		if err != nil {
			return err
		}
		fmt.Printf("Rejected. %s is still disputed, and %s stays held.\n", result.Contract.Ref, result.Contract.Amount)
		return nil
	})
}

type contractUnlockCmd struct {
	books
	refArg

	Reason string `required:"" placeholder:"HOW" help:"How it was made sure who asks, for the history."`
}

// Run implements the command.
func (c *contractUnlockCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		result, err := d.service.Unlock(ctx, d.mediation(escrow.Ref(c.Ref), c.Reason))
		if err != nil {
			return err
		}
		fmt.Printf("Unlocked. The codes of %s can be tried five times again.\n", result.Contract.Ref)
		return nil
	})
}

// sayDone prints what a ruling that was done moves.
func (d *desk) sayDone(ctx context.Context, c escrow.Contract) error {
	rulings, err := d.store.Rulings(ctx, c.ID)
	if err != nil {
		return err
	}
	last := rulings[len(rulings)-1]
	fmt.Printf("%s is resolved: %s goes to the seller, %s to the buyer. Both get an SMS.\n"+
		"A running gateway sends the money; `voicepact contract show %s` tells when it has arrived.\n",
		c.Ref, last.ToSeller, c.Payable()-last.ToSeller, c.Ref)
	return nil
}

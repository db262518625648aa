package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

type payoutsCmd struct {
	Status payoutsStatusCmd `cmd:"" default:"1" help:"Say whether payouts are halted, and what stands on our M-Pesa accounts."`
	Resume payoutsResumeCmd `cmd:"" help:"Let payouts go again, after the cause has been put right."`
}

type payoutsStatusCmd struct{ books }

// Run implements the command.
func (c *payoutsStatusCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		halts, err := d.service.Halts(ctx)
		if err != nil {
			return err
		}
		if len(halts) == 0 {
			fmt.Fprintln(os.Stdout, "payouts go out")
		}
		for _, h := range halts {
			fmt.Fprintf(os.Stdout, "payouts are HALTED (%s) since %s: %s\n", h.Kind, clock(h.Since), h.Reason)
		}
		balances, err := d.store.ProviderBalances(ctx)
		if err != nil {
			return err
		}
		var rows []string
		for _, b := range balances {
			for _, line := range b.Accounts {
				rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s", line.Name, line.Available, line.Current, clock(b.At)))
			}
		}
		slices.Sort(rows)
		return printTable(os.Stdout, "M-PESA ACCOUNT\tAVAILABLE\tCURRENT\tAS OF", rows)
	})
}

type payoutsResumeCmd struct {
	books

	Reason string `required:"" help:"What was wrong, and what was done about it."`
}

// Run implements the command.
func (c *payoutsResumeCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		err := d.service.Resume(ctx, d.errand(c.Reason))
		if err == nil {
			fmt.Fprintln(os.Stdout, "payouts go out again, within a minute")
		}
		return err
	})
}

type transferCmd struct {
	Retry   transferRetryCmd   `cmd:"" help:"Order a payout or refund once more that has failed for good."`
	Settled transferSettledCmd `cmd:"" help:"Note that its money was moved by hand in M-Pesa's portal."`
}

type transferSettledCmd struct {
	books

	ID      uuid.UUID `arg:"" help:"Id of the transfer, as voicepact items shows it."`
	Receipt string    `required:"" help:"M-Pesa receipt of what was done in the portal."`
	Reason  string    `required:"" help:"What was done, and why."`
}

// Run implements the command.
func (c *transferSettledCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		err := d.service.SettledByHand(ctx, c.ID, c.Receipt, d.errand(c.Reason))
		if err == nil {
			fmt.Fprintln(os.Stdout, "booked as done under", c.Receipt)
		}
		return err
	})
}

type transferRetryCmd struct {
	books

	ID     uuid.UUID `arg:"" help:"Id of the transfer, as voicepact items shows it."`
	To     string    `placeholder:"PHONE" help:"Another number to pay to; you have made sure whose it is."`
	Reason string    `required:"" help:"What you found out."`
}

// Run implements the command.
func (c *transferRetryCmd) Run(ctx context.Context) error {
	var to escrow.Phone
	if c.To != "" {
		var err error
		if to, err = escrow.ParsePhone(c.To); err != nil {
			return fmt.Errorf("%s is no Kenyan mobile number: %w", c.To, err)
		}
	}
	return c.atDesk(ctx, func(d *desk) error {
		err := d.service.Retry(ctx, c.ID, to, d.errand(c.Reason))
		if err == nil {
			fmt.Fprintln(os.Stdout, "ordered once more, under a new id")
		}
		return err
	})
}

type statementCmd struct {
	books

	Ref string `arg:"" help:"Number of the contract."`
}

// Run implements the command: every posting of a contract and what was held
// after it.
func (c *statementCmd) Run(ctx context.Context) error {
	s, err := c.openUnsealed(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return s.Snapshot(ctx, func(ctx context.Context, snap *store.Snapshot) error {
		d, err := snap.DossierByRef(ctx, escrow.Ref(c.Ref))
		if err != nil {
			return err
		}
		lines := escrow.Statement(d.Contract, d.Postings)
		rows := make([]string, len(lines))
		for i, l := range lines {
			rows[i] = fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", clock(l.At), l.Reason,
				l.Debit.Called(d.Contract), l.Credit.Called(d.Contract), l.Amount, l.Held)
		}
		return printTable(os.Stdout, "TIME\tWHAT\tDEBIT\tCREDIT\tAMOUNT\tHELD", rows)
	})
}

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

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

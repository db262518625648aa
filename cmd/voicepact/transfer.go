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
	Settled transferSettledCmd `cmd:"" help:"Note that its money has left, as M-Pesa's portal shows."`
	Failed  transferFailedCmd  `cmd:"" help:"Note that its money has not left, as M-Pesa's portal shows."`
}

type transferSettledCmd struct {
	books

	ID      uuid.UUID    `arg:"" name:"transfer" help:"Id of the transfer, as items and contract show print it."`
	By      string       `required:"" enum:"b2c,reversal" help:"How it left: b2c (to a phone) or reversal (the payment undone)."`
	Receipt mpesaReceipt `required:"" placeholder:"RECEIPT" help:"M-Pesa receipt of it in the portal."`
	Reason  string       `required:"" placeholder:"WHY" help:"What was done, and why."`
}

// Run implements the command.
func (c *transferSettledCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		err := d.service.SettledByHand(ctx, c.ID, escrow.Method(c.By), string(c.Receipt), d.errand(c.Reason))
		if err == nil {
			fmt.Fprintln(os.Stdout, "booked as done under", c.Receipt)
		}
		return err
	})
}

type transferFailedCmd struct {
	books

	ID     uuid.UUID `arg:"" name:"transfer" help:"Id of the transfer, as items and contract show print it."`
	Reason string    `required:"" placeholder:"WHY" help:"What the portal shows, and since when."`
}

// Run implements the command.
func (c *transferFailedCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		err := d.service.FailedByHand(ctx, c.ID, d.errand(c.Reason))
		if err == nil {
			fmt.Fprintln(os.Stdout, "taken for failed: it is ordered another way, or waits among the items")
		}
		return err
	})
}

type transferRetryCmd struct {
	books

	ID     uuid.UUID `arg:"" name:"transfer" help:"Id of the transfer, as items and contract show print it."`
	To     string    `placeholder:"PHONE" help:"Another number to pay to; you have made sure whose it is."`
	Reason string    `required:"" placeholder:"WHY" help:"What you found out."`
}

// Run implements the command.
func (c *transferRetryCmd) Run(ctx context.Context) error {
	var to escrow.Phone
	if c.To != "" {
		var err error
		if to, err = escrow.ParsePhone(c.To); err != nil {
			return fmt.Errorf("%q is no Kenyan mobile number", c.To)
		}
	}
	return c.atDesk(ctx, func(d *desk) error {
		err := d.service.Retry(ctx, c.ID, to, d.errand(c.Reason))
		if err == nil {
			fmt.Fprintln(os.Stdout, "ordered once more, under a new id: a running gateway sends it")
		}
		return err
	})
}

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/voicepact/gateway/escrow"
)

type suspenseCmd struct {
	List   suspenseListCmd   `cmd:"" default:"1" help:"List the money that came for no contract anyone can name."`
	Assign suspenseAssignCmd `cmd:"" help:"Count such money as the payment of a contract."`
	Return suspenseReturnCmd `cmd:"" help:"Note that such money was reversed by hand in M-Pesa's portal."`
}

type suspenseListCmd struct{ books }

// Run implements the command.
func (c *suspenseListCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		strays, err := d.service.Strays(ctx)
		if err != nil {
			return err
		}
		if len(strays) == 0 {
			fmt.Println("no money waits for a contract")
			return nil
		}
		rows := make([]string, len(strays))
		for i, s := range strays {
			rows[i] = fmt.Sprintf("%s\t%s\t%s\t%q\t%s\t%s", clock(s.At), s.Receipt, s.Amount, s.Account, s.Payer, s.Name)
		}
		return printTable(os.Stdout, "SINCE\tRECEIPT\tAMOUNT\tACCOUNT TYPED\tPAYER\tNAME", rows)
	})
}

type suspenseAssignCmd struct {
	books

	Receipt mpesaReceipt `arg:"" help:"M-Pesa receipt of the money."`
	refArg

	Reason string `required:"" placeholder:"WHY" help:"How you know whose money it is."`
}

// Run implements the command.
func (c *suspenseAssignCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		err := d.service.AssignStray(ctx, string(c.Receipt), escrow.Ref(c.Ref), d.errand(c.Reason))
		if err == nil {
			fmt.Fprintf(os.Stdout, "%s pays for contract %s: the money is held, and both sides are told\n", c.Receipt, c.Ref)
		}
		return explained(err)
	})
}

type suspenseReturnCmd struct {
	books

	Receipt  mpesaReceipt `arg:"" help:"M-Pesa receipt of the money."`
	Reversal mpesaReceipt `required:"" placeholder:"RECEIPT" help:"M-Pesa receipt of its reversal in the portal."`
	Reason   string       `required:"" placeholder:"WHY" help:"Why it goes back."`
}

// Run implements the command.
func (c *suspenseReturnCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		err := d.service.ReturnStray(ctx, string(c.Receipt), string(c.Reversal), d.errand(c.Reason))
		if err == nil {
			fmt.Fprintf(os.Stdout, "%s has gone back under %s\n", c.Receipt, c.Reversal)
		}
		return err
	})
}

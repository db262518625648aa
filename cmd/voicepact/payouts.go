package main

import (
	"context"
	"fmt"
	"os"
	"slices"
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
			fmt.Println("payouts go out")
		}
		for _, h := range halts {
			fmt.Printf("payouts are HALTED since %s (%s): %s\n", clock(h.Since), h.Kind, h.Reason)
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
		if len(rows) == 0 {
			fmt.Println("M-Pesa has not told yet what is on our accounts; a running gateway asks every 15 minutes")
			return nil
		}
		slices.Sort(rows)
		fmt.Println()
		return printTable(os.Stdout, "M-PESA ACCOUNT\tAVAILABLE\tCURRENT\tAS OF", rows)
	})
}

type payoutsResumeCmd struct {
	books

	Reason string `required:"" placeholder:"WHY" help:"What was wrong, and what was done about it."`
}

// Run implements the command.
func (c *payoutsResumeCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		halts, err := d.service.Halts(ctx)
		if err == nil && len(halts) == 0 {
			fmt.Println("payouts are not halted")
			return nil
		}
		if err != nil {
			return err
		}
		err = d.service.Resume(ctx, d.errand(c.Reason))
		if err == nil {
			fmt.Fprintln(os.Stdout, "payouts go out again, within a minute")
		}
		return err
	})
}

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

type statementCmd struct {
	books

	refArg
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
		if escrow.IsNotFound(err) {
			return explained(escrow.Refuse(escrow.UnknownContract))
		} else if err != nil {
			return err
		}
		lines := escrow.Statement(d.Contract, d.Postings)
		if len(lines) == 0 {
			fmt.Printf("contract %s is %s: no money has come\n", c.Ref, d.Contract.State)
			return nil
		}
		rows := make([]string, len(lines))
		for i, l := range lines {
			rows[i] = fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", clock(l.At), l.Reason,
				l.Debit.Called(d.Contract), l.Credit.Called(d.Contract), l.Amount, l.Held)
		}
		return printTable(os.Stdout, "TIME\tWHAT\tDEBIT\tCREDIT\tAMOUNT\tHELD", rows)
	})
}

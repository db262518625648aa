package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

type itemsCmd struct{ books }

// Run implements the command: what waits for a person, oldest first.
func (c *itemsCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	items, err := s.OpenItems(ctx)
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if len(items) == 0 {
		fmt.Println("nothing waits for a person")
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SINCE\tKIND\tCONTRACT\tTRANSFER\tITEM\tNOTE")
	for _, item := range items {
		since := item.OpenedAt.In(escrow.EAT).Format(time.DateTime)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", since, item.Kind, item.Ref, idOrNone(item.TransferID), item.ID, item.Note)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print items: %w", err)
	}
	return nil
}

type itemCmd struct {
	Close itemCloseCmd `cmd:"" help:"Close an item, by its id in the list of items."`
}

type itemCloseCmd struct {
	books

	ID     uuid.UUID `arg:"" help:"The item, as the list names it."`
	Reason string    `required:"" help:"What was found or done."`
}

// Run implements the command.
func (c *itemCloseCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		if err := d.service.CloseItem(ctx, c.ID, d.mediation("", c.Reason)); err != nil {
			return explained(err)
		}
		fmt.Println("closed")
		return nil
	})
}

func idOrNone(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

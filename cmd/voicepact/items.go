package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

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
	return printItems(os.Stdout, items)
}

func printItems(out io.Writer, items []escrow.Item) error {
	if len(items) == 0 {
		fmt.Fprintln(out, "nothing waits for a person")
		return nil
	}
	rows := make([]string, len(items))
	kinds := map[escrow.ItemKind]bool{}
	for i, item := range items {
		rows[i] = fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", clock(item.OpenedAt), item.Kind, item.Ref, about(item),
			item.ID, said(item.Note))
		kinds[item.Kind] = true
	}
	if err := printTable(out, "SINCE\tKIND\tCONTRACT\tTRANSFER\tITEM\tNOTE", rows); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nWhat to do (the portal is M-Pesa's; each command has --help)")
	return aligned(out, func(w io.Writer) {
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			fmt.Fprintf(w, "  %s\t%s\n", kind, advice(kind))
		}
	})
}

// about is the transfer that an item is about. Strays and alarms have an id of
// their own, which no other command takes.
func about(item escrow.Item) string {
	if item.TransferID == uuid.Nil || item.Ref == "" {
		return ""
	}
	return item.TransferID.String()
}

// advice is what puts an item right. Where nothing is named the contract's
// history tells, and the item is closed by hand.
func advice(kind escrow.ItemKind) string {
	switch kind {
	case escrow.ItemDispute, escrow.ItemInspectionOver, escrow.ItemOverdueUnwarned:
		return "hear both sides, then: contract resolve CONTRACT --to-seller KSH --reason WHY"
	case escrow.ItemAcceptedSilent:
		return "call the seller, who only has to confirm; nothing is paid before"
	case escrow.ItemCodeLocked:
		return "call the person back at their number; when it was them: contract unlock CONTRACT --reason HOW"
	case escrow.ItemPayoutFailed:
		return "transfer retry TRANSFER [--to PHONE] --reason WHY, or pay in the portal and: transfer settled TRANSFER …"
	case escrow.ItemPayoutSilent:
		return "it is still asked about: pay nothing again; by what the portal shows: transfer settled TRANSFER …, or failed"
	case escrow.ItemCollectUnknown:
		return "look for it in the portal: contract show CONTRACT; when it is settled: item close ITEM --reason WHAT"
	case escrow.ItemStrayMoney:
		return "suspense assign RECEIPT CONTRACT …, or give it back in the portal and: suspense return RECEIPT …"
	case escrow.ItemNoWayBack:
		return "give it back in the portal, then: transfer settled TRANSFER …"
	case escrow.ItemPayoutsHalted:
		return "payouts status; put the cause right at M-Pesa, then: payouts resume --reason WHAT"
	case escrow.ItemBalanceDiffers, escrow.ItemNotOnStatement, escrow.ItemAmountMismatch, escrow.ItemReceiptReuse,
		escrow.ItemPaidTwice:
		return "compare with the portal: contract show CONTRACT, reconcile; what we moved ourselves: float add, take or charges"
	default:
		return "contract show CONTRACT; when it is settled: item close ITEM --reason WHAT"
	}
}

type itemCmd struct {
	Close itemCloseCmd `cmd:"" help:"Close an item, by its id in the list of items."`
}

type itemCloseCmd struct {
	books

	ID     uuid.UUID `arg:"" help:"The item, as the list names it."`
	Reason string    `required:"" placeholder:"WHY" help:"What was found or done."`
}

// Run implements the command.
func (c *itemCloseCmd) Run(ctx context.Context) error {
	return c.atDesk(ctx, func(d *desk) error {
		if err := d.service.CloseItem(ctx, c.ID, d.mediation("", c.Reason)); err != nil {
			return err
		}
		fmt.Println("closed")
		return nil
	})
}

package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

type floatCmd struct {
	Add     floatAddCmd     `cmd:"" help:"Book money of our own that was brought to M-Pesa, to pay charges or to start with."`
	Take    floatTakeCmd    `cmd:"" help:"Book money of our own that was taken from M-Pesa, to the bank."`
	Charges floatChargesCmd `cmd:"" help:"Book that M-Pesa took what it had charged from the account that pays out."`
}

type floatAddCmd struct{ floatChange }

type floatTakeCmd struct{ floatChange }

type floatChargesCmd struct{ floatChange }

// floatChange is booked only: the money itself was moved in M-Pesa's portal.
type floatChange struct {
	books

	Shillings int64        `arg:"" placeholder:"ksh" help:"How many shillings."`
	Reason    string       `required:"" placeholder:"WHY" help:"What was moved, and where it stands."`
	Receipt   mpesaReceipt `placeholder:"RECEIPT" help:"M-Pesa's receipt of the movement: booked once, however often it is given."`
	PayBill   bool         `name:"paybill" help:"It is about the short code that buyers pay into, where another one pays out."`
}

// Run implements the command.
func (c *floatAddCmd) Run(ctx context.Context) error {
	return c.book(ctx, escrow.Shillings(c.Shillings), false, "brought to M-Pesa")
}

// Run implements the command.
func (c *floatTakeCmd) Run(ctx context.Context) error {
	return c.book(ctx, -escrow.Shillings(c.Shillings), false, "taken from M-Pesa")
}

// Run implements the command.
func (c *floatChargesCmd) Run(ctx context.Context) error {
	return c.book(ctx, -escrow.Shillings(c.Shillings), true, "taken by M-Pesa for its charges")
}

func (c floatChange) book(ctx context.Context, amount escrow.Cents, charges bool, what string) error {
	if c.Shillings <= 0 {
		return fmt.Errorf("%d shillings cannot be booked: it must be more than 0", c.Shillings)
	}
	key := string(c.Receipt)
	if key == "" {
		key = uuid.NewString()
	}
	if c.PayBill {
		key = "paybill:" + key // what goes from one short code to the other has one receipt
	}
	return c.atDesk(ctx, func(d *desk) error {
		err := d.service.BookFloat(ctx, escrow.FloatChange{
			Key: "float:" + key, Operator: d.key, Amount: amount, Charges: charges, PayBill: c.PayBill,
			Reason: c.Reason,
		})
		if err != nil {
			return err
		}
		fmt.Printf("booked: %s %s\n", escrow.Shillings(c.Shillings), what)
		return nil
	})
}

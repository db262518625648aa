package main

import (
	"context"
	"fmt"

	"github.com/voicepact/gateway/escrow"
)

type partyCmd struct {
	ResetPIN partyResetPINCmd `cmd:"" name:"reset-pin" help:"Take a person's PIN away; the next one moves money a day later."`
}

type partyResetPINCmd struct {
	books

	Phone  string `arg:"" help:"The person's number, as 0722000418 or +254722000418."`
	Reason string `required:"" help:"How it was made sure who asks. It is kept."`
}

// Run implements the command. The person is told by SMS.
func (c *partyResetPINCmd) Run(ctx context.Context) error {
	phone, err := escrow.ParsePhone(c.Phone)
	if err != nil {
		return explained(err)
	}
	return c.atDesk(ctx, func(d *desk) error {
		if err := d.service.ClearPIN(ctx, d.mediation("", c.Reason), phone); err != nil {
			return err
		}
		fmt.Printf("%s has no PIN any more; until the next one is a day old, the codes of our SMS move money\n", phone.Masked())
		return nil
	})
}

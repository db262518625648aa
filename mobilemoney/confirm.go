package mobilemoney

import (
	"context"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// around is how far a payment's time in the statement may be from the one that
// we were told: clocks differ, and prompts are answered late.
const around = 15 * time.Minute

// Confirm asks whether a payment was made that somebody posted to us as made:
// callbacks carry no signature. It returns [escrow.Moved] where M-Pesa, asked by
// us, says so: of the prompt of t, or of the receipt and the amount in the
// statement around the time at. Anything else is [escrow.NoAnswer], and proves
// nothing. It moves nothing.
//
// What M-Pesa says of a prompt has neither receipt nor amount; they are the
// callback's.
func (c *Client) Confirm(
	ctx context.Context, receipt string, amount escrow.Cents, at time.Time, t escrow.Transfer,
) escrow.Verdict {
	if t.Method == escrow.MethodSTK && t.ProviderID != "" && c.stkQuery(ctx, t).Verdict == escrow.Moved {
		return escrow.Moved
	}
	now := c.now()
	if at.IsZero() || at.After(now) {
		at = now
	}
	from, to := at.Add(-around), at.Add(around)
	if oldest := now.Add(-Reach); from.Before(oldest) {
		from = oldest.Add(time.Minute) // it moves while we ask
	}
	if to.Before(from) {
		return escrow.NoAnswer
	}
	statement, err := c.Statement(ctx, from, to)
	if err != nil {
		c.log.WarnContext(ctx, "payment not confirmed by the statement", "receipt", receipt, "error", err)
		return escrow.NoAnswer
	}
	for _, arrival := range statement {
		if arrival.Receipt == receipt && arrival.Amount == amount {
			return escrow.Moved
		}
	}
	return escrow.NoAnswer
}

package mobilemoney

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
)

// What the fuzz targets reach without a network: the readers of the answers to
// each call, and the maker of keys.

// KeyOf is the key that a callback is kept under.
func KeyOf(kind string, transfer uuid.UUID, body []byte) string { return keyOf(kind, transfer, body) }

// Pushed reads the answer to an STK push.
func (c *Client) Pushed(r outcall.Reply, token string) escrow.Submission {
	return c.hear(r, token).pushed()
}

// Ordered reads the answer to a payout.
func (c *Client) Ordered(r outcall.Reply, token string) escrow.Submission {
	return c.hear(r, token).ordered()
}

// Queried reads the answer to an STK query.
func (c *Client) Queried(r outcall.Reply, token, asked string) escrow.Finding {
	return c.hear(r, token).queried(asked)
}

// Asked reads the immediate answer to a status query.
func (c *Client) Asked(r outcall.Reply, token string) escrow.Finding { return c.hear(r, token).asked() }

// Reversing reads the answer to a reversal.
func (c *Client) Reversing(r outcall.Reply, token string) escrow.Submission {
	return c.hear(r, token).reversing()
}

// Validate answers the question before a PayBill payment.
func (c *Client) Validate(ctx context.Context, body []byte, expect Expect) string {
	return c.validate(ctx, body, expect)
}

// ArrivalKey is the key that a confirmation is kept under.
func ArrivalKey(body []byte) string { return arrivalKey(body) }

// Pulled reads the answer to a question for the statement.
func (c *Client) Pulled(r outcall.Reply, token string) (payments []escrow.Arrival, count int, err error) {
	page, err := c.hear(r, token).page()
	for _, row := range page {
		if arrival, ok := row.arrival(); ok {
			payments = append(payments, arrival)
		}
	}
	return payments, len(page), err
}

// Bought reads the answer to a token request.
func (c *Client) Bought(r outcall.Reply) (token string, life time.Duration, err error) {
	return c.readToken(r)
}

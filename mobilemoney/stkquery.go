package mobilemoney

import (
	"context"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
)

const pathQuery = "/mpesa/stkpushquery/v1/query"

type queryRequest struct {
	BusinessShortCode string `json:"BusinessShortCode"`
	Password          string `json:"Password"`
	Timestamp         string `json:"Timestamp"`
	CheckoutRequestID string `json:"CheckoutRequestID"`
}

// stkQuery asks what became of a prompt. The answer has neither receipt nor
// amount; the callback brings those. A negative answer is not proof: the
// sandbox was seen to call paid prompts failed (March 2026), and the escrow
// takes a late success.
func (c *Client) stkQuery(ctx context.Context, t escrow.Transfer) escrow.Finding {
	if t.ProviderID == "" {
		return nothing(codeLocal, "the push was never answered, so there is no id to ask about")
	}
	product, wait := c.takeSlot(ctx)
	if wait > 0 {
		return escrow.Finding{
			Verdict: escrow.NotAsked, Code: codeSlots, Reason: "other STK queries go first", RetryAfter: wait,
		}
	}
	at := timestamp(c.now())
	a, err := c.post(ctx, product, pathQuery, queryRequest{
		BusinessShortCode: c.cfg.ShortCode, Password: c.password(at), Timestamp: at, CheckoutRequestID: t.ProviderID,
	})
	if err != nil {
		return unanswered(err)
	}
	return a.queried(t.ProviderID)
}

// takeSlot returns what to put an STK query by, or how long to wait. Without the
// shared memory this process keeps within the limit by itself.
func (c *Client) takeSlot(ctx context.Context) (*outcall.Executor, time.Duration) {
	if c.cfg.Slots == nil {
		return c.queryAlone, 0
	}
	wait, err := c.cfg.Slots.Take(ctx)
	if err != nil {
		c.log.WarnContext(ctx, "STK query slots not shared", "error", err)
		return c.queryAlone, 0
	}
	return c.query, wait
}

// queried reads the answer to an STK query, which has at least four shapes for
// a prompt that is still open.
func (a answer) queried(asked string) escrow.Finding {
	switch {
	case a.accepted() && a.ResultCode != "":
		if a.CheckoutRequestID != "" && string(a.CheckoutRequestID) != asked {
			return alarm(codeGarbled, "the STK query was answered about another prompt")
		}
		m := stkMeaning(string(a.ResultCode))
		return escrow.Finding{
			Verdict: m.verdict, Cause: m.cause, Code: shortCode(a.ResultCode), Reason: a.reason, Alarm: m.alarm,
		}
	case string(a.ErrorCode) == errSTK && a.says(textInFlight):
		return escrow.Finding{Verdict: escrow.Processing, Code: a.code(), Reason: a.reason}
	case string(a.ErrorCode) == errBadField:
		// Also what a query gets that comes too soon after the push.
		return nothing(a.code(), a.reason)
	case string(a.ErrorCode) == errSTK && (a.says(textMerchant) || a.says(textPasskey)):
		return alarm(a.code(), a.reason)
	default:
		return a.unread()
	}
}

// unread is an answer to a question that says nothing about its subject. The
// question was not even put where a payment would not have been sent.
func (a answer) unread() escrow.Finding {
	f := nothing(a.code(), a.reason)
	if a.busy() || a.tokenRejected() {
		f.Verdict = escrow.NotAsked
	}
	if a.busy() {
		f.RetryAfter = afterBusy
	}
	f.Alarm = a.tokenRejected() || a.gatewayRefused()
	return f
}

// unanswered is a question that got no answer. Without a token, or with a policy
// of ours in the way, it was not put: nobody can have heard it.
func unanswered(err error) escrow.Finding {
	if untoken, ok := tokenFailure(err); ok {
		return escrow.Finding{Verdict: escrow.NotAsked, Code: codeToken, Reason: err.Error(), Alarm: untoken.alarm}
	}
	f := nothing(codeNetwork, err.Error())
	if outcall.NotSent(err) {
		f.Verdict = escrow.NotAsked
	}
	return f
}

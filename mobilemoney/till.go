package mobilemoney

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/escrow"
)

// KindArrival is what confirmations of PayBill payments are kept under, for
// [DecodeArrival].
const KindArrival = "c2b"

// Expect says whether we wait for a payment that a customer is about to make:
// nil, an [escrow.Refusal], or a fault, which refuses the payment too. It changes
// nothing, and M-Pesa asks it any number of times.
type Expect func(ctx context.Context, a escrow.Arrival) error

// validateBudget is what the answer to a validation may take. M-Pesa waits about
// 8 seconds (Daraja portal, Register URL page) and then refuses the payment; the
// way to us and back must fit in as well.
const validateBudget = 2 * time.Second

// RegisterTill mounts the addresses of PayBill payments under the router of
// [Client.Register]: POST /till/{token}/validate and /till/{token}/confirm.
//
// A validation is answered at once, and refused whenever we cannot tell: money
// that nobody waits for is better refused than sorted out. A confirmation is
// about money that has arrived; it is kept before it is answered.
func (c *Client) RegisterTill(router fiber.Router, keeper Keeper, expect Expect) {
	till := router.Group("/"+wordTill+"/:token", func(ctx *fiber.Ctx) error {
		if !c.signer.knowsTill(c.cfg.ShortCode, ctx.Params("token")) {
			return ctx.SendStatus(fiber.StatusNotFound)
		}
		if len(ctx.Request().Body()) > maxBody {
			return ctx.SendStatus(fiber.StatusRequestEntityTooLarge)
		}
		return ctx.Next()
	})
	till.Post("/"+actValidate, func(ctx *fiber.Ctx) error {
		code := c.validate(ctx.UserContext(), bytes.Clone(ctx.Request().Body()), expect)
		ctx.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		if code == codeDone {
			return ctx.SendString(`{"ResultCode":"0","ResultDesc":"Accepted"}`)
		}
		return ctx.SendString(`{"ResultCode":"` + code + `","ResultDesc":"Rejected"}`)
	})
	till.Post("/"+actConfirm, func(ctx *fiber.Ctx) error {
		body := bytes.Clone(ctx.Request().Body())
		within, cancel := context.WithTimeout(ctx.UserContext(), keepBudget)
		defer cancel()
		if err := keeper.Keep(within, KindArrival, arrivalKey(body), body); err != nil {
			c.log.ErrorContext(within, "PayBill confirmation not kept", "error", err)
			return ctx.SendStatus(fiber.StatusInternalServerError)
		}
		ctx.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return ctx.SendString(`{"ResultCode":0,"ResultDesc":"Success"}`)
	})
}

// The codes that refuse a payment; each makes M-Pesa say something else to the
// customer (Daraja portal, Customer To Business page).
const (
	refusePhone   = "C2B00011"
	refuseAccount = "C2B00012"
	refuseAmount  = "C2B00013"
	refuseOther   = "C2B00016"
)

// validate returns the code that a validation is answered with. It does not wait
// for a database that ignores its deadline.
func (c *Client) validate(ctx context.Context, body []byte, expect Expect) string {
	arrival, err := DecodeArrival(body)
	if err != nil {
		c.log.ErrorContext(ctx, "PayBill validation refused", "error", err)
		return refuseOther
	}
	ctx, cancel := context.WithTimeout(ctx, validateBudget)
	defer cancel()
	answered := make(chan error, 1)
	go func() { answered <- expect(ctx, arrival) }()
	select {
	case err = <-answered:
	case <-ctx.Done():
		err = fmt.Errorf("no answer in time: %w", ctx.Err())
	}
	if err != nil && escrow.RefusalOf(err) == nil {
		c.log.ErrorContext(ctx, "PayBill validation refused", "error", err)
	}
	return refusal(err)
}

func refusal(err error) string {
	if err == nil {
		return codeDone
	}
	refused := escrow.RefusalOf(err)
	if refused == nil {
		return refuseOther
	}
	switch refused.Code {
	case escrow.UnknownContract:
		return refuseAccount
	case escrow.AmountOutOfRange:
		return refuseAmount
	case escrow.BadPhone:
		return refusePhone
	default:
		return refuseOther
	}
}

// The words of the addresses of PayBill payments.
const (
	wordTill    = "till"
	actValidate = "validate"
	actConfirm  = "confirm"
	actPull     = "pull"
)

// tillToken stands in the addresses that are registered once for a short code.
// They live until they are replaced in M-Pesa's portal, so the key that signed
// them has to stay among the callback keys as long.
func tillToken(key []byte, shortCode string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("till:" + shortCode))
	return hex.EncodeToString(mac.Sum(nil))
}

// knowsTill accepts the tokens of all keys, and tries every one of them.
func (s signer) knowsTill(shortCode, token string) bool {
	good := false
	for _, key := range s.keys {
		if hmac.Equal([]byte(tillToken(key, shortCode)), []byte(token)) {
			good = true
		}
	}
	return good
}

// tillURL is where Safaricom posts about payments to the short code.
func (c *Client) tillURL(act string) string {
	return c.cfg.PublicURL + "/mm/" + wordTill + "/" + tillToken(c.signer.keys[0], c.cfg.ShortCode) + "/" + act
}

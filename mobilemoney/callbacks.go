package mobilemoney

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// Keeper stores a callback and the job that works it, in one transaction. The
// same kind, key and body again change nothing; another body under a key that
// is taken is put aside for an operator.
type Keeper interface {
	Keep(ctx context.Context, kind, key string, body []byte) error
}

const (
	// maxBody is far above the largest callback.
	maxBody = 64 << 10
	// keepBudget bounds the wait for the database; after it the sender is told
	// that we do not have the callback, which is then the truth.
	keepBudget = 10 * time.Second
)

// acknowledgement is what Daraja's samples answer a callback with.
const acknowledgement = `{"ResultCode":0,"ResultDesc":"Accepted"}`

// Register mounts the callbacks under the router, which is at /mm of
// [Config.PublicURL]: POST /{kind}/{transfer}/{token}.
//
// Safaricom was not seen to repeat a callback that was answered 500, so the
// handler does nothing but keep it: whatever comes under a good token is kept,
// readable or not, and answered 200 only then.
func (c *Client) Register(router fiber.Router, keeper Keeper) {
	router.Post("/:kind/:transfer/:token", func(ctx *fiber.Ctx) error {
		kind := strings.Clone(ctx.Params("kind")) // the keeper may hold on to it
		if kind == wordTill {
			return ctx.Next() // see [Client.RegisterTill]
		}
		transfer, err := uuid.Parse(ctx.Params("transfer"))
		if err != nil || !known(kind) || !c.signer.verifies(kind, transfer, ctx.Params("token")) {
			return ctx.SendStatus(fiber.StatusNotFound)
		}
		// As it came: undoing a content encoding is undoing somebody's bomb.
		body := ctx.Request().Body()
		if len(body) > maxBody {
			return ctx.SendStatus(fiber.StatusRequestEntityTooLarge)
		}
		kept := withoutCredential(bytes.Clone(body))
		within, cancel := context.WithTimeout(ctx.UserContext(), keepBudget)
		defer cancel()
		if err := keeper.Keep(within, kind, keyOf(kind, transfer, kept), kept); err != nil {
			c.log.ErrorContext(within, "callback not kept", "kind", kind, "transfer", transfer, "error", err)
			return ctx.SendStatus(fiber.StatusInternalServerError)
		}
		ctx.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return ctx.SendString(acknowledgement)
	})
}

// plainKey is what may stand in a key as it came.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// keyOf makes the key that a callback is kept under. Two statements have
// different keys where both must be worked: a failure and the success after it,
// the answers to two status queries, a success without a receipt and the one
// that brings it. They share a key where the second is a repetition, or
// contradicts the first: one success is all that a prompt or a payout can have.
// No key holds a person's number, because keys stand in logs and in the clear;
// where the provider's id is missing or might hold one, the body's hash serves,
// which only tells repetitions.
func keyOf(kind string, transfer uuid.UUID, body []byte) string {
	s := decode(kind, transfer, body)
	key := transfer.String() + ":"
	final := s.finding.Verdict == escrow.Moved || s.finding.Verdict == escrow.NotMoved
	if final && plainKey.MatchString(s.id) && plainKey.MatchString(s.finding.Code) {
		return key + s.id + ":" + s.finding.Code
	}
	sum := sha256.Sum256(body)
	return key + hex.EncodeToString(sum[:])
}

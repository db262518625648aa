package sms

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"mime"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/escrow"
)

// The kinds under which callbacks are kept in the inbox: who takes them out again
// gives each to its worker.
const (
	KindMessage = "sms"    // an inbound message, for [Handler.Work]
	KindReport  = "dlr"    // a delivery report, for [Handler.WorkReport]
	KindOptOut  = "optout" // an opt-out at the provider, for [Handler.WorkOptOut]
)

// Keeper stores a callback and the job that works it, in one transaction. The
// same kind, key and body again change nothing; another body under a key that
// is taken is put aside for an operator.
type Keeper interface {
	Keep(ctx context.Context, kind, key string, body []byte) error
}

// HandlerConfig says what a [Handler] works with; every field but Keyword is needed.
type HandlerConfig struct {
	Service   *escrow.Service
	ShortCode string // our own number, which is never answered
	Keyword   string // of a short code that is shared; empty where it is our own
	Log       *slog.Logger
}

// Handler takes what Africa's Talking posts about messages, and works it. It is
// safe for concurrent use.
type Handler struct {
	service   *escrow.Service
	shortCode string
	keyword   string
	grammar   *Grammar
	log       *slog.Logger
}

// NewHandler makes a handler.
func NewHandler(cfg HandlerConfig) *Handler {
	return &Handler{service: cfg.Service, shortCode: cfg.ShortCode, keyword: cfg.Keyword, grammar: NewGrammar(), log: cfg.Log}
}

// Register mounts POST /sms for inbound messages, POST /dlr for delivery reports
// and POST /optout for people who opted out at the provider. Who calls must have been checked before: Africa's Talking signs
// nothing.
//
// Whatever is a form is kept and answered 200, even if no part of it makes
// sense: any other answer brings it back every minute for twelve hours. 500
// means that it could not be kept and has to come again.
func (h *Handler) Register(router fiber.Router, keeper Keeper) {
	router.Post("/sms", h.keep(keeper, KindMessage, messageKey))
	router.Post("/dlr", h.keep(keeper, KindReport, reportKey))
	router.Post("/optout", h.keep(keeper, KindOptOut, optOutKey))
}

func messageKey(f form) string { return readInbound(f).id }

// isForm reports whether a content type is that of a form; its parameters do
// not matter, not even malformed ones.
func isForm(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return media == fiber.MIMEApplicationForm && (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter))
}

// keep answers once the callback is stored, and not before.
func (h *Handler) keep(keeper Keeper, kind string, key func(form) string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if !isForm(c.Get(fiber.HeaderContentType)) {
			return c.Status(fiber.StatusUnsupportedMediaType).SendString("send application/x-www-form-urlencoded")
		}
		body := bytes.Clone(c.Body()) // fiber uses its buffer again
		f, ok := parseForm(body)
		if !ok {
			return c.Status(fiber.StatusBadRequest).SendString("the body is not a form")
		}
		if err := keeper.Keep(c.UserContext(), kind, key(f), body); err != nil {
			h.log.ErrorContext(c.UserContext(), "callback not kept", "kind", kind, "error", err)
			return c.SendStatus(fiber.StatusInternalServerError)
		}
		return c.SendStatus(fiber.StatusOK)
	}
}

package ussd

import (
	"context"
	"crypto/cipher"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/menus"
)

// Sessions keeps what a session needs between two hops.
type Sessions interface {
	// Load returns the values under the keys, each nil where there is none.
	Load(ctx context.Context, keys ...string) ([][]byte, error)
	// Swap stores now for ttl if the value is still was (nil: there is none),
	// and reports whether it did. Finish does it with the last state of a session.
	Swap(ctx context.Context, key string, was, now []byte, ttl time.Duration) (bool, error)
	Finish(ctx context.Context, key string, was, now []byte, ttl time.Duration) (bool, error)
	// Put stores a value for ttl, whatever was there; an empty one is dropped.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

// Keeper stores a callback and the job that works it, in one transaction,
// before it is answered; the same kind, key and body again changes nothing.
type Keeper interface {
	Keep(ctx context.Context, kind, key string, body []byte) error
}

// Config is what a [Handler] is made of. Deadline and Screens may be zero;
// everything else is needed.
type Config struct {
	Service     *escrow.Service
	Sessions    Sessions
	ServiceCode string // as people dial it, "*384*12345#"
	HelpPhone   string // as people dial it, shown on screens
	PayBill     string // the business number that buyers pay to
	ShortCode   string // where people send an SMS
	// Key is secret, 32 bytes: what is kept of a call is hashed and sealed with it.
	Key []byte
	// Screens are the sizes of the networks that show more than 160 septets, by
	// their network codes.
	Screens map[string]int
	Now     func() time.Time
	Log     *slog.Logger
	// Deadline is how long one hop may take before the caller is asked to dial
	// again. Africa's Talking gives up after 10 s.
	Deadline time.Duration
}

// defaultDeadline leaves a second for the way to Africa's Talking and back
// before the 8 s that the product promises.
const defaultDeadline = 7 * time.Second

// Handler answers hops. It is safe for concurrent use.
type Handler struct {
	Config
	menu   *menus.Menu
	texts  *menus.Catalogue
	sealer cipher.AEAD
}

// New makes a handler with the built-in menu, which it checks first.
func New(cfg Config) (*Handler, error) {
	menu, err := menus.Built()
	if err != nil {
		return nil, fmt.Errorf("menu: %w", err)
	}
	texts, err := menus.Texts()
	if err != nil {
		return nil, fmt.Errorf("menu: %w", err)
	}
	if err := menu.Check(texts); err != nil {
		return nil, fmt.Errorf("menu: %w", err)
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = defaultDeadline
	}
	sealer, err := newSealer(cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("menu: %w", err)
	}
	return &Handler{Config: cfg, menu: menu, texts: texts, sealer: sealer}, nil
}

// Register mounts POST /ussd and POST /ussd/events.
func (h *Handler) Register(router fiber.Router, keeper Keeper) {
	router.Post("/ussd", h.serve)
	router.Post("/ussd/events", func(c *fiber.Ctx) error { return h.event(c, keeper) })
}

// labelHeader carries the name of a screen out with a reply and back in with
// the next hop (Africa's Talking, USSD hop metadata).
const labelHeader = "At-Ussd-Hop-Metadata"

func (h *Handler) serve(c *fiber.Ctx) error {
	form, problem := readForm(c)
	if problem != nil {
		return refuse(c, problem)
	}
	next, problem := h.readHop(c.UserContext(), form)
	if problem != nil {
		return refuse(c, problem)
	}
	next.label = strings.Clone(c.Get(labelHeader))
	answer := h.answer(c.UserContext(), next)
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	if answer.Label != "" {
		c.Set(labelHeader, answer.Label)
	}
	return c.Status(fiber.StatusOK).SendString(answer.Text)
}

// answer works one hop, at most until the deadline. The work goes on beside it
// where a database or network call does not hear that the time is up; what it
// has done then is found by the next dial.
func (h *Handler) answer(ctx context.Context, next hop) reply {
	ctx, cancel := context.WithTimeout(ctx, h.Deadline)
	defer cancel()
	c := &call{Handler: h, hop: next}
	done := make(chan reply, 1)
	go func() { done <- c.guarded(ctx) }()
	select {
	case answer := <-done:
		return answer
	case <-ctx.Done():
		h.Log.ErrorContext(ctx, "ussd hop out of time", "session", next.session, "phone", next.phone)
		return c.sorry()
	}
}

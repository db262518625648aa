package guard

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Config says whom one group of callbacks lets in.
type Config struct {
	Group   string         // names the callbacks in the log
	Allowed []netip.Prefix // empty lets everybody in
	Trusted []netip.Prefix // our own proxies, whose X-Forwarded-For is believed
	Keys    [][]byte       // empty asks for no signature
	Now     func() time.Time
	Log     *slog.Logger
}

// Handlers returns what stands before a group, in order: nothing where nothing is
// asked for. Whoever is refused gets 404, as for a wrong address.
func (c Config) Handlers() []fiber.Handler {
	var list []fiber.Handler
	if len(c.Allowed) > 0 {
		list = append(list, c.address)
	}
	if len(c.Keys) > 0 {
		list = append(list, c.signature)
	}
	return list
}

func (c Config) address(ctx *fiber.Ctx) error {
	var socket netip.Addr
	if addr, err := netip.ParseAddrPort(ctx.Context().RemoteAddr().String()); err == nil {
		socket = addr.Addr()
	}
	headers := ctx.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
	forwarded := make([]string, 0, len(headers))
	for _, value := range headers {
		forwarded = append(forwarded, string(value))
	}
	from := peer(socket, forwarded, c.Trusted)
	if !within(c.Allowed, from) {
		return c.refuse(ctx, "address not allowed", "from", from.String())
	}
	return ctx.Next()
}

func (c Config) signature(ctx *fiber.Ctx) error {
	// The body as it came: undoing a content encoding is undoing somebody's bomb.
	if why := check(ctx.Get(Header), ctx.Request().Body(), c.Keys, c.Now()); why != "" {
		return c.refuse(ctx, why)
	}
	return ctx.Next()
}

func (c Config) refuse(ctx *fiber.Ctx, why string, more ...any) error {
	c.Log.WarnContext(ctx.UserContext(), "callback refused", append([]any{"group", c.Group, "why", why}, more...)...)
	return ctx.SendStatus(fiber.StatusNotFound)
}

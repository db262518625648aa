package ussd

import (
	"context"
	"strings"
)

// sessionShare is which part of a hop's time each of the two calls for its
// session may take: the half that is left is enough to work it without one.
const sessionShare = 4

// brief bounds one call for a session.
func (c *call) brief(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.Deadline/sessionShare)
}

// load returns what is stored under the keys. Sessions that cannot be reached stop
// nobody: the hop is worked as one whose session is lost, and its acts are
// guarded by their own keys.
func (c *call) load(ctx context.Context, keys ...string) [][]byte {
	if c.lost {
		return make([][]byte, len(keys))
	}
	ctx, cancel := c.brief(ctx)
	defer cancel()
	stored, err := c.Sessions.Load(ctx, keys...)
	if err != nil {
		c.unreached(ctx, err)
		return make([][]byte, len(keys))
	}
	return stored
}

// swap stores the session, and reports false where another hop has come first.
// A session that was not read is not written either: it would cost the caller
// the same wait again, and the one that may be there is not known.
func (c *call) swap(ctx context.Context, now []byte) bool {
	if c.lost {
		return true
	}
	ctx, cancel := c.brief(ctx)
	defer cancel()
	store := c.Sessions.Swap
	if c.sess.Ended {
		store = c.Sessions.Finish
	}
	won, err := store(ctx, c.hop.session, c.stored, now, sessionLife)
	if err != nil {
		c.unreached(ctx, err)
		return true
	}
	return won
}

// unreached notes, once a hop, that it goes on without a session.
func (c *call) unreached(ctx context.Context, err error) {
	c.lost = true
	c.Log.ErrorContext(ctx, "ussd hop without a session", "session", c.hop.session, "error", err)
}

// missed reports whether the hop before this one was worked without a session,
// so that the stored one is older than what the caller sees, and what follows it
// is more than one answer. Only the label tells that from an answer with a star
// in it. Without labels the two are taken for one answer, which no choice has
// and which the next screen shows.
func (c *call) missed(before session, answer string) bool {
	return strings.Contains(answer, "*") && c.hop.label != "" && c.hop.label != before.Reply.Label
}

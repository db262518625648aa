package ussd

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/menus"
)

// call is one hop under way.
type call struct {
	*Handler
	hop    hop
	stored []byte // the session as it was loaded; nil where there was none
	left   []byte // what the caller left behind, where it was loaded with the session
	asked  bool   // whether it was
	lost   bool   // sessions cannot be reached: the hop is worked without one
	sess   session
	shown  shown  // the data of the screen that is reached
	notice string // one line above the screen

	// spoken is the caller's language for an apology, which another goroutine
	// may have to make.
	spoken atomic.Value
}

// guarded works the hop and answers with an apology where that fails.
func (c *call) guarded(ctx context.Context) (answer reply) {
	defer func() {
		// The value of a panic may hold what was typed, so only its type is logged.
		if cause := recover(); cause != nil {
			c.Log.ErrorContext(ctx, "ussd hop panicked", "session", c.hop.session,
				"cause", fmt.Sprintf("%T", cause), "trace", string(debug.Stack()))
			answer = c.sorry()
		}
	}()
	if c.hop.phone == "" {
		return c.last("fault.phone")
	}
	answer, err := c.work(ctx)
	if err != nil {
		c.Log.ErrorContext(ctx, "ussd hop failed", "session", c.hop.session, "phone", c.hop.phone, "error", err)
		return c.sorry()
	}
	return answer
}

func (c *call) work(ctx context.Context) (reply, error) {
	c.loadFirst(ctx)
	before, known := decode(c.stored)
	if !known {
		return c.begin(ctx)
	}
	c.speak(before.Language)
	if before.Bound != c.binding(c.hop) {
		c.Log.WarnContext(ctx, "ussd session used by another phone", "session", c.hop.session, "phone", c.hop.phone)
		return c.last("fault.conflict"), nil
	}
	what, answer := c.compare(before, c.hop.text)
	if what != oneAnswer || before.Ended {
		return before.Reply, nil
	}
	if c.missed(before, answer) {
		return c.begin(ctx)
	}
	c.sess = before
	if err := c.take(ctx, answer); err != nil {
		return reply{}, err
	}
	return c.finish(ctx)
}

// take works one answer of a session that is known.
func (c *call) take(ctx context.Context, answer string) error {
	step := c.menu.Next(c.sess.Menu, answer, c.read)
	if step.Wrong != "" {
		return c.miss(ctx, step.Wrong, nil)
	}
	if !step.Act.Binds() {
		c.sess.Misses = 0 // what binds ends the call, or counts a miss
	}
	if step.Act != "" {
		return c.act(ctx, step)
	}
	c.keepSecret(&step)
	c.sess.Menu = step.State
	return c.arrive(ctx, "")
}

// loadFirst loads the session, and in the same round trip, where the hop looks
// like the first of a call, what an earlier call has left.
func (c *call) loadFirst(ctx context.Context) {
	keys := []string{c.hop.session}
	if c.asked = c.hop.text == ""; c.asked {
		keys = append(keys, c.draftKey(c.hop))
	}
	found := c.load(ctx, keys...)
	c.stored = found[0]
	if c.asked {
		c.left = found[1]
	}
}

// missesBeforeHelp is how many answers in a row may not fit before the way out
// is offered.
const missesBeforeHelp = 3

// miss shows the same screen with a line above it.
func (c *call) miss(ctx context.Context, wrong string, data any) error {
	if err := c.arrive(ctx, ""); err != nil {
		return err
	}
	c.sess.Misses++
	c.notice = c.text(wrong, data)
	if c.sess.Misses >= missesBeforeHelp {
		c.notice = c.text("wrong.lost", map[string]string{"Wrong": c.notice, "Help": c.HelpPhone})
	}
	return nil
}

// finish renders the screen that was reached and stores the session.
func (c *call) finish(ctx context.Context) (reply, error) {
	text, err := c.render()
	if err != nil {
		return reply{}, err
	}
	answer := reply{Text: text, Label: c.label(c.sess, c.hop.session)}
	c.sess.Ended = c.menu.Node(c.sess.Menu.Node).Ends || c.shown.end != ""
	c.leave(ctx)
	if c.sess.Ended {
		c.sess.Menu, c.sess.Before, c.sess.Resumed = menus.State{Node: c.sess.Menu.Node}, nil, false
	}
	c.sess.Bound, c.sess.Reply = c.binding(c.hop), answer
	now, err := encode(c.seeing(c.sess, c.hop.text))
	if err != nil {
		return reply{}, err
	}
	if c.swap(ctx, now) {
		return answer, nil
	}
	return c.second(ctx, answer), nil
}

// second answers a hop that another one of its session has overtaken: of two
// equal hops at once, the one that stores second answers what the first did.
func (c *call) second(ctx context.Context, own reply) reply {
	winner, known := decode(c.load(ctx, c.hop.session)[0])
	switch {
	case !known:
		return own
	case winner.Bound != c.binding(c.hop):
		return c.last("fault.conflict")
	default:
		return winner.Reply
	}
}

// request is the caller's request for an act. Its key is the transcript that
// led to it, so that a repeated or rebuilt hop asks for the same thing.
func (c *call) request() escrow.Request {
	return escrow.Request{
		Key:  "ussd:" + c.hop.session + ":" + c.hash(c.hop.text),
		From: c.hop.phone, Channel: escrow.ChannelUSSD,
	}
}

// speak notes the caller's language.
func (c *call) speak(language string) {
	c.sess.Language = language
	c.spoken.Store(language)
}

// language is what the caller reads; English until they have chosen.
func (c *call) language() string {
	language, _ := c.spoken.Load().(string)
	return string(escrow.Language(language).Or(escrow.English))
}

func (c *call) text(key string, data any) string {
	return c.texts.Text(c.language(), key, data)
}

// sorry is the answer when something on our side failed.
func (c *call) sorry() reply { return c.last("fault.sorry") }

// last is a final screen that needs no data.
func (c *call) last(key string) reply {
	return reply{Text: endPrefix + c.text(key, map[string]string{"Code": c.ServiceCode})}
}

package ussd

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/menus"
)

// draftLife is how long a call that was cut off can be taken up again.
const draftLife = 15 * time.Minute

// draft is what a call leaves for the next one of the same phone: where it was, if
// something was begun, or what was done last, because the caller may not have seen
// it. No secret is in it.
type draft struct {
	Session string            `json:"s"`           // of the call that left it
	Node    string            `json:"n,omitempty"` // where to go on
	Trail   []string          `json:"t,omitempty"`
	Data    map[string]string `json:"d,omitempty"`
	Did     string            `json:"a,omitempty"` // the screen that told what was done
	Ref     string            `json:"r,omitempty"` // of what was done
	State   string            `json:"o,omitempty"` // where the contract stood then
	Begun   string            `json:"c,omitempty"` // the call in which it was begun, where that was an earlier one
	// Before is what the call itself had found, so that it can be rebuilt.
	Before *draft `json:"b,omitempty"`
}

func (h *Handler) draftKey(of hop) string { return "draft:" + h.binding(of) }

// find takes what an earlier call has left, once a session begins.
func (c *call) find(ctx context.Context) {
	if !c.asked {
		c.left = c.load(ctx, c.draftKey(c.hop))[0]
	}
	var found draft
	if len(c.left) == 0 || json.Unmarshal(c.left, &found) != nil {
		return
	}
	c.sess.Drafted = true
	if found.Session == c.hop.session { // this call is being rebuilt
		c.sess.Before = found.Before
		return
	}
	found.Before = nil
	c.sess.Before = &found
}

// cutOff reports whether an earlier call was cut off at something worth going on
// with. A lost session that began with the question is asked it again.
func (c *call) cutOff(entry string) bool {
	if c.sess.Menu.Node != menus.NodeHome && c.sess.Menu.Node != "menu" {
		return false
	}
	fresh := c.sess.Entry == "" // the first screen of the call
	return entry == "resume" || entry == "" && fresh && c.sess.Before != nil && c.sess.Before.Node != ""
}

// offerDraft shows the question whether to go on.
func (c *call) offerDraft() {
	c.sess.Menu = menus.State{Node: "resume"}
	if c.sess.Before != nil {
		c.shown.view = c.draft(c.sess.Before.Data)
	}
}

// resume goes on where the earlier call was cut off, or at the contract where that
// has moved on meanwhile.
func (c *call) resume(ctx context.Context) error {
	before := c.sess.Before
	if before == nil || before.Node == "" {
		return c.startOver(ctx)
	}
	c.sess.Resumed = true
	c.sess.Menu = menus.State{Node: before.Node, Trail: slices.Clone(before.Trail), Data: maps.Clone(before.Data)}
	ref := before.Data[menus.NameRef]
	if ref == "" {
		return c.arrive(ctx, "")
	}
	seen, err := c.Service.View(ctx, c.hop.phone, escrow.Ref(ref))
	switch {
	case escrow.RefusalOf(err) != nil:
		return c.startOver(ctx)
	case err != nil:
		return err
	case !slices.Contains(c.offers(seen), offered(before.Node, seen.Role)):
		c.sess.Menu.Node = "contract"
	}
	return c.arrive(ctx, "")
}

// offered names the choice that leads to a screen about a contract.
func offered(node string, role escrow.Role) string {
	if node == "reason" {
		return "dispute_" + string(role)
	}
	return node
}

// begun names the call in which what is typed was begun.
func (c *call) begun() string {
	before := c.sess.Before
	switch {
	case !c.sess.Resumed || before == nil:
		return c.hop.session
	case before.Begun != "":
		return before.Begun
	default:
		return before.Session
	}
}

// startOver forgets what was begun.
func (c *call) startOver(ctx context.Context) error {
	c.sess.Before, c.sess.Resumed = nil, false
	c.sess.Menu = menus.Start()
	return c.arrive(ctx, "")
}

// leave keeps for the next call what this hop came to: where to go on, or what was
// done. Losing it costs the caller nothing but typing, so that a failure is only
// noted.
func (c *call) leave(ctx context.Context) {
	if c.sess.Menu.Node == "resume" || c.lost {
		return
	}
	left, something := c.leaves()
	kept := c.sess.Before != nil && c.sess.Before.Node != "" && !c.sess.Resumed // and can be taken up yet
	if !something && (kept || !c.sess.Drafted) {
		return
	}
	var text []byte
	if c.sess.Drafted = something; something {
		var err error
		if text, err = json.Marshal(left); err != nil {
			c.Log.ErrorContext(ctx, "ussd draft", "session", c.hop.session, "error", err)
			return
		}
	}
	ctx, cancel := c.brief(ctx)
	defer cancel()
	if err := c.Sessions.Put(ctx, c.draftKey(c.hop), text, draftLife); err != nil {
		c.unreached(ctx, err)
	}
}

func (c *call) leaves() (draft, bool) {
	left := draft{Session: c.hop.session, Before: c.sess.Before}
	if c.sess.Resumed {
		left.Begun = c.begun()
	}
	if c.shown.did != "" {
		left.Did, left.Ref, left.State = c.shown.did, c.shown.view.Ref, c.shown.view.State
		return left, true
	}
	node := c.menu.Node(c.sess.Menu.Node)
	if node.Resume == "" || c.shown.end != "" {
		return left, false
	}
	left.Node, left.Trail, left.Data = node.Resume, c.sess.Menu.Trail, c.sess.Menu.Data
	if node.Resume != node.Key { // the screens behind it lead there
		if i := slices.Index(left.Trail, node.Resume); i >= 0 {
			left.Trail = left.Trail[:i]
		}
	}
	return left, true
}

// remember says what the earlier call did, whose end the caller may not have seen:
// while the contract stands where that left it, because an SMS has told what came
// after.
func (c *call) remember(open []escrow.Contract) {
	before := c.sess.Before
	if before == nil || before.Did == "" || c.sess.Entry != "" || !c.texts.Has("notice."+before.Did) {
		return
	}
	left := escrow.State(before.State)
	stands := func(o escrow.Contract) bool { return string(o.Ref) == before.Ref && o.State == left }
	if before.Ref == "" || left.Terminal() || slices.ContainsFunc(open, stands) {
		c.notice = c.text("notice."+before.Did, map[string]string{"Ref": before.Ref})
	}
}

package ussd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/voicepact/gateway/internal/gsm7"
	"github.com/voicepact/gateway/menus"
)

const (
	conPrefix = "CON "
	endPrefix = "END "
	// maxScreen is what every network shows, the prefix included.
	maxScreen = 160 // septets
)

// squeeze is how much the data on a screen is shortened to make it fit.
type squeeze struct {
	item   int  // septets of what is sold
	called bool // the other side by the shortest name
	tight  bool // without what can be left out
	bare   bool // without the amounts of a list, too
}

// squeezes are tried in turn until the screen fits: what is sold is cut first,
// then the other side, then lines, and last the amounts of a list, which the
// screen behind the row shows. A choice is never cut.
func squeezes() []squeeze {
	const half, third, quarter, least = 18, 12, 8, 6 // of the longest, with two septets a character
	return []squeeze{
		{item: maxScreen},
		{item: half},
		{item: third},
		{item: half, called: true},
		{item: third, called: true},
		{item: quarter, called: true},
		{item: half, called: true, tight: true},
		{item: third, called: true, tight: true},
		{item: least, called: true, tight: true},
		{item: third, called: true, tight: true, bare: true},
		{item: least, called: true, tight: true, bare: true},
	}
}

// render writes the screen that was reached.
func (c *call) render() (string, error) {
	for _, s := range squeezes() {
		text := gsm7.Clean(c.screen(s))
		if n, ok := gsm7.Septets(text); ok && n <= c.room() {
			return text, nil
		}
	}
	return "", fmt.Errorf("screen %q does not fit", c.sess.Menu.Node)
}

// room is how many septets the caller's network shows.
func (c *call) room() int { return max(c.Screens[c.hop.network], maxScreen) }

func (c *call) screen(s squeeze) string {
	node := c.menu.Node(c.sess.Menu.Node)
	if c.shown.end != "" {
		return endPrefix + c.text(c.shown.end, c.shown.view.squeezed(s))
	}
	if node.Ends {
		return endPrefix + c.text(node.Key, c.shown.view.squeezed(s))
	}
	var lines []string
	if c.notice != "" {
		lines = append(lines, c.notice)
	}
	if title := c.text(node.Key, c.shown.view.squeezed(s)); title != "" {
		lines = append(lines, title)
	}
	for i, row := range c.shown.rows {
		line := c.text(row.key, row.squeezed(s))
		if !c.sess.Menu.Lines {
			line = strconv.Itoa(i+1) + ". " + line
		}
		lines = append(lines, line)
	}
	for _, choice := range c.menu.Offered(c.sess.Menu) {
		lines = append(lines, choice.Number+". "+c.text(choice.Label, nil))
	}
	return conPrefix + strings.Join(append(lines, c.ways(node, s)...), "\n")
}

// ways are the last lines: on, back and home.
func (c *call) ways(node menus.Node, s squeeze) []string {
	var lines []string
	if c.sess.Menu.More {
		lines = append(lines, menus.KeyMore+". "+c.text("nav.more", nil))
	}
	back := "nav.back"
	if c.sess.Menu.AtFirst() {
		back = "nav.exit"
	}
	line := menus.KeyBack + ". " + c.text(back, nil)
	if node.Home && !s.tight {
		line += " " + menus.KeyHome + ". " + c.text("nav.home", nil)
	}
	return append(lines, line)
}

// squeezed shortens what a view shows.
func (v view) squeezed(s squeeze) view {
	v.Item, v.Place, v.Quality = shorten(v.Item, s.item), shorten(v.Place, s.item), shorten(v.Quality, s.item)
	if s.called {
		v.Other = v.called
	}
	v.Tight, v.Bare = s.tight, s.bare
	return v
}

// shorten cuts text to septets and marks the cut.
func shorten(text string, septets int) string {
	if n, _ := gsm7.Septets(text); n <= septets {
		return text
	}
	const mark = ".."
	return strings.TrimRight(gsm7.Cut(text, septets-len(mark)), " ") + mark
}

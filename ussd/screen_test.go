package ussd

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/gsm7"
	"github.com/voicepact/gateway/menus"
)

// The longest of everything that a screen can show.
const (
	longRef     = "1234567"
	longItem    = "Mahindi magunia 10 mazur"
	longPhone   = "+254722000418"
	longName    = "Wanjirukamau Mbuguaotieno"
	longCode    = "*384*123456#"
	longHelp    = "+254700000000"
	wideItem    = "€€€€€€€€€€€€€€€€€€€€€€€€" // two septets a character
	foreignItem = "Шећер, брашно и кромпир!"
)

func newTestHandler(tb testing.TB) *Handler {
	tb.Helper()
	h, err := New(Config{
		Service:     escrow.NewService(escrow.Deps{Policy: escrow.DefaultPolicy()}),
		ServiceCode: longCode, HelpPhone: longHelp, Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func longContract(state escrow.State, item string) escrow.Contract {
	party := escrow.Party{Phone: longPhone, Name: longName}
	return escrow.Contract{
		Ref: longRef, State: state, Proposer: escrow.Seller, Buyer: party, Seller: party, Item: item,
		Amount: escrow.MaxAmount, DeliverBy: time.Date(2026, 12, 24, 0, 0, 0, 0, escrow.EAT),
	}
}

// notices are what can stand above a screen.
func notices(c *call, node menus.Node) []string {
	wrong := []string{c.text("wrong.choice", nil)}
	if node.Input != nil {
		wrong = append(wrong, complaints(c, node.Input.Kind)...)
	}
	list := []string{"", c.text("notice.again", nil), c.text("notice.restart", nil), c.text("notice.unknown", nil)}
	for _, text := range wrong {
		list = append(list, text, c.text("wrong.lost", map[string]string{"Wrong": text, "Help": longHelp}))
	}
	return list
}

func complaints(c *call, kind menus.Kind) []string {
	list := []string{c.text("wrong."+string(kind), nil)}
	switch kind {
	case menus.KindRef:
		return nil
	case menus.KindPhone:
		return append(list, c.text("wrong.self", nil))
	case menus.KindCode:
		return append(list, c.text("wrong.bad_code", map[string]int{"Left": 4}))
	default:
		return list
	}
}

// Every screen, in every language, with the longest data and every line that
// can stand above it, fits; no choice is ever lost; every character is in the
// phone's alphabet.
func TestEveryScreenFits(t *testing.T) {
	t.Parallel()
	h := newTestHandler(t)
	for _, node := range h.menu.Nodes() {
		for _, language := range h.texts.Languages() {
			t.Run(node.Key+"/"+language, func(t *testing.T) {
				t.Parallel()
				for _, item := range []string{longItem, wideItem, foreignItem} {
					renderNode(t, h, node, language, item)
				}
			})
		}
	}
}

func renderNode(t *testing.T, h *Handler, node menus.Node, language, item string) {
	t.Helper()
	if len(node.Forks) > 0 {
		return
	}
	seen := map[string]bool{} // most screens show little of a contract
	for _, state := range escrow.States() {
		for _, role := range []escrow.Role{escrow.Buyer, escrow.Seller} {
			for _, payment := range payments() {
				for _, c := range fullCalls(h, node, language, escrow.View{Contract: longContract(state, item), Role: role, Payment: payment}) {
					if plain := c.screen(squeezes()[0]); !seen[plain] {
						seen[plain] = true
						renderAll(t, c, fmt.Sprintf("%s as %s, %s", state, role, payment))
					}
				}
			}
		}
	}
}

func payments() []escrow.PaymentStatus {
	return []escrow.PaymentStatus{
		"", escrow.PaymentPending, escrow.PaymentHeld, escrow.PaymentReleased, escrow.PaymentRefunded, escrow.PaymentFailed,
	}
}

// fullCalls shows the contract with and without a locked code, and a list with
// rows of each kind.
func fullCalls(h *Handler, node menus.Node, language string, v escrow.View) []*call {
	var calls []*call
	for _, tries := range []int{0, 5} {
		v.Contract.CodeTries = tries
		for _, key := range rowKeys(node) {
			c := fullCall(h, node, language)
			c.show(v)
			c.shown.view.Count, c.shown.view.Number = 30, local(longPhone)
			c.fillRows(node, v, key)
			calls = append(calls, c)
		}
	}
	return calls
}

func rowKeys(node menus.Node) []string {
	switch {
	case node.Key == "waiting":
		return []string{"row.accept", "row.deliver", "row.agree", "row.pay", "row.locked"}
	case len(node.Rows) > 0:
		return []string{"row." + node.Rows[0]}
	default:
		return []string{""}
	}
}

func fullCall(h *Handler, node menus.Node, language string) *call {
	c := &call{Handler: h}
	c.speak(language)
	c.sess.Menu = menus.State{Node: node.Key, Trail: []string{"menu"}}
	return c
}

// fillRows gives a list all its rows.
func (c *call) fillRows(node menus.Node, v escrow.View, key string) {
	for range node.Size {
		row := c.viewOf(v)
		row.key = key
		c.shown.rows = append(c.shown.rows, row)
		c.sess.Menu.Rows = append(c.sess.Menu.Rows, menus.Row{Ref: longRef, Target: node.Rows[0]})
	}
	c.sess.Menu.More = node.Size > 0
}

func renderAll(t *testing.T, c *call, what string) {
	t.Helper()
	for _, notice := range notices(c, c.menu.Node(c.sess.Menu.Node)) {
		c.notice = notice
		text, err := c.render()
		if err != nil {
			worst := gsm7.Clean(c.screen(squeezes()[len(squeezes())-1]))
			n, _ := gsm7.Septets(worst)
			t.Fatalf("%s: %v: %d septets\n%s", what, err, n, worst)
		}
		if unknown := untranslated(c.Handler, text); unknown != "" {
			t.Fatalf("%s: a text is missing: %q\n%s", what, unknown, text)
		}
		if strings.Count(text, longRef) < len(c.shown.rows) {
			t.Fatalf("%s: a row is without its reference\n%s", what, text)
		}
		for _, choice := range c.menu.Offered(c.sess.Menu) {
			if c.shown.end == "" && !strings.Contains(text, "\n"+choice.Number+". "+c.text(choice.Label, nil)) {
				t.Fatalf("%s: choice %s is not whole\n%s", what, choice.Number, text)
			}
		}
	}
}

// untranslated finds a key that came out in the place of its text.
func untranslated(h *Handler, text string) string {
	for _, key := range h.texts.Keys("en") {
		if strings.Contains(key, ".") && strings.Contains(text, key) {
			return key
		}
	}
	if strings.Contains(text, "<no value>") {
		return "<no value>"
	}
	return ""
}

// Every refusal of the escrow has a sentence in every language, and fits with
// every contract.
func TestEveryRefusalFits(t *testing.T) {
	t.Parallel()
	h := newTestHandler(t)
	for _, code := range escrow.AllCodes() {
		if key := "refuse." + string(code); !h.texts.Has(key) {
			t.Errorf("no text for %q in every language", key)
		}
		for _, language := range h.texts.Languages() {
			for _, state := range escrow.States() {
				c := fullCall(h, h.menu.Node("pay"), language)
				c.hop.phone = longPhone
				c.refused(escrow.Refuse(code), c.viewOf(escrow.View{Contract: longContract(state, wideItem), Role: escrow.Buyer}))
				renderAll(t, c, string(code))
			}
		}
	}
}

// Choices that share a number are never offered together.
func TestNumbersAreUniqueOnEveryContract(t *testing.T) {
	t.Parallel()
	h := newTestHandler(t)
	for _, node := range h.menu.Nodes() {
		for _, state := range escrow.States() {
			for _, role := range []escrow.Role{escrow.Buyer, escrow.Seller} {
				c := fullCall(h, node, "en")
				c.show(escrow.View{Contract: longContract(state, longItem), Role: role})
				seen := map[string]bool{}
				for _, choice := range h.menu.Offered(c.sess.Menu) {
					if seen[choice.Number] {
						t.Errorf("%s, %s as %s: two choices %s", node.Key, state, role, choice.Number)
					}
					seen[choice.Number] = true
				}
			}
		}
	}
}

func TestApologiesFit(t *testing.T) {
	t.Parallel()
	h := newTestHandler(t)
	for _, key := range []string{"fault.sorry", "fault.conflict", "fault.phone"} {
		for _, language := range h.texts.Languages() {
			c := &call{Handler: h}
			c.speak(language)
			if n, ok := gsm7.Septets(c.last(key).Text); !ok || n > maxScreen {
				t.Errorf("%s in %s: %d septets", key, language, n)
			}
		}
	}
}

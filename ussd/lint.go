package ussd

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/gsm7"
	"github.com/voicepact/gateway/menus"
)

// The longest of everything that a screen can show.
const (
	longRef   = "1234567"
	longPhone = "+254722000418"
	longName  = "Wanjirukamau Mbuguaotieno"
	longCode  = "*384*123456#"
	longHelp  = "+254700000000"
	longBill  = "6009921"
	longProof = "WWWWWWWWWW" // an M-Pesa receipt
)

// longItems are what is sold, or where, in letters of one septet, of two, and of an
// alphabet that phones do not have.
func longItems() []string {
	return []string{"Mahindi magunia 10 mazur", "€€€€€€€€€€€€€€€€€€€€€€€€", "Шећер, брашно и кромпир!"}
}

// Lint renders every screen of the built-in menu in every language, with the
// longest data and whatever line can stand above it, and returns what is wrong:
// screens that do not fit, choices or references that are lost, texts that are
// missing. Before that it asks [menus.Menu.Check].
func Lint() error {
	h, err := New(Config{
		Service:     escrow.NewService(escrow.Deps{Policy: escrow.DefaultPolicy()}),
		ServiceCode: longCode, HelpPhone: longHelp, PayBill: longBill, ShortCode: longBill,
		Key: make([]byte, keyBytes), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	problems := []error{h.lintNeeds()}
	for _, language := range h.texts.Languages() {
		for _, node := range h.menu.Nodes() {
			problems = append(problems, h.lintNode(node, language))
		}
		problems = append(problems, h.lintRefusals(language), h.lintApologies(language))
	}
	return errors.Join(problems...)
}

// lintNeeds finds choices that no caller is ever offered: needs that are misspelt.
func (h *Handler) lintNeeds() error {
	offered := map[string]bool{}
	for _, v := range longViews() {
		for _, need := range h.callAt(h.menu.Node("contract"), "en").offers(v) {
			offered[need] = true
		}
	}
	for _, c := range h.settingsCalls(h.menu.Node("settings"), "en") {
		for _, need := range c.sess.Menu.Open {
			offered[need] = true
		}
	}
	// A PIN is a party's, and no contract shows one.
	for _, proof := range []string{"pin", "cancel_pin", "ask_pin", "withdraw_pin"} {
		offered[proof] = true
	}
	var problems []error
	for _, node := range h.menu.Nodes() {
		for _, choice := range node.Choices {
			if choice.Needs != "" && !offered[choice.Needs] {
				problems = append(problems, fmt.Errorf("node %q: nobody is offered %q", node.Key, choice.Needs))
			}
		}
	}
	return errors.Join(problems...)
}

// lintNode renders one screen with every contract; most screens show little of one,
// so that what looks the same is rendered once.
func (h *Handler) lintNode(node menus.Node, language string) error {
	if len(node.Forks) > 0 {
		return nil
	}
	seen := map[string]bool{}
	views := longViews()
	if node.Shows == menus.FromNothing && !node.Ends || node.Shows == menus.FromHistory {
		views = views[:1] // it shows no contract, or always the same of it
	}
	for _, v := range views {
		for _, c := range h.fullCalls(node, language, v) {
			plain := c.screen(squeezes()[0])
			if seen[plain] {
				continue
			}
			seen[plain] = true
			if err := c.lint(); err != nil {
				return fmt.Errorf("%s, %s, a contract that is %s, seen by the %s: %w", language, node.Key, v.Contract.State, v.Role, err)
			}
		}
	}
	return nil
}

// longViews are contracts in every state as each side sees them, with each payment,
// with a locked code and without, with all terms and with the least.
func longViews() []escrow.View {
	views := make([]escrow.View, 0, 1_000)
	for i, item := range longItems() {
		changes := variants()
		if i > 0 {
			changes = changes[:1]
		}
		for _, state := range escrow.States() {
			for _, role := range []escrow.Role{escrow.Buyer, escrow.Seller} {
				for _, payment := range payments() {
					for _, change := range changes {
						c := longContract(state, item)
						change(&c)
						views = append(views, escrow.View{Contract: c, Role: role, Payment: payment})
					}
				}
			}
		}
	}
	return views
}

func payments() []escrow.PaymentStatus {
	return []escrow.PaymentStatus{
		"", escrow.PaymentPending, escrow.PaymentHeld, escrow.PaymentReleased, escrow.PaymentRefunded, escrow.PaymentFailed,
	}
}

func variants() []func(*escrow.Contract) {
	const locked = 5
	return []func(*escrow.Contract){
		func(*escrow.Contract) {},
		func(c *escrow.Contract) { c.Place, c.Quality = "", "" },
		func(c *escrow.Contract) { c.CodeTries, c.CancelTries = locked, locked },
		func(c *escrow.Contract) { c.CancelBy = escrow.Buyer },
		func(c *escrow.Contract) { c.DisputedBy, c.Amount = escrow.Buyer, escrow.MinAmount },
		func(c *escrow.Contract) { c.DisputedBy, c.DisputedFrom = escrow.Buyer, escrow.Accepted },
		func(c *escrow.Contract) { c.Fee, c.FeePayer = escrow.Shillings(2_500), escrow.Seller },
	}
}

func longContract(state escrow.State, item string) escrow.Contract {
	party := escrow.Party{Phone: longPhone, Name: longName}
	day := time.Date(2026, 12, 24, 0, 0, 0, 0, escrow.EAT)
	return escrow.Contract{
		Ref: longRef, State: state, Proposer: escrow.Seller, Buyer: party, Seller: party, Item: item,
		Place: item, Quality: item, Amount: escrow.MaxAmount, DeliverBy: day,
		Due: escrow.Due{Kind: escrow.DueExpire, At: day, End: day},
	}
}

// fullCalls stand at the screen with all that it can show; a list with rows of one
// kind each.
func (h *Handler) fullCalls(node menus.Node, language string, v escrow.View) []*call {
	if node.Key == "settings" {
		return h.settingsCalls(node, language)
	}
	if node.Shows == menus.FromMoves {
		return h.movesCalls(node, language, v)
	}
	var calls []*call
	for _, row := range h.longRows(node) {
		c := h.callAt(node, language)
		c.show(v)
		c.shown.view.Count, c.shown.view.Number = 30, local(longPhone)
		c.shown.view.Sender, c.shown.view.Percent, c.shown.view.Flat = longBill, "2.5%", escrow.Shillings(100).String()
		c.fillRows(node, v, row)
		calls = append(calls, c)
	}
	return calls
}

// movesCalls show all that can have moved, one more each time: a mediator may have
// split the money.
func (h *Handler) movesCalls(node menus.Node, language string, v escrow.View) []*call {
	moves := []escrow.Move{{Kind: escrow.Collect}, {Kind: escrow.Payout}, {Kind: escrow.Refund}}
	calls := make([]*call, len(moves))
	for i := range moves {
		moves[i].At, moves[i].Receipt = v.Contract.DeliverBy, longProof
		calls[i] = h.callAt(node, language)
		calls[i].show(v)
		calls[i].moved(moves[:i+1])
	}
	return calls
}

func (h *Handler) callAt(node menus.Node, language string) *call {
	c := &call{Handler: h, hop: hop{phone: longPhone}}
	c.speak(language)
	c.sess.Menu = menus.State{Node: node.Key, Trail: []string{"menu"}}
	return c
}

func (h *Handler) settingsCalls(node menus.Node, language string) []*call {
	offers := [][]string{{"pin_none"}, {"pin_set", "pin_forget"}, {"pin_set", "pin_reset"}}
	calls := make([]*call, len(offers))
	for i, open := range offers {
		calls[i] = h.callAt(node, language)
		calls[i].sess.Menu.Open = open
	}
	return calls
}

// longRows names the texts of a list's rows.
func (h *Handler) longRows(node menus.Node) []string {
	switch {
	case node.Key == "waiting":
		return []string{"row.accept", "row.deliver", "row.agree", "row.pay", "row.locked", "row.agree_cancel"}
	case node.Shows == menus.FromHistory:
		return escrow.Milestones()
	case len(node.Rows) > 0:
		return []string{"row." + node.Rows[0]}
	default:
		return []string{""}
	}
}

// fillRows gives a list all its rows.
func (c *call) fillRows(node menus.Node, v escrow.View, row string) {
	c.sess.Menu.More = node.Size > 0
	c.sess.Menu.Lines = node.Shows == menus.FromHistory
	for range node.Size {
		if c.sess.Menu.Lines {
			c.shown.rows = append(c.shown.rows, c.milestone(escrow.Milestone{What: row, At: v.Contract.DeliverBy, By: escrow.Seller}))
			continue
		}
		line := c.viewOf(v)
		line.key = row
		c.shown.rows = append(c.shown.rows, line)
		c.sess.Menu.Rows = append(c.sess.Menu.Rows, menus.Row{Ref: longRef, Target: node.Rows[0]})
	}
}

// lint renders the screen below every line that can stand above it.
func (c *call) lint() error {
	for _, notice := range c.notices() {
		c.notice = notice
		text, err := c.render()
		if err != nil {
			worst := gsm7.Clean(c.screen(squeezes()[len(squeezes())-1]))
			n, _ := gsm7.Septets(worst)
			return fmt.Errorf("%w: %d septets\n%s", err, n, worst)
		}
		if err := c.complete(text); err != nil {
			return fmt.Errorf("%w\n%s", err, text)
		}
	}
	return nil
}

// complete looks for what a screen must not lose.
func (c *call) complete(text string) error {
	if strings.Contains(text, "<no value>") {
		return errors.New("a value is missing")
	}
	for word := range strings.FieldsSeq(text) { // what cannot be told is shown as its key
		if key := strings.Trim(word, `.,:;?!()"`); strings.Contains(key, ".") && c.texts.Has(key) {
			return fmt.Errorf("the text %q is missing", key)
		}
	}
	if rows := len(c.sess.Menu.Rows); strings.Count(text, longRef) < rows {
		return errors.New("a row is without its reference")
	}
	numbers := map[string]bool{}
	for _, choice := range c.menu.Offered(c.sess.Menu) {
		if c.shown.end == "" && !strings.Contains(text, "\n"+choice.Number+". "+c.text(choice.Label, nil)) {
			return fmt.Errorf("choice %s is not whole", choice.Number)
		}
		if numbers[choice.Number] {
			return fmt.Errorf("two choices %s", choice.Number)
		}
		numbers[choice.Number] = true
	}
	return nil
}

// notices are what can stand above a screen.
func (c *call) notices() []string {
	node := c.menu.Node(c.sess.Menu.Node)
	list := []string{"", c.text("notice.again", nil), c.text("notice.restart", nil)}
	if slices.Contains(c.menu.Node(menus.NodeHome).Forks, node.Key) && node.Key != "contract" {
		list = append(list, c.text("notice.unknown", nil))
		for _, key := range c.texts.Keys("en") {
			if strings.HasPrefix(key, "notice.") {
				list = append(list, c.text(key, map[string]string{"Ref": longRef}))
			}
		}
	}
	wrong := []string{c.text("wrong.choice", nil)}
	if node.Input != nil {
		wrong = append(wrong, c.complaints(node.Input.Kind)...)
	}
	for _, text := range wrong {
		list = append(list, text, c.text("wrong.lost", map[string]string{"Wrong": text, "Help": longHelp}))
	}
	return list
}

func (c *call) complaints(kind menus.Kind) []string {
	list := []string{c.text("wrong."+string(kind), nil)}
	const left = 4
	switch kind {
	case menus.KindRef:
		return nil
	case menus.KindPhone:
		return append(list, c.text("wrong.self", nil))
	case menus.KindCode:
		return append(list, c.text("wrong.bad_code", map[string]int{"Left": left}))
	case menus.KindPIN:
		return append(list, c.text("wrong.bad_pin", map[string]int{"Left": left}))
	default:
		return list
	}
}

// lintRefusals renders every refusal of the escrow, with every contract.
func (h *Handler) lintRefusals(language string) error {
	var problems []error
	for _, code := range escrow.AllCodes() {
		if key := "refuse." + string(code); !h.texts.Has(key) {
			problems = append(problems, fmt.Errorf("no text for %q in every language", key))
		}
		for _, state := range escrow.States() {
			problems = append(problems, h.lintRefusal(language, escrow.Refuse(code), state))
		}
	}
	for _, done := range escrow.StaleActs() {
		refusal := escrow.Refuse(escrow.Already)
		refusal.Done = escrow.Milestone{What: done, At: longContract("", "").DeliverBy}
		for _, state := range escrow.States() {
			problems = append(problems, h.lintRefusal(language, refusal, state))
		}
	}
	return errors.Join(problems...)
}

func (h *Handler) lintRefusal(language string, refusal *escrow.Refusal, state escrow.State) error {
	c := h.callAt(h.menu.Node("pay"), language)
	c.refused(refusal, c.viewOf(escrow.View{Contract: longContract(state, longItems()[1]), Role: escrow.Buyer}))
	if err := c.lint(); err != nil {
		return fmt.Errorf("%s, refused with %s, a contract that is %s: %w", language, refusal.Code, state, err)
	}
	return nil
}

func (h *Handler) lintApologies(language string) error {
	var problems []error
	for _, key := range []string{"fault.sorry", "fault.conflict", "fault.phone"} {
		c := h.callAt(h.menu.Node("menu"), language)
		if n, ok := gsm7.Septets(c.last(key).Text); !ok || n > maxScreen {
			problems = append(problems, fmt.Errorf("%s, %s: %d septets", language, key, n))
		}
	}
	return errors.Join(problems...)
}

package ussd

import (
	"context"
	"errors"
	"fmt"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/menus"
)

// shown is the data of one screen.
type shown struct {
	view view
	rows []view // each with the key of its text
	end  string // key of a final text in the place of the node's own
	did  string // the screen that tells what was done on the way here
}

// arrive brings the data of the screen that the session has come to, with at
// most one statement, and notes in the session what the screen offers. On a
// fork it goes on to the screen that fits; entry names the one that a lost
// session had begun with, if any.
func (c *call) arrive(ctx context.Context, entry string) error {
	c.notice = ""
	c.shown = shown{view: c.draft(c.sess.Menu.Data)}
	node := c.menu.Node(c.sess.Menu.Node)
	if len(node.Forks) > 0 {
		return c.home(ctx, entry)
	}
	c.sess.Menu.Open, c.sess.Menu.Rows, c.sess.Menu.More, c.sess.Menu.Lines = nil, nil, false, false
	if node.Key == "resume" {
		c.offerDraft()
		return nil
	}
	switch node.Shows {
	case menus.FromHome:
		return c.home(ctx, node.Key)
	case menus.FromContract:
		return c.contract(ctx)
	case menus.FromContracts:
		return c.contracts(ctx, node)
	case menus.FromHistory:
		return c.history(ctx, node)
	case menus.FromMoves:
		return c.moves(ctx)
	case menus.FromParty:
		return c.party(ctx)
	case menus.FromNothing:
		return nil
	default:
		return fmt.Errorf("screen %q shows %q", node.Key, node.Shows)
	}
}

// home opens the contract that was dialled, or else the first screen.
func (c *call) home(ctx context.Context, entry string) error {
	dialled, asked := c.sess.Menu.Data[menus.NameDialled]
	if asked {
		opened, err := c.open(ctx, dialled, entry)
		if opened || err != nil {
			return err
		}
	}
	home, err := c.Service.Home(ctx, c.hop.phone)
	if err != nil {
		return fmt.Errorf("first screen: %w", err)
	}
	if c.sess.Language == "" {
		c.speak(string(home.Party.Language))
	}
	c.remember(home.Open)
	c.first(home.Waiting(), entry)
	if asked {
		c.notice = c.text("notice.unknown", nil)
	}
	return nil
}

// first chooses among the first screens.
func (c *call) first(waiting []escrow.Waiting, entry string) {
	page := 0
	if c.sess.Menu.Node == "waiting" {
		page = c.sess.Menu.Page
	}
	trail := c.sess.Menu.Trail
	if c.sess.Menu.Node == menus.NodeHome {
		trail = nil
	}
	c.sess.Menu = menus.State{Node: "menu", Trail: trail}
	switch {
	case c.sess.Language == "" || entry == "welcome":
		c.sess.Menu.Node = "welcome"
	case c.cutOff(entry):
		c.offerDraft()
	case len(waiting) > 0 && entry != "menu":
		c.sess.Menu.Node, c.sess.Menu.Page = "waiting", page
		c.list(waiting)
	}
}

// list shows a page of what waits for the caller.
func (c *call) list(waiting []escrow.Waiting) {
	state, size := &c.sess.Menu, c.menu.Node("waiting").Size
	if state.Page*size >= len(waiting) {
		state.Page = 0
	}
	rest := waiting[state.Page*size:]
	state.More = len(rest) > size
	c.shown.view.Count = len(waiting)
	for _, w := range rest[:min(size, len(rest))] {
		target, key := c.row(w)
		state.Rows = append(state.Rows, menus.Row{Ref: string(w.Contract.Ref), Target: target})
		v := c.viewOf(escrow.View{Contract: w.Contract, Role: w.Role})
		v.key = "row." + key
		c.shown.rows = append(c.shown.rows, v)
	}
}

// row says where a row of what waits leads, and names its text.
func (c *call) row(w escrow.Waiting) (target, key string) {
	switch {
	case w.Act == escrow.ActAgree:
		return "contract", string(w.Act) // nobody agrees to terms they have not seen
	case w.Act == escrow.ActAccept && c.codeLocked(w.Contract):
		return "contract", "locked" // only a call helps, which the contract says too
	default:
		return string(w.Act), string(w.Act)
	}
}

// open goes to a contract that was dialled. It reports false where the caller
// has none such, and then says no more about it.
func (c *call) open(ctx context.Context, dialled, entry string) (bool, error) {
	ref, err := escrow.ParseRef(dialled)
	if err != nil {
		return false, nil //nolint:nilerr // a wrong check digit is answered as an unknown contract is
	}
	view, err := c.Service.View(ctx, c.hop.phone, ref)
	if errors.Is(err, escrow.Refuse(escrow.UnknownContract)) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("dialled contract: %w", err)
	}
	if c.sess.Language == "" {
		c.speak(string(view.Contract.Party(view.Role).Language))
	}
	if c.sess.Language == "" || entry == "welcome" {
		c.sess.Menu = menus.State{Node: "welcome", Data: map[string]string{menus.NameDialled: dialled}}
		return true, nil
	}
	c.sess.Menu = menus.State{
		Node: "contract", Trail: []string{menus.NodeHome}, Data: map[string]string{menus.NameRef: string(ref)},
	}
	c.show(view)
	return true, nil
}

// contract brings the contract that the session is about.
func (c *call) contract(ctx context.Context) error {
	seen, err := c.Service.View(ctx, c.hop.phone, escrow.Ref(c.sess.Menu.Data[menus.NameRef]))
	if refusal := escrow.RefusalOf(err); refusal != nil {
		c.refused(refusal, view{})
		return nil
	}
	if err != nil {
		return fmt.Errorf("contract screen: %w", err)
	}
	c.show(seen)
	return nil
}

func (c *call) show(v escrow.View) {
	c.shown.view = c.viewOf(v)
	c.sess.Menu.Open = c.offers(v)
}

// offers names the choices that are open on a contract. The use cases check
// again when one is taken.
func (c *call) offers(v escrow.View) []string {
	var open []string
	for _, act := range v.Contract.Acts(v.Role) {
		switch {
		case act == escrow.ActAccept && (c.codeUnsent(v.Contract) || c.codeLocked(v.Contract)):
			// The next line says what to wait for, or whom to call.
		case act == escrow.ActDispute:
			open = append(open, "dispute_"+string(v.Role))
		case act == escrow.ActCancel && v.Contract.State == escrow.Pending:
			open = append(open, "takeback")
		case act == escrow.ActCancel && v.Contract.State.Funded():
			open = append(open, "ask_cancel")
		case act == escrow.ActAgree && v.Contract.Detailed():
			open = append(open, "agree_terms") // which the contract's screen has no room for
		default:
			open = append(open, string(act))
		}
	}
	if v.Contract.CanRemind(v.Role) {
		open = append(open, "remind")
	}
	if v.Contract.CanAddWord() {
		open = append(open, "add_word")
	}
	asking := c.Service.AskProof(v.Contract, v.Role, escrow.ChannelUSSD)
	return append(open, c.proof(v), c.cancelProof(v), "ask_"+string(asking), c.withdrawProof(v))
}

// withdrawProof names what withdrawing a dispute takes. Who has no PIN that moves
// money is told so when one is typed.
func (c *call) withdrawProof(v escrow.View) string {
	if c.Service.WithdrawProof(v.Contract, v.Role, escrow.ChannelUSSD) == escrow.ProofNone {
		return "withdraw_free"
	}
	return "withdraw_pin"
}

// cancelProof names what agreeing to call off takes; too many wrong codes leave
// the screen without a yes.
func (c *call) cancelProof(v escrow.View) string {
	switch proof := c.Service.CancelProof(v.Contract, v.Role, escrow.ChannelUSSD); {
	case proof == escrow.ProofNone:
		return "cancel_free"
	case proof == escrow.ProofCode && v.Contract.CancelLocked():
		return "cancel_locked"
	default:
		return "cancel_" + string(proof)
	}
}

// proof names what accepting the goods takes, and what it does: nothing is paid
// before the seller has confirmed.
func (c *call) proof(v escrow.View) string {
	proof := c.Service.Proof(v.Contract, escrow.Buyer, escrow.ChannelUSSD)
	switch {
	case v.Contract.State == escrow.PaymentLocked && proof != escrow.ProofPIN:
		return "early"
	case proof == escrow.ProofNone:
		return "free"
	default:
		return string(proof)
	}
}

func (c *call) needsCode(contract escrow.Contract) bool {
	return c.Service.Proof(contract, escrow.Buyer, escrow.ChannelUSSD) == escrow.ProofCode
}

// codeUnsent reports whether accepting takes a code that does not exist yet: it
// comes with the delivery notice.
func (c *call) codeUnsent(contract escrow.Contract) bool {
	return contract.State == escrow.PaymentLocked && c.needsCode(contract)
}

// codeLocked reports whether accepting takes a code that was wrong too often.
func (c *call) codeLocked(contract escrow.Contract) bool {
	return contract.CodeLocked() && c.needsCode(contract)
}

// contracts brings a page of the caller's contracts.
func (c *call) contracts(ctx context.Context, node menus.Node) error {
	state := &c.sess.Menu
	list, err := c.Service.Contracts(ctx, c.hop.phone, state.Page*node.Size, node.Size+1)
	if err != nil {
		return fmt.Errorf("list of contracts: %w", err)
	}
	c.shown.view.Count = len(list)
	state.More = len(list) > node.Size
	for _, seen := range list[:min(node.Size, len(list))] {
		state.Rows = append(state.Rows, menus.Row{Ref: string(seen.Contract.Ref), Target: node.Rows[0]})
		v := c.viewOf(seen)
		v.key = "row." + node.Rows[0]
		c.shown.rows = append(c.shown.rows, v)
	}
	return nil
}

// history brings a page of what happened to the contract.
func (c *call) history(ctx context.Context, node menus.Node) error {
	state := &c.sess.Menu
	seen, list, err := c.Service.History(ctx, c.hop.phone, escrow.Ref(state.Data[menus.NameRef]))
	if refusal := escrow.RefusalOf(err); refusal != nil {
		c.refused(refusal, view{})
		return nil
	}
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	c.shown.view = c.viewOf(seen)
	state.Lines = true
	if state.Page*node.Size >= len(list) {
		state.Page = 0
	}
	rest := list[state.Page*node.Size:]
	state.More = len(rest) > node.Size
	for _, m := range rest[:min(node.Size, len(rest))] {
		c.shown.rows = append(c.shown.rows, c.milestone(m))
	}
	return nil
}

func (c *call) milestone(m escrow.Milestone) view {
	by := ""
	if m.By != "" {
		by = c.text("person."+string(m.By), nil)
	}
	said := c.text("milestone."+m.What, map[string]string{"Role": by})
	return view{Due: c.day(m.At), Sentence: said, key: "row.history"}
}

// moves brings the contract with what M-Pesa has moved for it.
func (c *call) moves(ctx context.Context) error {
	seen, moves, err := c.Service.Moves(ctx, c.hop.phone, escrow.Ref(c.sess.Menu.Data[menus.NameRef]))
	if refusal := escrow.RefusalOf(err); refusal != nil {
		c.refused(refusal, view{})
		return nil
	}
	if err != nil {
		return fmt.Errorf("payment screen: %w", err)
	}
	c.show(seen)
	c.moved(moves)
	return nil
}

func (c *call) moved(moves []escrow.Move) {
	shown := &c.shown.view
	at := map[escrow.TransferKind]*proven{
		escrow.Collect: &shown.PaidIn, escrow.Payout: &shown.PaidOut, escrow.Refund: &shown.PaidBack,
	}
	for _, m := range moves {
		if line := at[m.Kind]; line != nil {
			*line = proven{On: c.day(m.At), Receipt: m.Receipt}
		}
	}
}

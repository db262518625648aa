package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// model is the rules of the money told once more, small enough to be seen to be
// right: what a contract is, who may do what with it, and where its money is. It
// knows nothing of transactions, jobs and providers' words.
type model struct {
	deals     []*modelDeal
	orders    []*modelOrder // every transfer, in the order in which it was sent
	owed      map[escrow.Phone]escrow.Cents
	collected escrow.Cents       // by the provider's word
	left      escrow.Cents       // paid out or given back, by the provider's word
	late      map[uuid.UUID]bool // payments that nothing waited for
	suspense  escrow.Cents       // came when nothing waited for it, and is on its way back
	story     []string
	today     time.Time
}

// asking is who asked to call a deal off, or added words, on which day.
type asking struct {
	role escrow.Role
	day  time.Time
}

// answer is how a wish to call off ended while the deal went on.
type answer struct {
	act  escrow.Act
	role escrow.Role
}

type modelDeal struct {
	ref           escrow.Ref
	id            uuid.UUID
	state         escrow.State
	proposer      escrow.Role
	buyer, seller escrow.Phone
	amount        escrow.Cents
	tries         int // wrong codes
	held          escrow.Cents

	callOff      escrow.Role // who wants to call the deal off
	callOffTries int         // wrong codes to agree to that
	asks         map[asking]int
	answered     answer // the last wish, while there is none
	words        map[asking]int
	disputedBy   escrow.Role
	disputedFrom escrow.State
}

// modelOrder is a transfer as far as money goes.
type modelOrder struct {
	id      uuid.UUID
	payment uuid.UUID
	deal    *modelDeal
	kind    escrow.TransferKind
	receipt string
	sent    time.Time
	fate    fate
}

type fate string

const (
	open   fate = "open"
	moved  fate = "moved"
	failed fate = "failed"
)

func (d *modelDeal) role(who escrow.Phone) (escrow.Role, bool) {
	switch who {
	case d.buyer:
		return escrow.Buyer, true
	case d.seller:
		return escrow.Seller, true
	default:
		return "", false
	}
}

func (m *model) tellf(format string, args ...any) {
	m.story = append(m.story, fmt.Sprintf(format, args...))
}

func (m *model) String() string { return "  " + strings.Join(m.story, "\n  ") }

// now is the refusal of whatever does not fit the state.
func notNow(s escrow.State) escrow.Code {
	switch {
	case s == escrow.Disputed:
		return escrow.Frozen
	case s.Terminal():
		return escrow.Closed
	default:
		return escrow.NotNow
	}
}

// allowed says what has to be answered to an act: a refusal, or nothing.
func (m *model) allowed(d *modelDeal, act escrow.Act, who escrow.Phone, code codeTyped) escrow.Code {
	role, ok := d.role(who)
	if !ok {
		return escrow.UnknownContract
	}
	switch act {
	case escrow.ActAgree, escrow.ActDecline:
		return mayAnswer(d, role, act)
	case escrow.ActCancel, escrow.ActAgreeCancel, escrow.ActRefuseCancel, escrow.ActKeepOn:
		return m.mayCallOff(d, role, act, code)
	case escrow.ActWithdraw:
		return mayWithdraw(d, role)
	case escrow.ActPay:
		return m.mayPay(d, role)
	case escrow.ActDeliver:
		return mayDeliver(d, role)
	case escrow.ActAccept:
		return mayAccept(d, role, code)
	case escrow.ActDispute:
		return m.mayDispute(d, role)
	}
	return ""
}

func mayAnswer(d *modelDeal, role escrow.Role, act escrow.Act) escrow.Code {
	switch {
	case d.state == escrow.Pending && role == d.proposer:
		return escrow.NotYourTurn
	case d.state == escrow.Confirmed && act == escrow.ActAgree:
		return escrow.Already
	case d.state != escrow.Pending:
		return notNow(d.state)
	default:
		return ""
	}
}

func (m *model) mayPay(d *modelDeal, role escrow.Role) escrow.Code {
	switch {
	case role != escrow.Buyer:
		return escrow.NotYourTurn
	case d.state.Funded() || d.state == escrow.Completed:
		return escrow.Already
	case d.state != escrow.Confirmed:
		return notNow(d.state)
	}
	for _, o := range m.orders {
		if o.kind == escrow.Collect && o.fate == open && (o.deal == d || o.deal.buyer == d.buyer) {
			return escrow.PromptOpen
		}
	}
	return ""
}

func mayDeliver(d *modelDeal, role escrow.Role) escrow.Code {
	switch {
	case role != escrow.Seller:
		return escrow.NotYourTurn
	case d.state == escrow.Delivered || d.state == escrow.Completed:
		return escrow.Already
	case d.state != escrow.PaymentLocked && d.state != escrow.Accepted:
		return notNow(d.state)
	default:
		return ""
	}
}

// codeTyped is what a buyer types with an acceptance, and by which channel.
type codeTyped string

const (
	noCode    codeTyped = "no code"
	wrongCode codeTyped = "wrong code"
	rightCode codeTyped = "right code"
)

const maxWrongCodes = 5

// mayAccept assumes an amount for which the code is asked on every channel.
func mayAccept(d *modelDeal, role escrow.Role, code codeTyped) escrow.Code {
	switch {
	case role != escrow.Buyer:
		return escrow.NotYourTurn
	case d.state == escrow.Accepted || d.state == escrow.Completed:
		return escrow.Already
	case d.state != escrow.PaymentLocked && d.state != escrow.Delivered:
		return notNow(d.state)
	case d.tries >= maxWrongCodes:
		return escrow.CodeLocked
	case d.state != escrow.Delivered:
		return escrow.CodeNotSent
	default:
		return codeAnswer(code, d.tries, escrow.CodeNeeded)
	}
}

// happen does what an allowed act leads to.
func (m *model) happen(d *modelDeal, act escrow.Act, role escrow.Role) {
	switch act {
	case escrow.ActAgree:
		d.state = escrow.Confirmed
	case escrow.ActDecline:
		d.state = escrow.Cancelled
	case escrow.ActCancel, escrow.ActAgreeCancel:
		m.callOff(d, role)
	case escrow.ActRefuseCancel, escrow.ActKeepOn:
		d.callOff, d.answered = "", answer{act, role}
	case escrow.ActDispute:
		m.dispute(d, role)
	case escrow.ActWithdraw:
		d.state = d.disputedFrom
	case escrow.ActDeliver:
		m.oneSaid(d, escrow.Delivered, escrow.Accepted)
	case escrow.ActAccept:
		m.oneSaid(d, escrow.Accepted, escrow.Delivered)
	default:
	}
}

// oneSaid is the word of one side; with that of the other the money is owed.
func (m *model) oneSaid(d *modelDeal, alone, other escrow.State) {
	if d.state != other {
		d.state = alone
		return
	}
	d.state = escrow.Completed
	m.owed[d.seller] += d.held
	d.held = 0
}

// overdue is what becomes of a deal about which nobody does anything.
func (d *modelDeal) overdue() {
	switch d.state {
	case escrow.Pending, escrow.Confirmed:
		d.state = escrow.Expired
	case escrow.PaymentLocked, escrow.Delivered:
		// For a mediator, and never a release; nobody raised it.
		d.state, d.disputedFrom, d.disputedBy = escrow.Disputed, d.state, ""
	default:
	}
}

// learn is the provider's word that money moved. It counts once, and for one
// attempt to move the same money: that a second has moved it too is for a person.
func (m *model) learn(o *modelOrder) {
	if o.fate == moved || o.kind != escrow.Collect && m.another(o) {
		return
	}
	o.fate = moved
	switch o.kind {
	case escrow.Payout:
		m.owed[o.deal.seller] -= o.deal.amount
		m.left += o.deal.amount
		return
	case escrow.Refund:
		if m.late[o.payment] {
			m.suspense -= o.deal.amount
		} else {
			m.owed[o.deal.buyer] -= o.deal.amount
		}
		m.left += o.deal.amount
		return
	default:
	}
	m.collected += o.deal.amount
	if o.deal.state == escrow.Confirmed {
		o.deal.state, o.deal.held = escrow.PaymentLocked, o.deal.amount
	} else {
		m.suspense += o.deal.amount
		m.late[o.payment] = true
	}
}

func (m *model) another(o *modelOrder) bool {
	for _, other := range m.orders {
		if other != o && other.payment == o.payment && other.kind == o.kind && other.fate != failed {
			return true
		}
	}
	return false
}

// patience is how long a prompt counts as open.
const patience = 5 * time.Minute

// pass lets prompts run out.
func (m *model) pass(now time.Time) {
	for _, o := range m.orders {
		if o.kind == escrow.Collect && o.fate == open && now.Sub(o.sent) >= patience {
			o.fate = failed
		}
	}
}

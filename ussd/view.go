package ussd

import (
	"strconv"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/gsm7"
	"github.com/voicepact/gateway/menus"
)

// view is what the texts of a screen may show. Money, days and people are
// already in words, and in the caller's language.
type view struct {
	Ref      string
	Item     string
	Amount   string
	Other    string // the other side, masked
	Role     string // of the caller
	State    string
	Money    string // where the money is
	Due      string // the last day of delivery
	Next     string // what has to happen next
	Code     string // what to dial: for this contract, where there is one
	Help     string
	Sentence string // why something was refused
	Count    int
	Tight    bool // leave out what can be left out

	key    string // of the row's text, in a list
	called string // the other side in fewer letters
}

// viewOf shows a contract to one of its sides.
func (c *call) viewOf(v escrow.View) view {
	contract := v.Contract
	other := contract.Party(v.Role.Other())
	shown := view{
		Ref: string(contract.Ref), Item: gsm7.Clean(contract.Item), Amount: contract.Amount.String(),
		Other: gsm7.Clean(other.Label()), called: gsm7.Clean(other.Called()),
		Role: string(v.Role), State: string(contract.State), Due: c.day(contract.DeliverBy),
		Money: c.text("money."+moneyKey(contract.State, v.Payment), nil),
		Code:  strings.TrimSuffix(c.ServiceCode, "#") + "*" + string(contract.Ref) + "#", Help: c.HelpPhone,
	}
	shown.Next = c.text("next."+nextKey(contract, v.Role), shown)
	return shown
}

// draft shows what was answered so far about a new contract.
func (c *call) draft() view {
	data := c.sess.Menu.Data
	v := view{Code: c.ServiceCode, Help: c.HelpPhone, Role: data[menus.NameRole], Item: gsm7.Clean(data[menus.NameItem])}
	v.Other = escrow.Phone(data[menus.NamePhone]).Masked()
	v.called = v.Other
	if shillings, err := strconv.ParseInt(data[menus.NameAmount], 10, 64); err == nil {
		v.Amount = escrow.Shillings(shillings).String()
	}
	if day, err := time.ParseInLocation(time.DateOnly, data[menus.NameDate], escrow.EAT); err == nil {
		v.Due = c.day(day)
	}
	return v
}

// day writes a day as people say it, "3 Dec".
func (c *call) day(t time.Time) string {
	t = t.In(escrow.EAT)
	return strconv.Itoa(t.Day()) + " " + c.text("month."+strconv.Itoa(int(t.Month())), nil)
}

// moneyKey names where a contract's money is. Lists do not know the payment;
// there the state says enough.
func moneyKey(state escrow.State, payment escrow.PaymentStatus) string {
	switch payment {
	case escrow.PaymentReleased, escrow.PaymentRefunded:
		return string(payment)
	case escrow.PaymentPending, escrow.PaymentHeld, escrow.PaymentFailed:
	default:
	}
	switch state {
	case escrow.Pending:
		return "unpaid"
	case escrow.Confirmed:
		if payment == escrow.PaymentPending || payment == escrow.PaymentFailed {
			return string(payment)
		}
		return "unpaid"
	case escrow.PaymentLocked, escrow.Delivered, escrow.Accepted, escrow.Disputed:
		return string(escrow.PaymentHeld)
	case escrow.Completed:
		return "releasing"
	case escrow.Resolved:
		return "settled"
	case escrow.Cancelled, escrow.Expired:
		if payment == escrow.PaymentHeld {
			return "returning"
		}
		return "none"
	default:
		return "none"
	}
}

// nextKey names what has to happen next, as one side sees it.
func nextKey(c escrow.Contract, role escrow.Role) string {
	switch c.State {
	case escrow.Pending:
		if role == c.Proposer {
			return "pending_proposer"
		}
		return "pending_other"
	case escrow.Confirmed, escrow.PaymentLocked, escrow.Delivered, escrow.Accepted:
		return string(c.State) + "_" + string(role)
	case escrow.Completed, escrow.Disputed, escrow.Cancelled, escrow.Expired, escrow.Resolved:
		return string(c.State)
	default:
		return string(c.State)
	}
}

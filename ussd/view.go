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
	Amount   string // the price
	Fee      string // what the service takes from the reader, "Ksh0" where it takes nothing
	Borne    string // the same, and empty where it takes nothing
	Pays     string // what the buyer pays, the fee counted in
	Total    string // the same, and empty where it is the price
	Gets     string // what the seller gets
	Other    string // the other side, masked
	Number   string // the other side's number as typed, where it is still to be checked
	Role     string // of the caller
	State    string
	Standing string // the state in a word
	Money    string // where the money is
	Place    string // of delivery
	Quality  string
	Due      string // the last day of delivery
	Until    string // the last day of what runs on the contract, or from when a PIN counts
	Next     string // what has to happen next
	Code     string // what to dial: for this contract, where there is one
	Help     string
	PayBill  string
	Sender   string // where people send an SMS
	Percent  string // of the price, what the service takes; empty where it is no part of it
	Flat     string // what it takes beside that; empty where nothing
	Sentence string // why something was refused
	Count    int
	PaidIn   proven // what the buyer paid
	PaidOut  proven // what the seller got
	PaidBack proven // what went back to the buyer
	Pledged  bool   // the reader has accepted: the deal going on, the seller's word pays
	Back     bool   // the money goes, or went, back to the buyer
	Tight    bool   // leave out what can be left out
	Bare     bool   // in a list of what waits, leave out the amount too

	key    string // of the row's text, in a list
	called string // the other side in fewer letters
}

// proven is money that has moved: the day, and M-Pesa's receipt.
type proven struct{ On, Receipt string }

// viewOf shows a contract to one of its sides.
func (c *call) viewOf(v escrow.View) view {
	contract := v.Contract
	other := contract.Party(v.Role.Other())
	shown := view{
		Ref: string(contract.Ref), Item: gsm7.Clean(contract.Item), Amount: contract.Amount.String(),
		Place: gsm7.Clean(contract.Place), Quality: gsm7.Clean(contract.Quality), PayBill: c.PayBill,
		Other: gsm7.Clean(other.Label()), called: gsm7.Clean(other.Called()),
		Role: string(v.Role), State: string(contract.State), Due: c.day(contract.DeliverBy),
		Money: c.text("money."+moneyKey(contract.State, v.Payment), nil), Back: returned(contract.State, v.Payment),
		Code: strings.TrimSuffix(c.ServiceCode, "#") + "*" + string(contract.Ref) + "#", Help: c.HelpPhone,
	}
	shown.Pledged = v.Role == escrow.Buyer && contract.State == escrow.Disputed && contract.DisputedFrom == escrow.Accepted
	if contract.Due.Running() {
		shown.Until = c.day(contract.Due.LastDay())
	}
	shown.Standing = c.text("standing."+string(contract.State), nil)
	shown = shown.charged(contract, v.Role)
	shown.Sentence = c.text("holding."+holdingKey(contract.State, v.Payment), shown)
	shown.Next = c.text("next."+c.nextKey(contract, v.Role), shown)
	return shown
}

// charged fills in who pays and gets how much.
func (v view) charged(contract escrow.Contract, role escrow.Role) view {
	v.Pays, v.Gets, v.Fee = contract.Payable().String(), contract.Receivable().String(), escrow.Cents(0).String()
	if contract.Fee > 0 && contract.FeePayer == role {
		v.Fee = contract.Fee.String()
		v.Borne = v.Fee
	}
	if contract.Payable() != contract.Amount {
		v.Total = v.Pays
	}
	return v
}

// draft shows what was answered so far about a new contract.
func (c *call) draft(data map[string]string) view {
	v := view{
		Ref: data[menus.NameRef], Code: c.ServiceCode, Help: c.HelpPhone, Sender: c.ShortCode, Role: data[menus.NameRole],
		Item: gsm7.Clean(data[menus.NameItem]), Place: gsm7.Clean(data[menus.NamePlace]), Quality: gsm7.Clean(data[menus.NameQuality]),
	}
	v.Number = local(escrow.Phone(data[menus.NamePhone]))
	v.Fee = escrow.Cents(0).String()
	if shillings, err := strconv.ParseInt(data[menus.NameAmount], 10, 64); err == nil {
		price := escrow.Shillings(shillings)
		v.Amount = price.String()
		if fee, payer := c.Service.Fee(price); v.Role == string(payer) {
			v.Fee = fee.String()
		}
	}
	if c.sess.Menu.Node == "fees" {
		v = c.plan(v)
	}
	if day, err := time.ParseInLocation(time.DateOnly, data[menus.NameDate], escrow.EAT); err == nil {
		v.Due = c.day(day)
	}
	return v
}

// plan fills in what the service takes.
func (c *call) plan(v view) view {
	plan := c.Service.FeePlan()
	if plan.BasisPoints > 0 {
		v.Percent = strconv.FormatFloat(float64(plan.BasisPoints)/100, 'f', -1, 64) + "%"
	}
	if plan.Flat > 0 {
		v.Flat = plan.Flat.String()
	}
	if v.Role = ""; v.Percent != "" || v.Flat != "" {
		v.Role = c.text("person."+string(plan.Payer), nil)
	}
	return v
}

// local is a whole number as people type it, "0712000001".
func local(phone escrow.Phone) string {
	if national, ok := strings.CutPrefix(string(phone), "+254"); ok {
		return "0" + national
	}
	return string(phone)
}

// day writes a day as people say it, "3 Dec".
func (c *call) day(t time.Time) string {
	t = t.In(escrow.EAT)
	return strconv.Itoa(t.Day()) + " " + c.text("month."+strconv.Itoa(int(t.Month())), nil)
}

// moneyKey names where a contract's money is. An empty payment is one that was
// never tried.
func moneyKey(state escrow.State, payment escrow.PaymentStatus) string {
	if payment == escrow.PaymentReleased || payment == escrow.PaymentRefunded {
		return string(payment)
	}
	switch state {
	case escrow.Pending, escrow.Confirmed:
		return triedOr("unpaid", payment)
	case escrow.PaymentLocked, escrow.Delivered, escrow.Accepted, escrow.Disputed:
		return string(escrow.PaymentHeld)
	case escrow.Completed:
		return "releasing"
	case escrow.Resolved:
		return "settled"
	case escrow.Cancelled, escrow.Expired:
		if returned(state, payment) {
			return "returning"
		}
		return triedOr("none", payment)
	default:
		return "none"
	}
}

// holdingKey names who holds a contract's money, and until when.
func holdingKey(state escrow.State, payment escrow.PaymentStatus) string {
	key := moneyKey(state, payment)
	switch {
	case payment == escrow.PaymentReleased || payment == escrow.PaymentRefunded:
		return key
	case !state.Terminal():
		return string(state)
	case key == string(escrow.PaymentPending) || key == string(escrow.PaymentFailed):
		return "none"
	default:
		return key
	}
}

// triedOr names a payment that was tried and did not bring money that counts;
// "not paid" could be false of it, because money that came too late stays a
// failed payment until it is paid back.
func triedOr(untried string, payment escrow.PaymentStatus) string {
	if payment == escrow.PaymentPending || payment == escrow.PaymentFailed {
		return string(payment)
	}
	return untried
}

// returned reports whether a contract's money goes, or went, back to the buyer.
func returned(state escrow.State, payment escrow.PaymentStatus) bool {
	ended := state == escrow.Cancelled || state == escrow.Expired
	return payment == escrow.PaymentRefunded || payment == escrow.PaymentHeld && ended
}

// nextKey names what has to happen next, as one side sees it.
func (c *call) nextKey(contract escrow.Contract, role escrow.Role) string {
	switch contract.State {
	case escrow.Pending:
		if role == contract.Proposer {
			return "pending_proposer"
		}
		return "pending_other"
	case escrow.PaymentLocked, escrow.Delivered:
		if role == escrow.Buyer && c.codeLocked(contract) {
			return "code_locked"
		}
		if role == escrow.Buyer && c.codeUnsent(contract) {
			return "code_unsent"
		}
		return string(contract.State) + "_" + string(role)
	case escrow.Confirmed, escrow.Accepted:
		return string(contract.State) + "_" + string(role)
	case escrow.Completed, escrow.Disputed, escrow.Cancelled, escrow.Expired, escrow.Resolved:
		return string(contract.State)
	default:
		return string(contract.State)
	}
}

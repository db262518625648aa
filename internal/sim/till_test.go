package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
	tariff "github.com/voicepact/gateway/internal/simulator/bank"
)

// payin is a payment into our collection account, by prompt or by PayBill.
type payin struct {
	receipt  string
	from     escrow.Phone
	amount   escrow.Cents
	account  string
	at       time.Time
	reversed bool
	undoneBy string // the receipt of that
	refused  bool   // undone by an operator, because no contract could be named
	meant    *deal  // what the payer would say that it was for
}

// receive takes a customer's money in.
func (b *bank) receive(from escrow.Phone, amount escrow.Cents, account string) *payin {
	customer, ours := b.shares(amount)
	b.move(wallet(from), bankCollection, amount)
	b.move(wallet(from), bankTariff, customer)
	b.move(bankPayBillCharges, bankTariff, ours)
	p := &payin{receipt: b.receipt(), from: from, amount: amount, account: account, at: b.w.clock.true}
	b.ins[p.receipt] = p
	b.inList = append(b.inList, p)
	return p
}

// payBill is a customer who pays at M-Pesa's menu. Where validation is switched
// on, we are asked first, and no answer refuses the payment.
func (b *bank) payBill(from escrow.Phone, amount escrow.Cents, account string, meant *deal) {
	w := b.w
	if customer, _ := b.shares(amount); b.accounts[wallet(from)] < amount+customer || amount > tariff.MaxAmount {
		return
	}
	if b.validates && !b.expected(escrow.Arrival{Amount: amount, Account: account, Payer: from.MSISDN()}) {
		return
	}
	p := b.receive(from, amount, account)
	p.meant = meant
	w.notef("bank: PayBill payment %s of %s", p.receipt, amount)
	if w.faults.hit(callbackLost) {
		return
	}
	times := 1
	if w.faults.hit(callbackTwice) {
		times = 1 + b.dice.IntN(3)
	}
	for range times {
		delay := b.dice.between(200*time.Millisecond, 8*time.Second)
		if w.faults.hit(callbackLate) {
			delay = b.dice.between(time.Hour, 6*24*time.Hour)
		}
		w.in(delay, func() {
			status := w.receive("/mm/till/"+tillToken()+"/confirm", "application/json", confirmation(p))
			w.notef("confirmation of %s: %d", p.receipt, status)
		})
	}
}

func (b *bank) expected(a escrow.Arrival) bool {
	w := b.w
	if w.gate == nil {
		return false
	}
	var err error
	lived := w.alive(func() { err = w.gate.service.Expect(w.ctx, a) })
	w.notef("bank: is %s for %d characters expected: %t", a.Amount, len(a.Account), lived && err == nil)
	return lived && err == nil
}

func tillToken() string {
	mac := hmac.New(sha256.New, []byte(callbackKey))
	mac.Write([]byte("till:" + payBillCode))
	return hex.EncodeToString(mac.Sum(nil))
}

// confirmation is what C2B posts (portal, Customer To Business page, version 2).
func confirmation(p *payin) []byte {
	number := p.from.MSISDN()
	return encode(values{
		"TransactionType": "Pay Bill", "TransID": p.receipt, "TransTime": p.at.In(escrow.EAT).Format("20060102150405"),
		"TransAmount": string(decimal(p.amount)), "BusinessShortCode": payBillCode, "BillRefNumber": p.account,
		"MSISDN": number[:4] + " ***** " + number[9:], "FirstName": "JOHN",
	})
}

// pull gives the gateway the bank's statement, a line for every payment, as
// reconciliation does.
func (b *bank) pull() {
	w := b.w
	for _, p := range b.inList {
		if err := w.gate.service.Arrived(w.ctx, p.line(), "statement:"+p.receipt); err != nil {
			w.failf("a line of the statement, %s: %v", p.receipt, err)
		}
	}
	w.notef("the statement was pulled, %d lines", len(b.inList))
}

// payByBill is a buyer who does not wait for a prompt, and mistypes at times.
func (c *crowd) payByBill(d *deal, p *person) {
	account, amount := string(d.ref), c.w.pays(d)
	switch c.dice.IntN(20) {
	case 0:
		amount += escrow.Shillings(1)
	case 1:
		amount = max(amount/2/100*100, escrow.Shillings(1))
	case 2:
		account = pick(c.dice, []string{"RENT", "12", "", "0000"})
	case 3:
		account = strings.Join(strings.Split(account, ""), " ")
	case 4:
		p = pick(c.dice, c.people)
	}
	if c.dice.chance(p.typos / 2) {
		account = "RENT"
	}
	c.w.notef("%s pays by PayBill for deal %d", p, d.n)
	c.w.bank.payBill(p.phone, amount, account, d)
}

package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// ledgerModel is a bank in two dozen lines, for comparison. A run stays within
// one day.
type ledgerModel struct {
	wallets, sent, received          map[string]int64
	utility, charges, opened, tariff int64
	paid                             []modelPayment
}

type modelPayment struct {
	receipt, number string
	cents           int64
	reversed        bool
}

// pay reports whether the money was there, and moves it.
func (m *ledgerModel) pay(number string, cents int64) bool {
	customer, business := bank.PayBillFee(bank.Mgao, cents)
	if cents > bank.MaxAmount || m.sent[number]+cents > bank.MaxDay || cents+customer > m.wallets[number] {
		return false
	}
	m.wallets[number] -= cents + customer
	m.sent[number] += cents
	m.utility += cents
	m.charges -= business
	m.tariff += customer + business
	return true
}

// TestBankAgainstModel does random things to the bank and compares every
// balance with the model's; the statement sums to zero at every step.
func TestBankAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		clk := newClock()
		cfg := testConfig(noGateway())
		cfg.Now, cfg.Bouquet = clk.now, bank.Mgao
		sim, err := New(context.Background(), cfg, nil)
		check(rt, err)
		defer func() { check(rt, sim.Close()) }()
		b := &bankRun{sim: sim, clk: clk, model: ledgerModel{
			wallets: map[string]int64{}, sent: map[string]int64{}, received: map[string]int64{},
		}}
		rt.Repeat(map[string]func(*rapid.T){
			"open":    b.open,
			"push":    b.push,
			"answer":  b.answer,
			"expire":  b.expire,
			"payout":  b.payout,
			"paybill": b.payBill,
			"reverse": b.reverse,
			"":        b.compare,
		})
	})
}

// noGateway has an address and nobody there: without [Sim.Run] nothing calls.
func noGateway() *fakeGateway {
	return &fakeGateway{Server: &httptest.Server{URL: "http://127.0.0.1:1"}}
}

func check(rt *rapid.T, err error) {
	rt.Helper()
	if err != nil {
		rt.Fatal(err)
	}
}

type bankRun struct {
	sim     *Sim
	clk     *clock
	model   ledgerModel
	payouts int
}

func numbers() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"+254722000000", "+254733111222", "+254711999888", "+254110000001"})
}

func (b *bankRun) open(rt *rapid.T) {
	number := numbers().Draw(rt, "number")
	cents := rapid.Int64Range(0, 500_000).Draw(rt, "shillings") * 100
	added, err := b.sim.addPhone(context.Background(), Person{Number: number, Name: "N", PIN: "1234", WalletCents: cents})
	check(rt, err)
	if _, known := b.model.wallets[number]; known == added {
		rt.Fatalf("added %v a phone that was there: %v", added, known)
	}
	if added {
		b.model.wallets[number] = cents
		b.model.opened += cents
	}
}

func (b *bankRun) push(rt *rapid.T) {
	number := numbers().Draw(rt, "number")
	body, err := json.Marshal((&world{gateway: noGateway()}).stkFields(
		strconv.FormatInt(rapid.Int64Range(1, 300_000).Draw(rt, "shillings"), 10)).with("PhoneNumber", number[1:]))
	check(rt, err)
	_, err = b.sim.stkPush(context.Background(), body)
	refusedOr(rt, err)
}

func (b *bankRun) answer(rt *rapid.T) {
	number, pin := numbers().Draw(rt, "number"), rapid.SampledFrom([]string{"1234", "0000"}).Draw(rt, "pin")
	p, open := b.openPrompt(rt, number)
	err := b.sim.answerPrompt(context.Background(), number, pin, rapid.Bool().Draw(rt, "cancel") && pin == "0000")
	refusedOr(rt, err)
	if open && pin == "1234" && b.model.pay(number, p.Cents) {
		b.keep(rt, number, p.Cents)
	}
}

// keep remembers the payment just made by its receipt, which is in the bank only.
func (b *bankRun) keep(rt *rapid.T, number string, cents int64) {
	var receipt string
	check(rt, b.sim.db.Get(&receipt, `SELECT receipt FROM payments ORDER BY rowid DESC LIMIT 1`))
	b.model.paid = append(b.model.paid, modelPayment{receipt: receipt, number: number, cents: cents})
}

func (b *bankRun) payBill(rt *rapid.T) {
	number := numbers().Draw(rt, "number")
	cents := rapid.Int64Range(1, 260_000).Draw(rt, "shillings") * 100
	_, known := b.model.wallets[number]
	if !known {
		return
	}
	check(rt, b.sim.payBill(context.Background(), number, phoneBody{
		PIN: "1234", Business: "174379", Account: "1234", Amount: strconv.FormatInt(cents/100, 10),
	}))
	if b.model.pay(number, cents) {
		b.keep(rt, number, cents)
	}
}

// reverse tries any payment, also one that was given back, and sometimes for
// another amount.
func (b *bankRun) reverse(rt *rapid.T) {
	if len(b.model.paid) == 0 {
		return
	}
	i := rapid.IntRange(0, len(b.model.paid)-1).Draw(rt, "payment")
	p := &b.model.paid[i]
	cents := p.cents + rapid.SampledFrom([]int64{0, 0, 0, 100}).Draw(rt, "more")
	body, err := json.Marshal((&world{gateway: noGateway()}).reversalFields(p.receipt, strconv.FormatInt(cents/100, 10)))
	check(rt, err)
	_, err = b.sim.reverse(context.Background(), body)
	check(rt, err)
	if p.reversed || cents != p.cents || cents > b.model.utility || b.model.wallets[p.number]+cents > bank.MaxWallet {
		return
	}
	p.reversed = true
	b.model.utility -= cents
	b.model.wallets[p.number] += cents
}

func (b *bankRun) openPrompt(rt *rapid.T, number string) (prompt, bool) {
	var found []prompt
	check(rt, b.sim.db.Select(&found, `SELECT `+promptColumns+` FROM prompts WHERE number = $1 AND open = 1 AND expires_at > $2`,
		number, micros(b.clk.now())))
	if len(found) > 1 {
		rt.Fatal("two open prompts on one phone")
	}
	if len(found) == 0 {
		return prompt{}, false
	}
	return found[0], true
}

func (b *bankRun) expire(rt *rapid.T) {
	b.clk.advance(time.Duration(rapid.IntRange(1, 70).Draw(rt, "seconds")) * time.Second)
	check(rt, b.sim.expirePrompts(context.Background()))
}

func (b *bankRun) payout(rt *rapid.T) {
	number := numbers().Draw(rt, "number")
	cents := rapid.Int64Range(1, 260_000).Draw(rt, "shillings") * 100
	again := rapid.IntRange(0, 3).Draw(rt, "again") == 0 && b.payouts > 0
	if !again {
		b.payouts++
	}
	body, err := json.Marshal((&world{gateway: noGateway()}).b2cFields(
		"id-"+strconv.Itoa(b.payouts), strconv.FormatInt(cents/100, 10)).with("PartyB", number[1:]))
	check(rt, err)
	_, err = b.sim.b2c(context.Background(), body)
	refusedOr(rt, err)
	wallet, known := b.model.wallets[number]
	switch {
	case again != (err != nil):
		rt.Fatalf("again %v: %v", again, err)
	case again || !known || cents < bank.MinPayout ||
		cents > min(bank.MaxAmount, bank.MaxWallet-wallet, bank.MaxDay-b.model.received[number], b.model.utility):
		return
	}
	b.model.received[number] += cents
	b.model.utility -= cents
	b.model.wallets[number] += cents
	b.model.charges -= bank.PayoutFee(cents)
	b.model.tariff += bank.PayoutFee(cents)
}

// refusedOr lets a refusal pass, and nothing else.
func refusedOr(rt *rapid.T, err error) {
	rt.Helper()
	var r *refusal
	if err != nil && !errors.As(err, &r) {
		rt.Fatal(err)
	}
}

func (b *bankRun) compare(rt *rapid.T) {
	st, err := b.sim.Statement()
	check(rt, err)
	total, booked := int64(0), map[string]int64{}
	for _, m := range st.Movements {
		booked[m.Debit] -= m.Cents
		booked[m.Credit] += m.Cents
	}
	for name, cents := range st.Accounts {
		total += cents
		if booked[name] != cents {
			rt.Fatalf("%s holds %d, its movements say %d", name, cents, booked[name])
		}
	}
	if total != 0 {
		rt.Fatalf("the bank sums to %d", total)
	}
	for number, cents := range b.model.wallets {
		if st.Wallets[number] != cents {
			rt.Fatalf("%s holds %d, the model says %d", number, st.Wallets[number], cents)
		}
	}
	for name, want := range map[string]int64{
		bank.Utility("174379"): b.model.utility, bank.Charges("174379"): b.model.charges,
		bank.Agents: -b.model.opened, bank.Tariff: b.model.tariff,
	} {
		if st.Accounts[name] != want {
			rt.Fatalf("%s holds %d, the model says %d", name, st.Accounts[name], want)
		}
	}
}

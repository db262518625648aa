package escrow_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// What each side pays and gets, where the service takes 1.5 per cent and Ksh 10.
func TestWhatTheServiceTakes(t *testing.T) {
	t.Parallel()
	const fee = escrow.Cents(62_00) // of Ksh 3,500: 52.50 and 10, without the cents
	for payer, test := range map[escrow.Role]struct{ pays, gets escrow.Cents }{
		escrow.Buyer:  {price + fee, price},
		escrow.Seller: {price, price - fee},
	} {
		for name, story := range map[string]func(*testing.T, *storetest.World) escrow.Cents{
			"completed": func(t *testing.T, w *storetest.World) escrow.Cents {
				t.Helper()
				c := w.DealIn(escrow.Completed, price)
				if payout := w.Pay(escrow.Payout, "R9"); payout.Amount != test.gets {
					t.Errorf("the seller got %s, want %s", payout.Amount, test.gets)
				}
				if c.Fee != fee || c.FeePayer != payer || !strings.Contains(c.Terms(), "6200 KES cents fee") {
					t.Errorf("the terms are %q", c.Terms())
				}
				return fee
			},
			"called off before the money": func(t *testing.T, w *storetest.World) escrow.Cents {
				t.Helper()
				c, transfer := paying(t, w)
				if transfer.Amount != test.pays {
					t.Errorf("the buyer was asked for %s, want %s", transfer.Amount, test.pays)
				}
				if _, err := w.Service.Cancel(t.Context(), w.Command(amina, c.Ref)); err != nil {
					t.Fatal(err)
				}
				w.Pay(escrow.Collect, "R1")
				if refund := w.Pay(escrow.Refund, "R2"); refund.Amount != test.pays {
					t.Errorf("%s went back, want %s", refund.Amount, test.pays)
				}
				return 0
			},
			"the price alone by PayBill": func(t *testing.T, w *storetest.World) escrow.Cents {
				t.Helper()
				c := w.DealIn(escrow.Confirmed, price)
				arrive(t, w, arrival(w, "RPB", c.Ref))
				view, err := w.Service.View(t.Context(), amina, c.Ref)
				if funded := view.Contract.State == escrow.PaymentLocked; err != nil || funded != (payer == escrow.Seller) {
					t.Errorf("the contract is %s, %v", view.Contract.State, err)
				}
				return 0
			},
		} {
			t.Run(name+", "+string(payer)+" bears it", func(t *testing.T) {
				t.Parallel()
				storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
					t.Helper()
					w := storetest.NewWorld(t, open, func(p *escrow.Policy) {
						p.Fee = escrow.FeePlan{BasisPoints: 150, Flat: escrow.Shillings(10), Payer: payer}
					})
					earned := story(t, w)
					wantBalance(t, w, escrow.FeesPlatform, -earned)
					w.Prove()
				})
			})
		}
	}
}

// A deal that M-Pesa could not move is refused when it is proposed.
func TestADealThatCannotBePaidIsNotProposed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fee    escrow.FeePlan
		amount int64
		ok     bool
	}{
		"the most there is":             {escrow.FeePlan{}, 250_000, true},
		"the most, and a fee on top":    {escrow.FeePlan{Flat: escrow.Shillings(1), Payer: escrow.Buyer}, 250_000, false},
		"just fits with the fee":        {escrow.FeePlan{Flat: escrow.Shillings(1), Payer: escrow.Buyer}, 249_999, true},
		"the least there is":            {escrow.FeePlan{}, 10, true},
		"the least, less a fee":         {escrow.FeePlan{Flat: escrow.Shillings(1), Payer: escrow.Seller}, 10, false},
		"ten shillings after the fee":   {escrow.FeePlan{Flat: escrow.Shillings(1), Payer: escrow.Seller}, 11, true},
		"a fee that is more than there": {escrow.FeePlan{Flat: escrow.Shillings(100), Payer: escrow.Seller}, 50, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := storetest.NewWorld(t, storetest.SQLite, func(p *escrow.Policy) { p.Fee = test.fee })
			_, err := w.Service.Propose(t.Context(), escrow.Proposal{
				Request: w.Request(otieno), Role: escrow.Seller, Other: amina, Item: "Maize",
				Amount: escrow.Shillings(test.amount), DeliverBy: w.Clock.Now(),
			})
			if (err == nil) != test.ok || err != nil && !errors.Is(err, escrow.Refuse(escrow.AmountOutOfRange)) {
				t.Errorf("proposed: %v", err)
			}
		})
	}
}

// M-Pesa's charges by the tables of July 2023, at the edges of their bands (V16 of
// daraja.md): for a payout, and for a payment to the PayBill as a whole and where
// it is shared with the customer.
func TestV16WhatMpesaCharges(t *testing.T) {
	t.Parallel()
	type charges struct{ payout, payment, share int64 }
	table := map[int64]charges{
		10: {0, 0, 0}, 100: {0, 0, 0}, 101: {5, 5, 0}, 1_000: {5, 10, 0}, 1_001: {5, 15, 5}, 1_500: {5, 15, 5},
		1_501: {9, 20, 7}, 5_000: {9, 34, 18}, 5_001: {11, 42, 25}, 15_000: {11, 57, 39}, 20_000: {11, 62, 43},
		20_001: {13, 67, 47}, 45_001: {13, 108, 84}, 250_000: {13, 108, 84},
	}
	for bouquet, ours := range map[escrow.Bouquet]func(charges) int64{
		escrow.BouquetBusiness: func(charges) int64 { return 0 },
		escrow.BouquetCustomer: func(c charges) int64 { return c.payment },
		escrow.BouquetMgao:     func(c charges) int64 { return c.share },
	} {
		t.Run(string(bouquet), func(t *testing.T) {
			t.Parallel()
			w := storetest.NewWorld(t, storetest.SQLite, func(p *escrow.Policy) { p.Bouquet = bouquet })
			var payouts, payments escrow.Cents
			for amount, charged := range table {
				w.DealIn(escrow.Completed, escrow.Shillings(amount))
				w.Pay(escrow.Payout, w.Receipt())
				payouts += escrow.Shillings(charged.payout)
				payments += escrow.Shillings(ours(charged))
				wantBalance(t, w, escrow.MpesaCharges, -payouts)
				wantBalance(t, w, escrow.PayBillCharges, -payments)
				wantBalance(t, w, escrow.FeesMpesa, payouts+payments)
				if t.Failed() {
					t.Fatalf("after a deal over %d", amount)
				}
			}
			w.Prove()
		})
	}
}

// However a payment came and wherever its money went, M-Pesa took its charge once.
func TestTheChargeOfAPaymentIsBookedOnce(t *testing.T) {
	t.Parallel()
	for name, pay := range map[string]func(*testing.T, *storetest.World){
		"by prompt, told by confirmation and callback": func(t *testing.T, w *storetest.World) {
			t.Helper()
			c, _ := paying(t, w)
			arrive(t, w, arrival(w, "R1", c.Ref))
			w.Learn(escrow.Collect, paid("R1"))
		},
		"by prompt, told by a query and then by the receipt": func(t *testing.T, w *storetest.World) {
			t.Helper()
			c, _ := paying(t, w)
			w.Learn(escrow.Collect, paid(""))
			arrive(t, w, arrival(w, "R1", c.Ref))
		},
		"to a contract that is closed": func(t *testing.T, w *storetest.World) {
			t.Helper()
			arrive(t, w, arrival(w, "R1", w.DealIn(escrow.Cancelled, price).Ref))
			w.Pay(escrow.Refund, "R2")
		},
		"to no contract, assigned by a person": func(t *testing.T, w *storetest.World) {
			t.Helper()
			c := w.DealIn(escrow.Confirmed, price)
			arrive(t, w, arrival(w, "R1", "77"))
			if err := w.Service.AssignStray(t.Context(), "R1", c.Ref, w.Errand("a")); err != nil {
				t.Fatal(err)
			}
		},
		"to no contract, claimed by a prompt": func(t *testing.T, w *storetest.World) {
			t.Helper()
			paying(t, w)
			arrive(t, w, arrival(w, "R1", "77"))
			w.Learn(escrow.Collect, paid("R1"))
		},
		"by prompt, told by a query, and claimed from no contract by its receipt": func(t *testing.T, w *storetest.World) {
			t.Helper()
			paying(t, w)
			w.Learn(escrow.Collect, paid(""))
			arrive(t, w, arrival(w, "R1", "77"))
			w.Learn(escrow.Collect, paid("R1"))
			wantItems(t, w, "[]")
		},
		"to no contract, given back": func(t *testing.T, w *storetest.World) {
			t.Helper()
			arrive(t, w, arrival(w, "R1", "77"))
			if err := w.Service.ReturnStray(t.Context(), "R1", "R2", w.Errand("a")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
				t.Helper()
				w := storetest.NewWorld(t, open, func(p *escrow.Policy) { p.Bouquet = escrow.BouquetCustomer })
				pay(t, w)
				wantBalance(t, w, escrow.PayBillCharges, -escrow.Shillings(25))
				wantBalance(t, w, escrow.FeesMpesa, escrow.Shillings(25))
				w.Prove()
			})
		})
	}
}

func TestTheStatementOfAContract(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t, storetest.SQLite, func(p *escrow.Policy) {
		p.Fee = escrow.FeePlan{Flat: escrow.Shillings(50), Payer: escrow.Buyer}
	})
	c := w.DealIn(escrow.Completed, price)
	w.Pay(escrow.Payout, "R9")
	var text strings.Builder
	for _, l := range escrow.Statement(c, w.Postings(c)) {
		fmt.Fprintln(&text, l.Reason, l.Debit.Called(c), l.Credit.Called(c), l.Amount, "held", l.Held)
	}
	want := `funded mpesa:collection held Ksh3,550 held Ksh3,550
released held owed to seller Ksh3,500 held Ksh50
fee_earned held fees:platform Ksh50 held Ksh0
paid_out owed to seller mpesa:payout Ksh3,500 held Ksh0
mpesa_fee fees:mpesa mpesa:charges Ksh9 held Ksh0
`
	if text.String() != want {
		t.Errorf("the statement is\n%swant\n%s", text.String(), want)
	}
}

// A phone rests between prompts: a minute, and two where it is the same amount.
func TestAPhoneRestsBetweenPrompts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		other escrow.Cents
		rest  time.Duration
	}{
		"the same amount": {price, 2 * time.Minute},
		"another amount":  {price + 100, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
				t.Helper()
				w := storetest.NewWorld(t, open, func(p *escrow.Policy) {
					usual := escrow.DefaultPolicy()
					p.PromptPause, p.SamePromptPause = usual.PromptPause, usual.SamePromptPause
				})
				other := w.DealIn(escrow.Confirmed, test.other)
				paying(t, w)
				w.Clock.Advance(10 * time.Second)
				w.Learn(escrow.Collect, notPaid(escrow.CauseUser, "1032"))
				try := func() *escrow.Refusal {
					_, err := w.Service.Pay(t.Context(), w.Command(amina, other.Ref))
					return escrow.RefusalOf(err)
				}
				refusal := try()
				if refusal == nil || refusal.Code != escrow.TooSoon || refusal.Wait != test.rest-10*time.Second {
					t.Fatalf("refused: %+v", refusal)
				}
				w.Clock.Advance(refusal.Wait - time.Millisecond)
				if refusal := try(); refusal == nil || refusal.Wait != time.Millisecond {
					t.Errorf("a moment too soon: %+v", refusal)
				}
				w.Clock.Advance(time.Millisecond)
				if refusal := try(); refusal != nil {
					t.Errorf("in time: %v", refusal)
				}
			})
		})
	}
}

const muchMoney = escrow.Cents(20_000_00)

// A forged or mistaken callback over much money: nothing is held before M-Pesa,
// asked by us, says so too.
func TestMuchMoneyCountsOnceItIsConfirmed(t *testing.T) {
	t.Parallel()
	type tell = func(*storetest.World, escrow.Contract, escrow.Cents) error
	for name, say := range map[string]tell{
		"by a prompt's callback": func(w *storetest.World, _ escrow.Contract, amount escrow.Cents) error {
			finding := paid("R1")
			finding.Amount = amount
			return w.Service.Learn(w.TB.Context(), w.Till.Last(w.TB, escrow.Collect).ID, finding, "test")
		},
		"by a PayBill confirmation": func(w *storetest.World, c escrow.Contract, amount escrow.Cents) error {
			a := arrival(w, "R1", c.Ref)
			a.Amount = amount
			return w.Service.Arrived(w.TB.Context(), a, "test")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(escrow.Confirmed, muchMoney)
				if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
					t.Fatal(err)
				}
				w.Work()
				w.Till.Doubt("R1", escrow.NoAnswer)
				var pauses []time.Duration
				for age := time.Duration(0); age < 25*time.Hour; {
					later, ok := errors.AsType[*escrow.Later](say(w, c, muchMoney))
					if !ok {
						t.Fatal("it counts, and nobody has confirmed it")
					}
					pauses = append(pauses, later.After)
					w.Clock.Advance(later.After)
					age += later.After
				}
				if pauses[0] != 15*time.Second || pauses[len(pauses)-1] != time.Hour || len(pauses) > 60 {
					t.Errorf("asked %d times, with pauses %v", len(pauses), pauses)
				}
				if got := fmt.Sprint(w.Items()); !strings.Contains(got, "unconfirmed") {
					t.Errorf("operator items %s", got)
				}
				wantBalance(t, w, escrow.MpesaCollection, 0)
				w.Till.Doubt("R1", escrow.Moved)
				if err := say(w, c, muchMoney); err != nil {
					t.Fatal(err)
				}
				wantBalance(t, w, escrow.MpesaCollection, muchMoney)
			})
		})
	}
}

func TestLittleMoneyAndTheStatementNeedNoConfirmation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		above   escrow.Cents
		amount  escrow.Cents
		channel escrow.ArrivalChannel
		counts  bool
	}{
		"a shilling less":     {muchMoney, muchMoney - 100, escrow.ByConfirmation, true},
		"just as much":        {muchMoney, muchMoney, escrow.ByConfirmation, false},
		"told by our inquiry": {muchMoney, muchMoney, escrow.ByStatement, true},
		"always":              {0, escrow.MinAmount, escrow.ByConfirmation, false},
		"never":               {-100, escrow.MaxAmount, escrow.ByConfirmation, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := storetest.NewWorld(t, storetest.SQLite, func(p *escrow.Policy) { p.ConfirmAbove = test.above })
			c := w.DealIn(escrow.Confirmed, test.amount)
			w.Till.Doubt("R1", escrow.NoAnswer)
			a := arrival(w, "R1", c.Ref)
			a.Amount, a.Channel = test.amount, test.channel
			err := w.Service.Arrived(t.Context(), a, "test")
			if _, later := errors.AsType[*escrow.Later](err); later == test.counts {
				t.Errorf("arrived: %v", err)
			}
		})
	}
}

package escrow_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// arrival is what M-Pesa confirms when the buyer pays by PayBill.
func arrival(w *storetest.World, receipt string, account escrow.Ref) escrow.Arrival {
	return escrow.Arrival{
		Receipt: receipt, Amount: price, Account: string(account), Payer: "2547 ***** 001", Name: "AMINA",
		At: w.Clock.Now(), Channel: escrow.ByConfirmation,
	}
}

func arrive(t *testing.T, w *storetest.World, a escrow.Arrival) {
	t.Helper()
	if err := w.Service.Arrived(t.Context(), a, "test:"+a.Receipt); err != nil {
		t.Fatal(err)
	}
	w.Work()
}

// What a payment by PayBill does to a contract in each state, and what the
// validation before it had said.
func TestWhatAPayBillPaymentDoes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		state    escrow.State
		change   func(*escrow.Arrival)
		expect   escrow.Code
		after    escrow.State
		suspense escrow.Cents
		told     escrow.Template
		items    string
	}{
		"as agreed":        {escrow.Confirmed, nil, "", escrow.PaymentLocked, 0, escrow.MsgFundedBuyer, "[]"},
		"spaced, with O":   {escrow.Confirmed, respell, "", escrow.PaymentLocked, 0, escrow.MsgFundedBuyer, "[]"},
		"number hashed":    {escrow.Confirmed, func(a *escrow.Arrival) { a.Payer = hashed(amina) }, "", escrow.PaymentLocked, 0, escrow.MsgFundedBuyer, "[]"},
		"too little":       {escrow.Confirmed, func(a *escrow.Arrival) { a.Amount -= 100 }, escrow.AmountOutOfRange, escrow.Confirmed, price - 100, escrow.MsgRefundAmount, "[]"},
		"too much":         {escrow.Confirmed, func(a *escrow.Arrival) { a.Amount += 100 }, escrow.AmountOutOfRange, escrow.Confirmed, price + 100, escrow.MsgRefundAmount, "[]"},
		"from a stranger":  {escrow.Confirmed, func(a *escrow.Arrival) { a.Payer = "2547 ***** 999" }, escrow.BadPhone, escrow.Confirmed, price, escrow.MsgRefundPayer, "[]"},
		"not agreed yet":   {escrow.Pending, nil, escrow.NotNow, escrow.Pending, price, escrow.MsgRefundComing, "[]"},
		"paid already":     {escrow.PaymentLocked, nil, escrow.Already, escrow.PaymentLocked, price, escrow.MsgRefundComing, "[]"},
		"disputed":         {escrow.Disputed, nil, escrow.Already, escrow.Disputed, price, escrow.MsgRefundComing, "[dispute]"},
		"called off":       {escrow.Cancelled, nil, escrow.Closed, escrow.Cancelled, price, escrow.MsgRefundComing, "[]"},
		"over and done":    {escrow.Completed, nil, escrow.Already, escrow.Completed, price, escrow.MsgRefundComing, "[]"},
		"a bad number":     {escrow.Confirmed, func(a *escrow.Arrival) { a.Account = "12x4" }, escrow.UnknownContract, escrow.Confirmed, price, escrow.MsgProposed, "[stray_money]"},
		"no number at all": {escrow.Confirmed, func(a *escrow.Arrival) { a.Account = "" }, escrow.UnknownContract, escrow.Confirmed, price, escrow.MsgProposed, "[stray_money]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(test.state, price)
				a := arrival(w, "RPB1", c.Ref)
				if test.change != nil {
					test.change(&a)
				}
				before := fmt.Sprint(w.Store.Balances(t.Context()))
				if refusal := escrow.RefusalOf(w.Service.Expect(t.Context(), a)); (refusal == nil) != (test.expect == "") ||
					refusal != nil && refusal.Code != test.expect {
					t.Errorf("the validation says %v, want %q", refusal, test.expect)
				}
				if asked := fmt.Sprint(w.Store.Balances(t.Context())); asked != before {
					t.Errorf("the validation changed %s to %s", before, asked)
				}
				for range 3 {
					arrive(t, w, a)
				}
				view, err := w.Service.View(t.Context(), amina, c.Ref)
				if err != nil || view.Contract.State != test.after {
					t.Errorf("the contract is %s, want %s, %v", view.Contract.State, test.after, err)
				}
				wantBalance(t, w, escrow.Suspense, -test.suspense)
				wantItems(t, w, test.items)
				if last := w.Postbox.Last(t, amina); last.Template != test.told {
					t.Errorf("the buyer was told %s, want %s", last.Template, test.told)
				}
				if test.told == escrow.MsgRefundComing || test.told == escrow.MsgRefundAmount {
					w.Pay(escrow.Refund, "RPB9")
					wantBalance(t, w, escrow.Suspense, 0)
				}
			})
		})
	}
}

// respell writes the account as people do.
func respell(a *escrow.Arrival) {
	a.Account = " " + strings.Join(strings.Split(strings.ReplaceAll(a.Account, "0", "o"), ""), " ") + "."
}

// One payment, told of by its prompt's callback, by PayBill's confirmation and
// by the statement, in every order; and by the query, which has no receipt.
func TestOnePaymentToldOfOnEveryChannelCountsOnce(t *testing.T) {
	t.Parallel()
	callback := func(t *testing.T, w *storetest.World, _ escrow.Contract) {
		t.Helper()
		w.Learn(escrow.Collect, paid("R1"))
	}
	confirmation := func(t *testing.T, w *storetest.World, c escrow.Contract) {
		t.Helper()
		arrive(t, w, arrival(w, "R1", c.Ref))
	}
	statement := func(t *testing.T, w *storetest.World, c escrow.Contract) {
		t.Helper()
		a := arrival(w, "R1", c.Ref)
		a.Channel = escrow.ByStatement
		arrive(t, w, a)
	}
	query := func(t *testing.T, w *storetest.World, _ escrow.Contract) {
		t.Helper()
		w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.Moved, Code: "0"})
	}
	failure := func(t *testing.T, w *storetest.World, _ escrow.Contract) {
		t.Helper()
		w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.NotMoved, Code: "1032", Cause: escrow.CauseUser})
	}
	type step = func(*testing.T, *storetest.World, escrow.Contract)
	for name, steps := range map[string][]step{
		"callback, confirmation":                   {callback, confirmation},
		"confirmation, callback":                   {confirmation, callback},
		"query, confirmation, callback":            {query, confirmation, callback},
		"query, statement":                         {query, statement},
		"confirmation, query":                      {confirmation, query},
		"failure, confirmation":                    {failure, confirmation},
		"failure, confirmation, failure, callback": {failure, confirmation, failure, callback},
		"failure, callback, statement":             {failure, callback, statement},
		"all of them, twice": {
			statement, query, callback, confirmation, failure, statement, query, callback, confirmation, failure,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, _ := paying(t, w)
				for _, step := range steps {
					step(t, w, c)
				}
				w.Work()
				wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
				wantBalance(t, w, escrow.MpesaCollection, price)
				wantItems(t, w, "[]")
				wantSent(t, w, 1)
			})
		})
	}
}

// The buyer answers the first prompt after all, while the second is open: PayBill's
// confirmation does not say which one it is of and is taken for the second's. What
// the first one's callback then tells of is no other money.
func TestOnePaymentTakenForAnotherPromptsCountsOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, first := paying(t, w)
		w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.NotMoved, Code: "1032", Cause: escrow.CauseUser})
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Work()
		arrive(t, w, arrival(w, "R1", c.Ref))
		if err := w.Service.Learn(t.Context(), first.ID, paid("R1"), "test"); err != nil {
			t.Fatal(err)
		}
		w.Work()
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
		wantBalance(t, w, escrow.MpesaCollection, price)
		wantItems(t, w, "[]")
		wantSent(t, w, 2)
		now, err := w.Store.FindTransfer(t.Context(), first.ID)
		if err != nil || now.State != escrow.TransferFailed || now.ResultCode != "counted" {
			t.Errorf("the first prompt is %s with %q, %v", now.State, now.ResultCode, err)
		}
	})
}

// The buyer answered the prompt and paid by hand as well.
func TestTheSecondPaymentOfOneContractGoesBack(t *testing.T) {
	t.Parallel()
	byHand := func(t *testing.T, w *storetest.World, c escrow.Contract) {
		t.Helper()
		arrive(t, w, arrival(w, "RHAND", c.Ref))
	}
	byPrompt := func(t *testing.T, w *storetest.World, _ escrow.Contract) {
		t.Helper()
		w.Learn(escrow.Collect, paid("RPROMPT"))
		w.Work()
	}
	alsoConfirmed := func(t *testing.T, w *storetest.World, c escrow.Contract) {
		t.Helper()
		arrive(t, w, arrival(w, "RPROMPT", c.Ref))
	}
	type step = func(*testing.T, *storetest.World, escrow.Contract)
	for name, steps := range map[string][]step{
		"by hand first":                        {byHand, byPrompt},
		"by prompt first":                      {byPrompt, byHand},
		"by hand first, the prompt told twice": {byHand, alsoConfirmed, byPrompt, byPrompt},
		"the prompt confirmed first":           {alsoConfirmed, byHand, byPrompt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, _ := paying(t, w)
				for _, step := range steps {
					step(t, w, c)
				}
				wantBalance(t, w, escrow.MpesaCollection, 2*price)
				wantBalance(t, w, escrow.Suspense, -price)
				w.Pay(escrow.Refund, "RBACK")
				wantBalance(t, w, escrow.MpesaCollection, price)
				wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
				wantItems(t, w, "[]")
			})
		})
	}
}

func TestTwentyConfirmationsAtOnceCountOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, transfer := paying(t, w)
		a := arrival(w, "R1", c.Ref)
		var all sync.WaitGroup
		failures := make(chan error, 40)
		for range 20 {
			all.Go(func() { failures <- w.Service.Arrived(t.Context(), a, "test") })
			all.Go(func() { failures <- w.Service.Learn(t.Context(), transfer.ID, paid("R1"), "test") })
		}
		all.Wait()
		close(failures)
		for err := range failures {
			if err != nil && !errors.Is(err, escrow.ErrConflict) { // the job comes again
				t.Error(err)
			}
		}
		arrive(t, w, a)
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
		wantBalance(t, w, escrow.MpesaCollection, price)
		wantItems(t, w, "[]")
	})
}

func TestOneReceiptOverTwoAmountsCallsAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, _ := paying(t, w)
		w.Learn(escrow.Collect, paid("R1"))
		a := arrival(w, "R1", c.Ref)
		a.Amount += 100
		arrive(t, w, a)
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
		wantBalance(t, w, escrow.MpesaCollection, price)
		wantItems(t, w, "[amount_mismatch]")
	})
}

// Late money around the very end of a contract: a moment before it funds, at it
// and after it the money goes back.
func TestMoneyAroundTheEndOfAContract(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wait  time.Duration // from the end to the money; negative is before
		state escrow.State
	}{
		"a millisecond before": {-time.Millisecond, escrow.PaymentLocked},
		"at once":              {0, escrow.Cancelled},
		"a millisecond after":  {time.Millisecond, escrow.Cancelled},
		"a day after":          {24 * time.Hour, escrow.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, transfer := paying(t, w)
				learn := func() {
					if err := w.Service.Learn(t.Context(), transfer.ID, paid("R1"), "test"); err != nil {
						t.Fatal(err)
					}
				}
				if test.wait < 0 {
					learn()
				}
				w.Clock.Advance(test.wait.Abs())
				result, err := w.Service.Cancel(t.Context(), w.Command(amina, c.Ref))
				if asks := result.Contract.CancelBy != ""; err != nil || asks != (test.wait < 0) {
					t.Errorf("cancel: %v, asks the seller: %v", err, asks)
				}
				if test.wait >= 0 {
					w.Clock.Advance(test.wait)
					learn()
					learn()
					w.Work()
					w.Pay(escrow.Refund, "R2")
				}
				view, err := w.Service.View(t.Context(), amina, c.Ref)
				if err != nil || view.Contract.State != test.state {
					t.Errorf("the contract is %s, want %s, %v", view.Contract.State, test.state, err)
				}
				wantItems(t, w, "[]")
			})
		})
	}
}

// A query calls the prompt of a closed contract paid, and tells no receipt: what
// the confirmation may tell of as well is not sent back twice.
func TestASuccessWithoutReceiptThatNobodyWaitsForIsNotGuessed(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, transfer := paying(t, w)
		if _, err := w.Service.Cancel(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Till.Say(transfer.ID, escrow.Finding{Verdict: escrow.Moved, Code: "0"})
		after(w, time.Minute, 30*time.Second)
		wantBalance(t, w, escrow.Suspense, 0)
		wantItems(t, w, "[no_receipt]")
		arrive(t, w, arrival(w, "R1", c.Ref))
		wantBalance(t, w, escrow.Suspense, -price)
		w.Pay(escrow.Refund, "R2")
		wantBalance(t, w, escrow.Suspense, 0)
		wantItems(t, w, "[]")
		wantState(t, w, c, escrow.Cancelled, escrow.PaymentRefunded)
	})
}

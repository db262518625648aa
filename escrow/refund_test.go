package escrow_test

import (
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// How a refund goes: by reversal while it can, and to the buyer's phone where
// the payment was the buyer's.
func TestHowARefundGoes(t *testing.T) {
	t.Parallel()
	refused := notPaid("", "R000002")
	for name, test := range map[string]struct {
		payer  string
		age    time.Duration
		then   *escrow.Finding
		method escrow.Method
		items  string
	}{
		"fresh":                              {"", time.Hour, nil, escrow.MethodReversal, "[]"},
		"a moment before it is too old":      {"", 72*time.Hour - time.Millisecond, nil, escrow.MethodReversal, "[]"},
		"too old":                            {"", 72 * time.Hour, nil, escrow.MethodB2C, "[]"},
		"not reversed, to the buyer":         {"", time.Hour, &refused, escrow.MethodB2C, "[]"},
		"of a stranger, not reversed":        {"254733000999", time.Hour, &refused, escrow.MethodReversal, "[payout_failed]"},
		"reversed before":                    {"", time.Hour, &escrow.Finding{Verdict: escrow.NotMoved, Cause: escrow.CauseDone, Code: "R000001"}, escrow.MethodReversal, "[]"},
		"reversed before, as daraja puts it": {"", time.Hour, &escrow.Finding{Verdict: escrow.Moved, Cause: escrow.CauseDone, Code: "R000001"}, escrow.MethodReversal, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, transfer := paying(t, w)
				finding := paid("R1")
				finding.Payer = test.payer
				if _, err := w.Service.Cancel(t.Context(), w.Command(amina, c.Ref)); err != nil {
					t.Fatal(err)
				}
				w.Till.Doubt("R1", escrow.Moved)
				if test.age >= 72*time.Hour-time.Millisecond {
					keepAsStray(t, w, c, test.age)
				} else if err := w.Service.Learn(t.Context(), transfer.ID, finding, "test"); err != nil {
					t.Fatal(err)
				}
				w.Work()
				if test.then != nil {
					w.Learn(escrow.Refund, *test.then)
					w.Work()
				}
				last := w.Till.Last(t, escrow.Refund)
				if last.Method != test.method || (last.Original == "R1") != (test.method == escrow.MethodReversal) {
					t.Errorf("went by %s of %q", last.Method, last.Original)
				}
				wantItems(t, w, test.items)
				if test.items == "[]" && (test.then == nil || test.then.Cause != escrow.CauseDone) {
					w.Pay(escrow.Refund, "R2")
				}
				if test.items == "[]" {
					wantBalance(t, w, escrow.Suspense, 0)
				}
			})
		})
	}
}

// keepAsStray lets the money of a closed contract come under a mistyped account,
// and its prompt tell of it only later: the payment is then as old as that.
func keepAsStray(t *testing.T, w *storetest.World, c escrow.Contract, age time.Duration) {
	t.Helper()
	arrive(t, w, arrival(w, "R1", "0"))
	w.Clock.Advance(age)
	w.Work()
	w.Learn(escrow.Collect, paid("R1"))
	view, err := w.Service.View(t.Context(), amina, c.Ref)
	if err != nil || view.Contract.State != escrow.Cancelled {
		t.Errorf("the contract is %s, %v", view.Contract.State, err)
	}
}

// An attempt that was called failed is paid after all, while the next one waits:
// the next is called back. If it has left us too, a person looks.
func TestAFailedAttemptThatIsPaidAfterAll(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		first := w.Till.Last(t, escrow.Payout)
		w.Learn(escrow.Payout, notPaid(escrow.CauseLimit, "4"))
		if err := w.Service.Learn(t.Context(), first.ID, paid("R9"), "late"); err != nil {
			t.Fatal(err)
		}
		after(w, 30*time.Hour, time.Hour)
		wantSent(t, w, 2)
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
		wantItems(t, w, "[]")

		other := w.DealIn(escrow.Completed, price+100)
		first = w.Till.Last(t, escrow.Payout)
		w.Learn(escrow.Payout, notPaid("", "x"))
		if err := w.Service.Retry(t.Context(), first.ID, "", w.Errand("k")); err != nil {
			t.Fatal(err)
		}
		w.Work()
		late := paid("R10")
		late.Amount = price + 100
		for range 2 {
			if err := w.Service.Learn(t.Context(), first.ID, late, "late"); err != nil {
				t.Fatal(err)
			}
		}
		wantItems(t, w, "[paid_twice]")
		payNewest(t, w, other)
		wantState(t, w, other, escrow.Completed, escrow.PaymentReleased)
	})
}

// A refund by reversal that nothing is known of is never sent by another way.
func TestAnUnknownReversalIsNotSentAnotherWay(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, transfer := paying(t, w)
		if _, err := w.Service.Cancel(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Till.Answer(escrow.Submission{Outcome: escrow.Unknown})
		if err := w.Service.Learn(t.Context(), transfer.ID, paid("R1"), "test"); err != nil {
			t.Fatal(err)
		}
		after(w, 3*time.Hour, 10*time.Minute)
		// Nor once more by the same way: of two requests one can fail, the money go
		// to the phone, and the other be done late (seed 853 of the simulation).
		w.Learn(escrow.Refund, escrow.Finding{Verdict: escrow.NeverSeen})
		w.Work()
		wantSent(t, w, 2)
		wantItems(t, w, "[payout_silent]")
		w.Learn(escrow.Refund, escrow.Finding{Verdict: escrow.Moved, Cause: escrow.CauseDone, Code: "R000001"})
		wantItems(t, w, "[]")
		wantBalance(t, w, escrow.Suspense, 0)
		wantBalance(t, w, escrow.MpesaCollection, 0)
	})
}

func TestMoneyThatIsNotWhatWasAskedForGoesBackToWhoPaid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*escrow.Finding)
		told   escrow.Template
	}{
		"from another number":        {func(f *escrow.Finding) { f.Payer = "254733000999" }, escrow.MsgRefundPayer},
		"from another masked number": {func(f *escrow.Finding) { f.Payer = "2547*****999" }, escrow.MsgRefundPayer},
		"too little":                 {func(f *escrow.Finding) { f.Amount -= 100 }, escrow.MsgRefundAmount},
		"too much":                   {func(f *escrow.Finding) { f.Amount += 100 }, escrow.MsgRefundAmount},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, _ := paying(t, w)
				finding := paid("R1")
				test.change(&finding)
				w.Learn(escrow.Collect, finding)
				w.Learn(escrow.Collect, finding)
				w.Work()
				wantState(t, w, c, escrow.Confirmed, escrow.PaymentFailed)
				wantBalance(t, w, escrow.Suspense, -finding.Amount)
				wantTold(t, w, amina, "[proposed "+string(test.told)+"]")
				refund := w.Pay(escrow.Refund, "R2")
				if refund.Method != escrow.MethodReversal || refund.Original != "R1" || refund.Amount != finding.Amount {
					t.Errorf("%s went back by %s of %q", refund.Amount, refund.Method, refund.Original)
				}
				wantBalance(t, w, escrow.Suspense, 0)
				wantItems(t, w, "[]")
				wantState(t, w, c, escrow.Confirmed, escrow.PaymentRefunded)
			})
		})
	}
}

func TestASuccessOfAnotherPromptCallsAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, _ := paying(t, w)
		finding := paid("R1")
		finding.ProviderID = "ws_CO_other"
		w.Learn(escrow.Collect, finding)
		wantState(t, w, c, escrow.Confirmed, escrow.PaymentPending)
		wantItems(t, w, "[other_prompt]")
	})
}

func wantBalance(t *testing.T, w *storetest.World, account escrow.Account, want escrow.Cents) {
	t.Helper()
	balances, err := w.Store.Balances(t.Context())
	if err != nil || balances[account] != want {
		t.Errorf("%s is %s, want %s, %v", account, balances[account], want, err)
	}
}

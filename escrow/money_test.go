package escrow_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

const price = escrow.Cents(350_000)

// paying is a contract whose buyer has just been sent a prompt.
func paying(t *testing.T, w *storetest.World) (escrow.Contract, escrow.Transfer) {
	t.Helper()
	c := w.DealIn(escrow.Confirmed, price)
	if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
		t.Fatal(err)
	}
	w.Work()
	return c, w.Till.Last(t, escrow.Collect)
}

func wantState(t *testing.T, w *storetest.World, c escrow.Contract, state escrow.State, payment escrow.PaymentStatus) {
	t.Helper()
	view, err := w.Service.View(t.Context(), amina, c.Ref)
	if err != nil {
		t.Fatal(err)
	}
	if view.Contract.State != state || view.Payment != payment {
		t.Errorf("contract is %s, payment %q; want %s, %q", view.Contract.State, view.Payment, state, payment)
	}
}

func paid(receipt string) escrow.Finding {
	return escrow.Finding{Verdict: escrow.Moved, Code: "0", Receipt: receipt, Amount: price}
}

func TestWhatACollectionCanTurnOutAs(t *testing.T) {
	t.Parallel()
	failed := escrow.Finding{Verdict: escrow.NotMoved, Code: "1032"}
	for name, test := range map[string]struct {
		findings []escrow.Finding
		state    escrow.State
		payment  escrow.PaymentStatus
	}{
		"paid":                        {[]escrow.Finding{paid("R1")}, escrow.PaymentLocked, escrow.PaymentHeld},
		"paid, told three times":      {[]escrow.Finding{paid("R1"), paid("R1"), paid("R1")}, escrow.PaymentLocked, escrow.PaymentHeld},
		"cancelled":                   {[]escrow.Finding{failed}, escrow.Confirmed, escrow.PaymentFailed},
		"cancelled, then paid":        {[]escrow.Finding{failed, paid("R1")}, escrow.PaymentLocked, escrow.PaymentHeld},
		"paid, then called cancelled": {[]escrow.Finding{paid("R1"), failed}, escrow.PaymentLocked, escrow.PaymentHeld},
		"no answer":                   {[]escrow.Finding{{Verdict: escrow.NoAnswer}}, escrow.Confirmed, escrow.PaymentPending},
		"still processing":            {[]escrow.Finding{{Verdict: escrow.Processing}}, escrow.Confirmed, escrow.PaymentPending},
		"paid by query, then receipt": {[]escrow.Finding{{Verdict: escrow.Moved}, paid("R1")}, escrow.PaymentLocked, escrow.PaymentHeld},
		"paid another amount": {
			[]escrow.Finding{{Verdict: escrow.Moved, Receipt: "R1", Amount: price - 100}},
			escrow.Confirmed, escrow.PaymentFailed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, transfer := paying(t, w)
				for _, finding := range test.findings {
					if err := w.Service.Learn(t.Context(), transfer.ID, finding, "test"); err != nil {
						t.Fatal(err)
					}
				}
				w.Work()
				wantState(t, w, c, test.state, test.payment)
			})
		})
	}
}

func TestALateSuccessOfACancelledContractGoesBack(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, transfer := paying(t, w)
		if _, err := w.Service.Cancel(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		if err := w.Service.Learn(t.Context(), transfer.ID, paid("R1"), "test"); err != nil {
			t.Fatal(err)
		}
		w.Work()
		w.Pay(escrow.Refund, "R2")
		wantState(t, w, c, escrow.Cancelled, escrow.PaymentRefunded)
		balances, err := w.Store.Balances(t.Context())
		if err != nil || balances[escrow.Suspense] != 0 || balances[escrow.MpesaCollection]+balances[escrow.MpesaPayout] != 0 {
			t.Errorf("balances %v, %v", balances, err)
		}
	})
}

func TestTheSecondOfTwoPaymentsGoesBack(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, first := paying(t, w)
		w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.NotMoved, Code: "1037"})
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Work()
		w.Pay(escrow.Collect, "R1")
		if err := w.Service.Learn(t.Context(), first.ID, paid("R2"), "late"); err != nil {
			t.Fatal(err)
		}
		w.Work()
		w.Pay(escrow.Refund, "R3")
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
	})
}

func TestAReceiptCountsOnceAcrossContracts(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		paying(t, w)
		w.Pay(escrow.Collect, "R1")
		other, _ := paying(t, w)
		w.Pay(escrow.Collect, "R1")
		wantState(t, w, other, escrow.Confirmed, escrow.PaymentPending)
		if items := w.Items(); len(items) != 1 || items[0] != escrow.ItemReceiptReuse {
			t.Errorf("operator items: %v", items)
		}
		w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.NotMoved, Code: "1"})
	})
}

func TestWhatASubmissionCanAnswer(t *testing.T) {
	t.Parallel()
	notSent := escrow.Submission{Outcome: escrow.NotSent, Code: "500.003.02"}
	for name, test := range map[string]struct {
		answers []escrow.Submission
		sent    int
		payment escrow.PaymentStatus
	}{
		"taken":                   {nil, 1, escrow.PaymentPending},
		"busy once":               {[]escrow.Submission{notSent}, 2, escrow.PaymentPending},
		"busy for ever":           {[]escrow.Submission{notSent, notSent, notSent, notSent}, 4, escrow.PaymentFailed},
		"refused":                 {[]escrow.Submission{{Outcome: escrow.Refused, Code: "400.002.02"}}, 1, escrow.PaymentFailed},
		"unknown is never resent": {[]escrow.Submission{{Outcome: escrow.Unknown}}, 1, escrow.PaymentPending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				w.Till.Answer(test.answers...)
				c, _ := paying(t, w)
				for range 10 {
					w.Clock.Advance(5 * time.Second)
					w.Work()
				}
				wantState(t, w, c, escrow.Confirmed, test.payment)
				if n := len(w.Till.Taken()); n != test.sent {
					t.Errorf("sent %d times, want %d", n, test.sent)
				}
				w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.NotMoved, Code: "1"})
			})
		})
	}
}

// A job that runs again after a crash in the middle of sending must not send.
func TestACrashWhileSendingIsNotSentAgain(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Confirmed, price)
		w.Till.Crash()
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.WorkThroughCrash()
		if n := len(w.Till.Taken()); n != 1 {
			t.Fatalf("sent %d times, want once", n)
		}
		w.Pay(escrow.Collect, "R1") // the callback finds us by the transfer in its URL
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
	})
}

func TestAnUnansweredPromptFailsAfterFiveMinutesAndMayStillBePaid(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, transfer := paying(t, w)
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); !errors.Is(err, escrow.Refuse(escrow.PromptOpen)) {
			t.Errorf("a second prompt: %v", err)
		}
		for range 11 {
			w.Clock.Advance(30 * time.Second)
			w.Work()
		}
		wantState(t, w, c, escrow.Confirmed, escrow.PaymentFailed)
		w.Till.Say(transfer.ID, escrow.Finding{Verdict: escrow.Moved, Code: "0"})
		w.Clock.Advance(20 * time.Minute)
		w.Work()
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
	})
}

func TestASilentPayoutIsAskedAboutAndThenGivenToAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		for range 13 {
			w.Clock.Advance(10 * time.Minute)
			w.Work()
		}
		if items := w.Items(); fmt.Sprint(items) != "[payout_silent]" {
			t.Errorf("operator items: %v", items)
		}
		if n := len(w.Till.Taken()); n != 2 {
			t.Errorf("%d transfers were sent, want 2: a silent payout is never resent", n)
		}
		w.Pay(escrow.Payout, "R9")
		wantItems(t, w, "[]") // M-Pesa has told after all
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	})
}

func TestAPayoutThatFailsGoesToAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		w.Learn(escrow.Payout, escrow.Finding{Verdict: escrow.NotMoved, Code: "2040"})
		w.Work()
		wantState(t, w, c, escrow.Completed, escrow.PaymentHeld)
		if items := w.Items(); fmt.Sprint(items) != "[payout_failed]" {
			t.Errorf("operator items: %v", items)
		}
		if last := w.Postbox.Last(t, otieno); last.Template != escrow.MsgPayoutDelayed {
			t.Errorf("the seller was told %s", last.Template)
		}
	})
}

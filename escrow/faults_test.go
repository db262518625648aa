package escrow_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// A buyer pays around the moment at which the seller calls the deal off. Before
// it the deal is funded and can no more be called off by one; after it, however
// late, the money goes back.
func TestASuccessAroundTheEndOfAContract(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		paid time.Duration // relative to the end
		want string
	}{
		"a millisecond before": {-time.Millisecond, "payment_locked locked"},
		"at the same moment":   {0, "cancelled refunded"},
		"a millisecond after":  {time.Millisecond, "cancelled refunded"},
		"a day after":          {24 * time.Hour, "cancelled refunded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, collection := paying(t, w)
				cancel := func() {
					_, err := w.Service.Cancel(t.Context(), w.Command(otieno, c.Ref))
					if err != nil && escrow.RefusalOf(err) == nil {
						t.Fatalf("called off: %v", err)
					}
				}
				pay := func() {
					if err := w.Service.Learn(t.Context(), collection.ID, paid("LATE1"), "test"); err != nil {
						t.Fatal(err)
					}
				}
				first, second := cancel, pay
				if test.paid < 0 {
					first, second = pay, cancel
				}
				first()
				w.Clock.Advance(test.paid.Abs())
				second()
				w.Work()
				if test.paid >= 0 {
					w.Pay(escrow.Refund, w.Receipt())
				}
				view, err := w.Service.View(t.Context(), amina, c.Ref)
				if err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprint(view.Contract.State, " ", view.Payment); got != test.want {
					t.Errorf("ends as %s, want %s", got, test.want)
				}
			})
		})
	}
}

// Everything that was ever said about a deal comes once more, when the deal is
// long over.
func TestWhatIsReplayedWeeksLaterChangesNothing(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		out := w.Pay(escrow.Payout, "PAYOUT1")
		in := w.Till.Last(t, escrow.Collect)
		balances, err := w.Store.Balances(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sent := len(w.Till.Taken())
		w.Clock.Advance(7 * 7 * 24 * time.Hour)
		for _, said := range []struct {
			transfer escrow.Transfer
			finding  escrow.Finding
		}{
			{in, escrow.Finding{Verdict: escrow.Moved, Code: "0", Receipt: receiptOf(t, w, in), Amount: in.Amount}},
			{in, escrow.Finding{Verdict: escrow.NotMoved, Code: "1032"}},
			{out, escrow.Finding{Verdict: escrow.Moved, Code: "0", Receipt: "PAYOUT1", Amount: out.Amount}},
			{out, escrow.Finding{Verdict: escrow.NotMoved, Code: "2001"}},
			{out, escrow.Finding{Verdict: escrow.NeverSeen, Code: "2032"}},
		} {
			if err := w.Service.Learn(t.Context(), said.transfer.ID, said.finding, "replayed"); err != nil {
				t.Fatal(err)
			}
			w.Work()
		}
		after, err := w.Store.Balances(t.Context())
		if err != nil || fmt.Sprint(after) != fmt.Sprint(balances) {
			t.Errorf("the ledger was %v and is %v, %v", balances, after, err)
		}
		wantSent(t, w, sent)
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	})
}

func receiptOf(t *testing.T, w *storetest.World, known escrow.Transfer) string {
	t.Helper()
	transfer, err := w.Store.FindTransfer(t.Context(), known.ID)
	if err != nil {
		t.Fatal(err)
	}
	return transfer.Receipt
}

// River hands a job out once, but a process that stood still believes that its
// job is still its own.
func TestManyWorkersOnOneTransferSendItOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, price)
		if _, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		sent := len(w.Till.Taken())
		for _, job := range w.TakeJobs() {
			submit, ok := job.(escrow.SubmitTransfer)
			if !ok {
				continue
			}
			var workers sync.WaitGroup
			for range 8 {
				workers.Go(func() {
					var later *escrow.Later
					if err := w.Service.Submit(t.Context(), submit.Transfer); err != nil && !errors.As(err, &later) {
						t.Error(err)
					}
				})
			}
			workers.Wait()
		}
		wantSent(t, w, sent+1)
		w.Work()
		w.Pay(escrow.Payout, w.Receipt())
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	})
}

// A buyer who is in a hurry says yes on the phone's menu and by text at once.
func TestAnAcceptanceByUSSDAndSMSAtOncePaysOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, price)
		sent := len(w.Till.Taken())
		byMenu, byText := w.Command(amina, c.Ref), w.Command(amina, c.Ref)
		byText.Channel, byText.Code = escrow.ChannelSMS, w.Codes.For(c)
		var both sync.WaitGroup
		for _, cmd := range []escrow.Command{byMenu, byText} {
			both.Go(func() {
				if _, err := w.Service.AcceptGoods(t.Context(), cmd); err != nil && !errors.Is(err, escrow.Refuse(escrow.Already)) {
					t.Error(err)
				}
			})
		}
		both.Wait()
		w.Work()
		wantSent(t, w, sent+1)
	})
}

// The clock of the machine is set right, a day forward or back, in the middle of
// a payout. The payout is settled, and nothing is sent twice.
func TestAClockThatIsSteppedByADay(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"forward": 24 * time.Hour, "back": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				w.Till.Answer(escrow.Submission{Outcome: escrow.Taken, Code: "0"}, escrow.Submission{Outcome: escrow.Unknown})
				c := w.DealIn(escrow.Completed, price)
				sent := len(w.Till.Taken())
				w.Clock.Advance(step)
				w.Work()
				w.Pay(escrow.Payout, w.Receipt())
				after(w, 48*time.Hour, time.Hour)
				wantSent(t, w, sent)
				wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
			})
		})
	}
}

// For an hour M-Pesa takes nothing. Then it takes everything that has gathered,
// each payout once.
func TestAnHourWithoutTheProviderAndThenAllAtOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		const deals = 8
		var refs []escrow.Contract
		for range deals {
			refs = append(refs, w.DealIn(escrow.Delivered, price))
		}
		down := make([]escrow.Submission, 10_000)
		for i := range down {
			down[i] = escrow.Submission{Outcome: escrow.NotSent, Reason: "breaker open"}
		}
		w.Till.Answer(down...)
		for _, c := range refs {
			if _, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, c.Ref)); err != nil {
				t.Fatal(err)
			}
		}
		after(w, time.Hour, 5*time.Minute)
		w.Till.Recover()
		before := len(w.Till.Taken())
		after(w, 10*time.Minute, 5*time.Minute)
		taken := map[string]int{}
		for _, transfer := range w.Till.Taken()[before:] {
			taken[transfer.ID.String()]++
			finding := escrow.Finding{Verdict: escrow.Moved, Code: "0", Receipt: w.Receipt(), Amount: transfer.Amount}
			if err := w.Service.Learn(t.Context(), transfer.ID, finding, "test"); err != nil {
				t.Fatal(err)
			}
		}
		w.Work()
		for id, n := range taken {
			if n != 1 {
				t.Errorf("payout %s was sent %d times", id, n)
			}
		}
		if len(taken) != deals {
			t.Errorf("%d payouts were sent, want %d", len(taken), deals)
		}
		for _, c := range refs {
			wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
		}
	})
}

// Callbacks are not signed. Whoever learns an address can say that a large
// payment was made; it counts only when M-Pesa's own records show it.
func TestALargeSuccessCountsWhenMpesaConfirmsIt(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		large := escrow.DefaultPolicy().ConfirmAbove
		c := w.DealIn(escrow.Confirmed, large)
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Work()
		collection := w.Till.Last(t, escrow.Collect)
		told := escrow.Finding{Verdict: escrow.Moved, Code: "0", Receipt: "FORGED1", Amount: large}
		w.Till.Doubt(told.Receipt, escrow.NeverSeen)
		err := w.Service.Learn(t.Context(), collection.ID, told, "test")
		if _, ok := errors.AsType[*escrow.Later](err); !ok {
			t.Fatalf("what M-Pesa does not know of: %v", err)
		}
		wantState(t, w, c, escrow.Confirmed, escrow.PaymentPending)
		w.Till.Doubt(told.Receipt, escrow.Moved)
		if err := w.Service.Learn(t.Context(), collection.ID, told, "test"); err != nil {
			t.Fatal(err)
		}
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
	})
}

// While a mediator decides, the time of neither side runs out.
func TestADisputeStopsTheTime(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.PaymentLocked, price)
		sent := len(w.Till.Taken())
		cmd := w.Command(amina, c.Ref)
		cmd.Words = "rotten"
		if _, err := w.Service.Dispute(t.Context(), cmd); err != nil {
			t.Fatal(err)
		}
		w.Pass(60 * 24 * time.Hour)
		wantSent(t, w, sent)
		wantState(t, w, c, escrow.Disputed, escrow.PaymentHeld)
		view, err := w.Service.View(t.Context(), amina, c.Ref)
		if due := view.Contract.Due; err != nil || due.Running() || due.Kind == "" {
			t.Errorf("what is due: %+v, %v", due, err)
		}
	})
}

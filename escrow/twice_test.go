package escrow_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// A payout of which nothing was known is sent again under its id, and refused. The
// first may still lie in M-Pesa's queue: the refusal is not final, and no next
// attempt is made.
func TestARefusalOfAPayoutThatWasSentBeforeIsNotFinal(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.Till.Answer(
			escrow.Submission{Outcome: escrow.Taken, Code: "0"}, // the collection
			escrow.Submission{Outcome: escrow.Unknown},          // the payout
			escrow.Submission{Outcome: escrow.Refused, Cause: escrow.CauseCredential, Code: "2001"},
		)
		c := w.DealIn(escrow.Completed, price)
		w.Clock.Advance(11 * time.Minute)
		w.Learn(escrow.Payout, escrow.Finding{Verdict: escrow.NeverSeen, Code: "2032"})
		w.Work()
		wantSent(t, w, 3)
		if list := payouts(t, w, c); len(list) != 1 || list[0].State != escrow.TransferUnknown {
			t.Fatalf("%d attempts, the first %s", len(list), list[0].State)
		}
		wantHalt(t, w, escrow.HaltInitiator) // the next would be refused too
		wantItems(t, w, "[payouts_halted]")
		w.Pay(escrow.Payout, "R9")
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
		wantSent(t, w, 3)
	})
}

// The first attempt, which was called failed, is paid after all while the second is
// under way. When that fails too the first is counted, and nobody is paid again.
func TestASuccessBesideALaterAttemptCountsWhenThatOneFails(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]struct {
		said  escrow.Finding
		halt  escrow.HaltKind
		items string
	}{
		"the float is empty":      {notPaid(escrow.CauseFloat, "1"), escrow.HaltFloat, "[payouts_halted]"},
		"the initiator is locked": {notPaid(escrow.CauseCredential, "8006"), escrow.HaltInitiator, "[payouts_halted]"},
		"the wallet is full":      {notPaid(escrow.CauseLimit, "4"), "", "[]"},
		"the number is wrong":     {notPaid(escrow.CauseNumber, "2040"), "", "[]"},
		"nobody knows why":        {notPaid("", "x"), "", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(escrow.Completed, price)
				first := w.Till.Last(t, escrow.Payout)
				w.Learn(escrow.Payout, notPaid("", "x"))
				if err := w.Service.Retry(t.Context(), first.ID, "", w.Errand("k")); err != nil {
					t.Fatal(err)
				}
				w.Work()
				if err := w.Service.Learn(t.Context(), first.ID, paid("R9"), "late"); err != nil {
					t.Fatal(err)
				}
				wantItems(t, w, "[paid_twice]")
				w.Clock.Advance(time.Second)
				w.Learn(escrow.Payout, second.said)
				after(w, 60*time.Hour, time.Hour)
				wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
				wantHalt(t, w, second.halt)
				wantItems(t, w, second.items)
				wantSent(t, w, 3) // the collection and two attempts
				wantBalance(t, w, escrow.PayableAccount(c.Seller.ID), 0)
				if err := w.Service.Retry(t.Context(), first.ID, "", w.Errand("k2")); err == nil {
					t.Error("it was ordered once more")
				}
			})
		})
	}
}

// A process stands still while it sends a payout. Another finds it, M-Pesa says
// that it has never seen it, and it is sent again. What the first is answered in
// the end says nothing about the second, which is still on its way.
func TestTheAnswerToAnEarlierSendingIsIgnored(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, price)
		if _, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		payout := payouts(t, w, c)[0].ID
		wantPayout := func(state escrow.TransferState) {
			t.Helper()
			if got := payouts(t, w, c); len(got) != 1 || got[0].State != state {
				t.Errorf("%d payouts, the first %s, want one %s", len(got), got[0].State, state)
			}
		}
		sending := func() (*storetest.Hold, <-chan error) {
			hold, ended := w.Till.Hold(), make(chan error, 1)
			go func() { ended <- w.Service.Submit(t.Context(), payout) }()
			hold.Reached()
			return hold, ended
		}
		first, firstEnded := sending()
		if err := w.Service.Submit(t.Context(), payout); err != nil { // finds it half sent
			t.Fatal(err)
		}
		wantPayout(escrow.TransferUnknown)
		w.Clock.Advance(11 * time.Minute)
		if err := w.Service.Learn(t.Context(), payout, escrow.Finding{Verdict: escrow.NeverSeen, Code: "2032"}, "query"); err != nil {
			t.Fatal(err)
		}
		second, secondEnded := sending()
		first.Answer(escrow.Submission{Outcome: escrow.NotSent, Reason: "too late"})
		if err := <-firstEnded; err != nil {
			t.Errorf("the first sending ends with %v", err)
		}
		wantPayout(escrow.TransferSubmitted)
		second.Answer(escrow.Submission{Outcome: escrow.Taken, Code: "0"})
		if err := <-secondEnded; err != nil {
			t.Errorf("the second sending ends with %v", err)
		}
		wantPayout(escrow.TransferAccepted)
		w.Work()
		wantSent(t, w, 3) // the collection and the payout, twice
		finding := escrow.Finding{Verdict: escrow.Moved, Code: "0", Receipt: "R9", Amount: price}
		if err := w.Service.Learn(t.Context(), payout, finding, "callback"); err != nil {
			t.Fatal(err)
		}
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	})
}

// refusedReversal is the refund of what a stranger paid, which M-Pesa has refused.
func refusedReversal(t *testing.T, w *storetest.World) escrow.Transfer {
	t.Helper()
	_, transfer := paying(t, w)
	finding := paid("R1")
	finding.Payer = "254733000999"
	if err := w.Service.Learn(t.Context(), transfer.ID, finding, "test"); err != nil {
		t.Fatal(err)
	}
	w.Work()
	refund := w.Till.Last(t, escrow.Refund)
	w.Learn(escrow.Refund, notPaid("", "R000002"))
	return refund
}

// A refund that no rule knows a way for is given back by hand in the portal, booked
// under its receipt once, and until then it cannot be forgotten.
func TestWhatIsSettledByHandIsBooked(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		refund := refusedReversal(t, w)
		wantItems(t, w, "[payout_failed]")
		if err := w.Service.Retry(t.Context(), refund.ID, "", w.Errand("k")); err == nil {
			t.Error("the buyer would be paid what another paid")
		}
		if got := closeFirst(t, w); !errors.Is(got, escrow.Refuse(escrow.LastItem)) {
			t.Errorf("the item was closed: %v", got)
		}
		if err := w.Service.SettledByHand(t.Context(), refund.ID, escrow.MethodReversal, "RHAND", w.Errand("k2")); err != nil {
			t.Fatal(err)
		}
		if err := w.Service.SettledByHand(t.Context(), refund.ID, escrow.MethodReversal, "RHAND2", w.Errand("k3")); err == nil {
			t.Error("it was booked twice")
		}
		wantItems(t, w, "[]")
		wantBalance(t, w, escrow.Suspense, 0)
		wantBalance(t, w, escrow.MpesaCollection, 0)
	})
}

// closeFirst tries to close the oldest open item.
func closeFirst(t *testing.T, w *storetest.World) error {
	t.Helper()
	items, err := w.Store.OpenItems(t.Context())
	if err != nil || len(items) == 0 {
		t.Fatalf("%d open items, %v", len(items), err)
	}
	e := w.Errand("close")
	return w.Service.CloseItem(t.Context(), items[0].ID, escrow.Mediation{
		Key: "close:" + uuid.NewString(), Operator: e.Operator, Reason: "looked at it",
	})
}

// What an item looks after has to be settled before it can be closed.
func TestAnItemThatIsNeededStaysOpen(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T, *storetest.World){
		"payouts are halted": func(_ *testing.T, w *storetest.World) {
			w.DealIn(escrow.Completed, price)
			w.Learn(escrow.Payout, notPaid(escrow.CauseCredential, "2001"))
		},
		"money under nobody's number": func(t *testing.T, w *storetest.World) {
			t.Helper()
			arrive(t, w, arrival(w, "R1", "77"))
		},
		"a dispute": func(t *testing.T, w *storetest.World) {
			t.Helper()
			w.DealIn(escrow.Disputed, price)
		},
		"a payout that failed": func(_ *testing.T, w *storetest.World) {
			w.DealIn(escrow.Completed, price)
			w.Learn(escrow.Payout, notPaid(escrow.CauseNumber, "2040"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				begin(t, w)
				if got := closeFirst(t, w); !errors.Is(got, escrow.Refuse(escrow.LastItem)) {
					t.Errorf("closed: %v", got)
				}
			})
		})
	}
}

package escrow_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// orderedAgain is a deal whose payout M-Pesa called failed and an operator has
// ordered once more. The second has not left us yet.
func orderedAgain(t *testing.T, w *storetest.World) (c escrow.Contract, first, second uuid.UUID) {
	t.Helper()
	c = w.DealIn(escrow.Completed, price)
	w.Learn(escrow.Payout, notPaid("", "x"))
	first = w.Till.Last(t, escrow.Payout).ID
	if err := w.Service.Retry(t.Context(), first, "", w.Errand("k")); err != nil {
		t.Fatal(err)
	}
	return c, first, payouts(t, w, c)[1].ID
}

// submit sends a transfer as its job does, and lets between happen before it is
// answered.
func submit(t *testing.T, w *storetest.World, id uuid.UUID, answer escrow.Submission, between func()) {
	t.Helper()
	hold, ended := w.Till.Hold(), make(chan error, 1)
	go func() { ended <- w.Service.Submit(t.Context(), id) }()
	hold.Reached()
	between()
	hold.Answer(answer)
	err := <-ended
	if _, again := errors.AsType[*escrow.Later](err); err != nil && !again {
		t.Fatal(err)
	}
}

func neverSeen(t *testing.T, w *storetest.World, id uuid.UUID) {
	t.Helper()
	w.Clock.Advance(11 * time.Minute)
	if err := w.Service.Learn(t.Context(), id, escrow.Finding{Verdict: escrow.NeverSeen, Code: "2032"}, "query"); err != nil {
		t.Fatal(err)
	}
}

// The first attempt is paid after all while nobody knows yet whether the second was
// taken. It was not: then the first counts, and the second is not sent any more.
func TestNothingIsSentBesideWhatWasPaidAfterAll(t *testing.T) {
	t.Parallel()
	unknown, notSent := escrow.Submission{Outcome: escrow.Unknown}, escrow.Submission{Outcome: escrow.NotSent, Code: "500.003.02"}
	for name, way := range map[string]func(*testing.T, *storetest.World, uuid.UUID, func()){
		"the second was not taken": func(t *testing.T, w *storetest.World, second uuid.UUID, late func()) {
			t.Helper()
			submit(t, w, second, notSent, late)
		},
		"the second was never seen": func(t *testing.T, w *storetest.World, second uuid.UUID, late func()) {
			t.Helper()
			submit(t, w, second, unknown, late)
			neverSeen(t, w, second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, first, second := orderedAgain(t, w)
				way(t, w, second, func() {
					if err := w.Service.Learn(t.Context(), first, paid("R9"), "late"); err != nil {
						t.Fatal(err)
					}
					wantItems(t, w, "[paid_twice]")
				})
				after(w, 60*time.Hour, time.Hour)
				wantSent(t, w, 3) // the collection and two attempts
				wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
				wantItems(t, w, "[]")
				wantBalance(t, w, escrow.PayableAccount(c.Seller.ID), 0)
			})
		})
	}
}

// The second attempt was sent twice, and of neither sending anything is known: one
// may yet be done. It is not sent a third time, and a person keeps both.
func TestWhatWasSentTwiceIsNotSentBesideWhatWasPaidAfterAll(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(*testing.T, *storetest.World, uuid.UUID, func()){
		"not taken": func(t *testing.T, w *storetest.World, second uuid.UUID, late func()) {
			t.Helper()
			submit(t, w, second, escrow.Submission{Outcome: escrow.NotSent, Code: "500.003.02"}, late)
		},
		"never seen": func(t *testing.T, w *storetest.World, second uuid.UUID, late func()) {
			t.Helper()
			submit(t, w, second, escrow.Submission{Outcome: escrow.Unknown}, late)
			neverSeen(t, w, second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c, first, second := orderedAgain(t, w)
				submit(t, w, second, escrow.Submission{Outcome: escrow.Unknown}, func() {})
				neverSeen(t, w, second)
				again(t, w, second, func() {
					if err := w.Service.Learn(t.Context(), first, paid("R9"), "late"); err != nil {
						t.Fatal(err)
					}
				})
				after(w, 60*time.Hour, time.Hour)
				wantSent(t, w, 4) // the collection, and three sendings
				if got := payouts(t, w, c)[1].State; got != escrow.TransferUnknown {
					t.Errorf("the second is %s", got)
				}
				if got := fmt.Sprint(w.Items()); got != "[paid_twice payout_silent]" {
					t.Errorf("a person was asked about %s", got)
				}
				if err := w.Service.Learn(t.Context(), second, paid("R10"), "late too"); err != nil {
					t.Fatal(err)
				}
				wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
				wantBalance(t, w, escrow.PayableAccount(c.Seller.ID), 0)
			})
		})
	}
}

package escrow_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func learn(t *testing.T, w *storetest.World, id uuid.UUID, f escrow.Finding) {
	t.Helper()
	if err := w.Service.Learn(t.Context(), id, f, "test"); err != nil {
		t.Fatal(err)
	}
}

// A payout was sent twice, and one sending was paid. That our initiator is refused
// is told with the other: the next payout would be refused too.
func TestARefusalForTheInitiatorHaltsWhateverBecameOfThePayout(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		payout := w.Pay(escrow.Payout, "R9")
		learn(t, w, payout.ID, notPaid(escrow.CauseFloat, "1"))
		wantHalt(t, w, "")
		learn(t, w, payout.ID, notPaid(escrow.CauseCredential, "2001"))
		wantHalt(t, w, escrow.HaltInitiator)
		wantItems(t, w, "[payouts_halted]")
	})
}

// A callback that comes again says nothing new: what it told of was put right.
func TestARepeatedRefusalDoesNotHaltAgain(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		payout, refused := w.Till.Last(t, escrow.Payout), notPaid(escrow.CauseCredential, "2001")
		learn(t, w, payout.ID, refused)
		if err := w.Service.Resume(t.Context(), w.Errand("k")); err != nil {
			t.Fatal(err)
		}
		learn(t, w, payout.ID, refused)
		wantHalt(t, w, "")
	})
}

// The initiator signs the question for the balance too.
func TestAQuestionRefusedForTheInitiatorStopsPayouts(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		for range 2 {
			f := escrow.Finding{Cause: escrow.CauseCredential, Code: "2001", Reason: "invalid initiator"}
			if err := w.Service.InitiatorRefused(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		w.DealIn(escrow.Completed, price)
		after(w, 2*time.Hour, 10*time.Minute)
		wantSent(t, w, 1) // the collection
		wantHalt(t, w, escrow.HaltInitiator)
		wantItems(t, w, "[payouts_halted]")
	})
}

// Only a payout that was sent since the float was found empty shows that it holds
// money again.
func TestWhatWasSentBeforeDoesNotFillTheFloat(t *testing.T) {
	t.Parallel()
	for name, paidLate := range map[string]func(*testing.T, *storetest.World, uuid.UUID){
		"sent before": func(t *testing.T, w *storetest.World, before uuid.UUID) {
			t.Helper()
			learn(t, w, before, paid("R9"))
		},
		"called failed before": func(t *testing.T, w *storetest.World, before uuid.UUID) {
			t.Helper()
			learn(t, w, before, notPaid(escrow.CauseNumber, "2040"))
			learn(t, w, before, paid("R9"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				w.DealIn(escrow.Completed, price)
				before := w.Till.Last(t, escrow.Payout).ID
				w.Clock.Advance(time.Second)
				w.DealIn(escrow.Completed, price+100)
				w.Clock.Advance(time.Second)
				w.Learn(escrow.Payout, notPaid(escrow.CauseFloat, "1"))
				paidLate(t, w, before)
				wantHalt(t, w, escrow.HaltFloat)
			})
		})
	}
}

// What an operator has moved in the portal shows nothing of the float, though the
// payout was let through to see.
func TestWhatWasSettledByHandDoesNotFillTheFloat(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		w.Learn(escrow.Payout, notPaid(escrow.CauseFloat, "1"))
		after(w, 16*time.Minute, time.Minute)
		wantSent(t, w, 3) // the collection, the first, and one to see
		probe := w.Till.Last(t, escrow.Payout)
		learn(t, w, probe.ID, notPaid(escrow.CauseNumber, "2040"))
		if err := w.Service.SettledByHand(t.Context(), probe.ID, escrow.MethodB2C, "RHAND", w.Errand("k")); err != nil {
			t.Fatal(err)
		}
		wantHalt(t, w, escrow.HaltFloat)
		wantItems(t, w, "[payouts_halted]")
	})
}

// While our initiator is halted nothing is sent: the one payout that is let through
// an empty float to see is not used up.
func TestTheInitiatorsHaltUsesUpNoTry(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		w.Learn(escrow.Payout, notPaid(escrow.CauseFloat, "1"))
		before := haltOf(t, w, escrow.HaltFloat)
		f := escrow.Finding{Cause: escrow.CauseCredential, Code: "2001", Reason: "invalid initiator"}
		if err := w.Service.InitiatorRefused(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		after(w, 20*time.Minute, time.Minute)
		wantSent(t, w, 2) // the collection, and the payout that found the float empty
		if now := haltOf(t, w, escrow.HaltFloat); !now.ProbedAt.Equal(before.ProbedAt) {
			t.Errorf("tried at %s, while nothing could be sent", now.ProbedAt)
		}
	})
}

func haltOf(t *testing.T, w *storetest.World, kind escrow.HaltKind) escrow.Halt {
	t.Helper()
	halts, err := w.Service.Halts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range halts {
		if h.Kind == kind {
			return h
		}
	}
	t.Fatalf("no halt by %s among %v", kind, halts)
	return escrow.Halt{}
}

package escrow_test

import (
	"errors"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// A contract that no time moves on keeps whoever was called about it, also where
// something else about it waits for a person too.
func TestAnotherItemDoesNotLookAfterAContract(t *testing.T) {
	t.Parallel()
	for kind, begin := range map[escrow.ItemKind]func(*storetest.World){
		escrow.ItemDispute: func(w *storetest.World) { w.DealIn(escrow.Disputed, price) },
		escrow.ItemInspectionOver: func(w *storetest.World) {
			w.DealIn(escrow.Delivered, price)
			w.PassTo(eat(9, 9))
		},
		escrow.ItemAcceptedSilent: func(w *storetest.World) {
			w.DealIn(escrow.Accepted, price)
			w.PassTo(eat(9, 9))
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				begin(w)
				w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.Processing, Code: "x", Alarm: true})
				wantItems(t, w, "["+string(kind)+" provider_alarm]")
				if err := closeFirst(t, w); !errors.Is(err, escrow.Refuse(escrow.LastItem)) {
					t.Errorf("it is closed: %v", err)
				}
				if err := closeKind(t, w, escrow.ItemProviderAlarm); err != nil {
					t.Errorf("the other stays open: %v", err)
				}
				w.Prove()
			})
		})
	}
}

// closeKind closes the open item of the kind.
func closeKind(t *testing.T, w *storetest.World, kind escrow.ItemKind) error {
	t.Helper()
	items, err := w.Store.OpenItems(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		if item.Kind == kind {
			m := escrow.Mediation{Key: "close:" + item.ID.String(), Operator: w.Errand("").Operator, Reason: "looked at it"}
			return w.Service.CloseItem(t.Context(), item.ID, m)
		}
	}
	t.Fatalf("no item %s among %v", kind, items)
	return nil
}

// While the other attempt is under way nobody forgets that one was paid.
func TestPaidTwiceStaysOpenWhileTheOtherGoesOn(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		first := w.Till.Last(t, escrow.Payout)
		w.Learn(escrow.Payout, notPaid("", "x"))
		if err := w.Service.Retry(t.Context(), first.ID, "", w.Errand("k")); err != nil {
			t.Fatal(err)
		}
		w.Work()
		if err := w.Service.Learn(t.Context(), first.ID, paid("R8"), "late"); err != nil {
			t.Fatal(err)
		}
		if err := closeKind(t, w, escrow.ItemPaidTwice); !errors.Is(err, escrow.Refuse(escrow.LastItem)) {
			t.Errorf("it is closed: %v", err)
		}
		w.Pay(escrow.Payout, "R9")
		if err := closeKind(t, w, escrow.ItemPaidTwice); err != nil {
			t.Errorf("it stays open: %v", err)
		}
	})
}

// A payout that is to be sent again has no use for the watch over its first sending.
func TestTheWatchEndsWhereAPayoutIsSentAgain(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.Till.Answer(escrow.Submission{Outcome: escrow.Taken, Code: "0"}, escrow.Submission{Outcome: escrow.Unknown})
		w.DealIn(escrow.Completed, price)
		payout := w.Till.Last(t, escrow.Payout)
		w.Clock.Advance(11 * time.Minute)
		w.Till.Say(payout.ID, escrow.Finding{Verdict: escrow.NeverSeen, Code: "2032"})
		if err := w.Service.Watch(t.Context(), payout.ID); err != nil {
			t.Errorf("it goes on: %v", err)
		}
		w.Work()
		wantSent(t, w, 3)
	})
}

package escrow_test

import (
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// Money moved when it was booked, however late its receipt is told, and where M-Pesa
// told none the move is shown all the same.
func TestMoneyMovedOnTheDayItWasBooked(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, _ := paying(t, w)
		booked := w.Clock.Now()
		wantMoved := func(receipt string) {
			t.Helper()
			_, moves, err := w.Service.Moves(t.Context(), amina, c.Ref)
			if err != nil || len(moves) != 1 {
				t.Fatalf("%v, %v", moves, err)
			}
			got := moves[0]
			if got.Kind != escrow.Collect || got.Receipt != receipt || !got.At.Equal(booked) {
				t.Errorf("%s %q at %s, want %q at %s", got.Kind, got.Receipt, got.At, receipt, booked)
			}
		}
		w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.Moved, Code: "0"})
		wantMoved("")
		const late = 26 * time.Hour
		w.Clock.Advance(late)
		w.Learn(escrow.Collect, paid("R1"))
		wantMoved("R1")
		w.Prove()
	})
}

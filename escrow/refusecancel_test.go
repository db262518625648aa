package escrow_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// A no ends the wish to call off: whoever asked is told, the code of the wish agrees
// to nothing any more, and the deal goes on.
func TestANoEndsTheWish(t *testing.T) {
	t.Parallel()
	for _, state := range funded() {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := askToCancel(w, w.DealIn(state, price), amina)
				code := w.Codes.ForCancel(c)
				refuse := w.Command(otieno, c.Ref)
				for i := range 2 {
					result, err := w.Service.RefuseCancel(t.Context(), refuse)
					if err != nil || result.Contract.CancelBy != "" || result.Repeated != (i > 0) {
						t.Fatalf("run %d: asked by %q, %v", i, result.Contract.CancelBy, err)
					}
				}
				w.Work()
				if told := w.Postbox.To(amina); told[len(told)-1] != escrow.MsgCancelRefused {
					t.Errorf("the buyer was told %v", told)
				}
				agree := w.Command(otieno, c.Ref)
				agree.Channel, agree.Code = escrow.ChannelSMS, code
				if _, err := w.Service.AgreeCancel(t.Context(), agree); !errors.Is(err, escrow.Refuse(escrow.NotNow)) {
					t.Errorf("agreed after the no: %v", err)
				}
				home, err := w.Service.Home(t.Context(), otieno)
				if err != nil || slices.ContainsFunc(home.Waiting(), func(x escrow.Waiting) bool { return x.Act == escrow.ActAgreeCancel }) {
					t.Errorf("still waits for an answer: %v, %v", home.Waiting(), err)
				}
				wantState(t, w, c, state, escrow.PaymentHeld)
				w.Prove()
			})
		})
	}
}

// A side asks a few times a day, and then takes no for an answer.
func TestAsksToCallOffAreFew(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, price)
		ask := func(who escrow.Phone) string {
			_, err := w.Service.Cancel(t.Context(), w.Command(who, c.Ref))
			if err != nil {
				return refusalIn(err)
			}
			other := map[escrow.Phone]escrow.Phone{amina: otieno, otieno: amina}[who]
			_, err = w.Service.RefuseCancel(t.Context(), w.Command(other, c.Ref))
			return refusalIn(err)
		}
		for i, want := range []string{"ok", "ok", "ok", "ok", "ok", "!enough"} {
			if got := ask(amina); got != want {
				t.Errorf("asked %d times: %s, want %s", i+1, got, want)
			}
		}
		if got := ask(otieno); got != "ok" {
			t.Errorf("the other side asks: %s", got)
		}
		w.Clock.Advance(24 * time.Hour)
		if got := ask(amina); got != "ok" {
			t.Errorf("the next day: %s", got)
		}
		w.Prove()
	})
}

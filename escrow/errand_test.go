package escrow_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// What two operators stand behind is kept with both names, where the item was closed
// and in the contract's history, and in one line whatever the reason looked like.
func TestBothOperatorsAreNamed(t *testing.T) {
	t.Parallel()
	failed := func(t *testing.T, w *storetest.World) (uuid.UUID, uuid.UUID) {
		t.Helper()
		c := w.DealIn(escrow.Completed, w.Policy.FourEyesAbove+100)
		w.Learn(escrow.Payout, notPaid(escrow.CauseNumber, "2040"))
		return c.ID, w.Till.Last(t, escrow.Payout).ID
	}
	stray := func(t *testing.T, w *storetest.World) escrow.Contract {
		t.Helper()
		c := w.DealIn(escrow.Confirmed, w.Policy.FourEyesAbove+100)
		a := arrival(w, "S1", "77")
		a.Amount = c.Payable()
		w.Till.Doubt("S1", escrow.Moved)
		arrive(t, w, a)
		return c
	}
	for name, test := range map[string]struct {
		kind  escrow.ItemKind
		begin func(*testing.T, *storetest.World) (uuid.UUID, func(context.Context, escrow.Errand) error)
		event string // of the contract, where there is one
	}{
		"another number": {escrow.ItemPayoutFailed, func(t *testing.T, w *storetest.World) (uuid.UUID, func(context.Context, escrow.Errand) error) {
			t.Helper()
			c, id := failed(t, w)
			return c, func(ctx context.Context, e escrow.Errand) error { return w.Service.Retry(ctx, id, "+254722000777", e) }
		}, "retry"},
		"settled by hand": {escrow.ItemPayoutFailed, func(t *testing.T, w *storetest.World) (uuid.UUID, func(context.Context, escrow.Errand) error) {
			t.Helper()
			c, id := failed(t, w)
			return c, func(ctx context.Context, e escrow.Errand) error {
				return w.Service.SettledByHand(ctx, id, escrow.MethodB2C, "RHAND", e)
			}
		}, "settled_by_hand"},
		"a stray assigned": {escrow.ItemStrayMoney, func(t *testing.T, w *storetest.World) (uuid.UUID, func(context.Context, escrow.Errand) error) {
			t.Helper()
			c := stray(t, w)
			return c.ID, func(ctx context.Context, e escrow.Errand) error { return w.Service.AssignStray(ctx, "S1", c.Ref, e) }
		}, "stray_assigned"},
		"a stray returned": {escrow.ItemStrayMoney, func(t *testing.T, w *storetest.World) (uuid.UUID, func(context.Context, escrow.Errand) error) {
			t.Helper()
			stray(t, w)
			return uuid.Nil, func(ctx context.Context, e escrow.Errand) error { return w.Service.ReturnStray(ctx, "S1", "SBACK", e) }
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				contract, do := test.begin(t, w)
				items, err := w.Store.OpenItems(t.Context())
				if err != nil || len(items) != 1 || items[0].Kind != test.kind {
					t.Fatalf("items %+v, %v", items, err)
				}
				e := w.Errand("k")
				e.Reason = "in the\nportal "
				for code, second := range map[escrow.Code]string{escrow.UnknownOperator: "", escrow.SameOperator: e.Operator} {
					e.Second = second
					if err := do(t.Context(), e); !errors.Is(err, escrow.Refuse(code)) {
						t.Errorf("alone it is answered %v, want %s", err, code)
					}
				}
				e.Second = w.Operator("Second")
				if err := do(t.Context(), e); err != nil {
					t.Fatal(err)
				}
				wantBothNamed(t, w, items[0], contract, test.event)
				w.Work()
				w.Prove()
			})
		})
	}
}

func wantBothNamed(t *testing.T, w *storetest.World, item escrow.Item, contract uuid.UUID, event string) {
	t.Helper()
	closed, err := w.Store.ItemsOf(t.Context(), item.ContractID)
	if err != nil || len(closed) != 1 || closed[0].Closed.By != "Wanjiku and Second" || closed[0].Closed.Why != "in the portal" {
		t.Errorf("items %+v, %v", closed, err)
	}
	if event == "" {
		return
	}
	events, err := w.Store.Events(t.Context(), contract)
	at := slices.IndexFunc(events, func(e escrow.AuditEvent) bool { return e.Event == event })
	if err != nil || at < 0 || !strings.Contains(events[at].Detail, "Wanjiku and Second") ||
		!strings.HasSuffix(events[at].Detail, ": in the portal") {
		t.Errorf("no event %s names both among %+v, %v", event, events, err)
	}
}

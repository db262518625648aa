package escrow_test

import (
	"errors"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func TestStrayMoney(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Confirmed, price)
		other := w.DealIn(escrow.Confirmed, price+100)
		for _, receipt := range []string{"S1", "S2", "S3"} {
			arrive(t, w, arrival(w, receipt, "77"))
		}
		strays, err := w.Service.Strays(t.Context())
		if err != nil || len(strays) != 3 || strays[0].Payer != "2547 ***** 001" || strays[0].Account != "77" {
			t.Fatalf("strays %+v, %v", strays, err)
		}
		wantItems(t, w, "[stray_money stray_money stray_money]")
		wantBalance(t, w, escrow.Suspense, -3*price)

		assign := func(receipt string, ref escrow.Ref) error {
			return w.Service.AssignStray(t.Context(), receipt, ref, w.Errand("a"))
		}
		if err := errors.Join(assign("S9", c.Ref)); err == nil {
			t.Error("money that is not there was assigned")
		}
		if err := assign("S1", other.Ref); err == nil {
			t.Error("another amount than is due was assigned")
		}
		if err := assign("S1", c.Ref); err != nil {
			t.Fatal(err)
		}
		if err := assign("S1", c.Ref); err == nil {
			t.Error("assigned twice")
		}
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
		if err := assign("S2", c.Ref); err == nil {
			t.Error("a paid contract was paid again")
		}
		if err := w.Service.ReturnStray(t.Context(), "S2", "SBACK", w.Errand("b")); err != nil {
			t.Fatal(err)
		}
		if err := w.Service.ReturnStray(t.Context(), "S2", "SBACK2", w.Errand("c")); err == nil {
			t.Error("returned twice")
		}
		arrive(t, w, arrival(w, "S2", c.Ref)) // told again, by the statement
		wantBalance(t, w, escrow.Suspense, -price)
		wantBalance(t, w, escrow.MpesaCollection, 2*price)
		wantItems(t, w, "[stray_money]")
	})
}

// Whose money much money is, two operators say.
func TestMuchStrayMoneyIsAssignedByTwoOperators(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		much := w.Policy.FourEyesAbove + 100
		c := w.DealIn(escrow.Confirmed, much)
		a := arrival(w, "S1", "77")
		a.Amount = much
		w.Till.Doubt("S1", escrow.Moved)
		arrive(t, w, a)
		errand := w.Errand("k1")
		for code, second := range map[escrow.Code]string{escrow.UnknownOperator: "", escrow.SameOperator: errand.Operator} {
			errand.Second = second
			if err := w.Service.AssignStray(t.Context(), "S1", c.Ref, errand); !errors.Is(err, escrow.Refuse(code)) {
				t.Errorf("alone it is answered %v, want %s", err, code)
			}
		}
		wantItems(t, w, "[stray_money]")
		errand.Second = w.Operator("Second")
		if err := w.Service.AssignStray(t.Context(), "S1", c.Ref, errand); err != nil {
			t.Fatal(err)
		}
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
		wantItems(t, w, "[]")
	})
}

// A mistyped account, and then the prompt says that it was its payment.
func TestAStrayThatAPromptClaims(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c, _ := paying(t, w)
		arrive(t, w, arrival(w, "S1", "77"))
		wantItems(t, w, "[stray_money]")
		w.Learn(escrow.Collect, paid("S1"))
		w.Learn(escrow.Collect, paid("S1"))
		w.Work()
		wantState(t, w, c, escrow.PaymentLocked, escrow.PaymentHeld)
		wantBalance(t, w, escrow.Suspense, 0)
		wantBalance(t, w, escrow.MpesaCollection, price)
		wantItems(t, w, "[]")
	})
}

// How old a payment is that an operator places counts from when it was paid, not
// from when we heard of it or somebody found out whose it is.
func TestAStrayIsAsOldAsItsPayment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		heard, placed time.Duration // after it was paid
		method        escrow.Method
	}{
		"just in time":        {time.Minute, 72*time.Hour - time.Millisecond, escrow.MethodReversal},
		"placed too late":     {time.Minute, 72 * time.Hour, escrow.MethodB2C},
		"heard of late":       {47 * time.Hour, 72*time.Hour - time.Millisecond, escrow.MethodReversal},
		"heard of late, late": {47 * time.Hour, 72 * time.Hour, escrow.MethodB2C},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				a := onStatement(w, "S1", "77")
				w.Clock.Advance(test.heard)
				arrive(t, w, a)
				w.Clock.Advance(test.placed - test.heard)
				c := w.DealIn(escrow.Confirmed, price)
				if err := w.Service.AssignStray(t.Context(), "S1", c.Ref, w.Errand("a")); err != nil {
					t.Fatal(err)
				}
				for _, who := range []escrow.Phone{otieno, amina} {
					if _, err := w.Service.Cancel(t.Context(), w.Command(who, c.Ref)); err != nil {
						t.Fatal(err)
					}
				}
				w.Work()
				if refund := w.Till.Last(t, escrow.Refund); refund.Method != test.method {
					t.Errorf("it goes back by %s, want %s", refund.Method, test.method)
				}
				w.Pay(escrow.Refund, "R2")
				w.Prove()
			})
		})
	}
}

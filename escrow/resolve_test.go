package escrow_test

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// large is above what one mediator decides alone.
const large = escrow.Cents(20_001_00)

func mediation(w *storetest.World, operator string, c escrow.Contract, shillings int64) escrow.Mediation {
	return escrow.Mediation{
		Key: w.Request(amina).Key, Operator: operator, Ref: c.Ref, ToSeller: escrow.Shillings(shillings), Reason: "half was rotten",
	}
}

func wantRefused(t *testing.T, what string, err error, code escrow.Code) {
	t.Helper()
	if !errors.Is(err, escrow.Refuse(code)) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// Shares arrive in either order; the payment is done when both have.
func TestAMediatorDividesTheMoney(t *testing.T) {
	t.Parallel()
	for shillings, want := range map[int64]escrow.PaymentStatus{
		0: escrow.PaymentRefunded, 10: escrow.PaymentReleased, 1_200: escrow.PaymentReleased,
		3_490: escrow.PaymentReleased, 3_500: escrow.PaymentReleased,
	} {
		t.Run(strconv.FormatInt(shillings, 10), func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				faith := w.Operator("Faith")
				c := w.DealIn(escrow.Disputed, price)
				result, err := w.Service.Resolve(t.Context(), mediation(w, faith, c, shillings))
				if err != nil || result.Contract.State != escrow.Resolved {
					t.Fatalf("it is %s, %v", result.Contract.State, err)
				}
				w.Work()
				w.Prove()
				for _, kind := range []escrow.TransferKind{escrow.Refund, escrow.Payout} {
					if slices.ContainsFunc(w.Till.Taken(), func(t escrow.Transfer) bool { return t.Kind == kind }) {
						if view, err := w.Service.View(t.Context(), amina, c.Ref); err != nil || view.Payment != escrow.PaymentHeld {
							t.Errorf("with a share on its way the payment is %s, %v", view.Payment, err)
						}
						w.Pay(kind, w.Receipt())
						w.Prove()
					}
				}
				view, err := w.Service.View(t.Context(), amina, c.Ref)
				if err != nil || view.Payment != want {
					t.Errorf("the payment is %s, want %s, %v", view.Payment, want, err)
				}
				letter := w.Postbox.Last(t, otieno)
				if shillings == 0 && (letter.Template != escrow.MsgResolved || letter.Params.Own != 0 || letter.Params.Rest != price) {
					t.Errorf("the seller is told %+v", letter.Params)
				}
				if items := w.Items(); len(items) != 0 {
					t.Errorf("still open: %v", items)
				}
			})
		})
	}
}

func TestWhatAMediatorCannotDo(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		faith := w.Operator("Faith")
		c := w.DealIn(escrow.Disputed, price)
		for what, test := range map[string]struct {
			change func(*escrow.Mediation)
			want   escrow.Code
		}{
			"a wrong key":         {func(m *escrow.Mediation) { m.Operator = "0123" }, escrow.UnknownOperator},
			"no reason":           {func(m *escrow.Mediation) { m.Reason = " \n" }, escrow.NoReason},
			"too little":          {func(m *escrow.Mediation) { m.ToSeller = escrow.Shillings(9) }, escrow.BadSplit},
			"too little left":     {func(m *escrow.Mediation) { m.ToSeller = escrow.Shillings(3_491) }, escrow.BadSplit},
			"more than there is":  {func(m *escrow.Mediation) { m.ToSeller = escrow.Shillings(3_501) }, escrow.BadSplit},
			"less than nothing":   {func(m *escrow.Mediation) { m.ToSeller = -escrow.Shillings(10) }, escrow.BadSplit},
			"cents":               {func(m *escrow.Mediation) { m.ToSeller = 100_050 }, escrow.BadSplit},
			"no such contract":    {func(m *escrow.Mediation) { m.Ref = "99999" }, escrow.UnknownContract},
			"a contract in peace": {func(m *escrow.Mediation) { m.Ref = w.DealIn(escrow.Delivered, price).Ref }, escrow.NotNow},
			"one that has ended":  {func(m *escrow.Mediation) { m.Ref = w.DealIn(escrow.Cancelled, price).Ref }, escrow.Closed},
		} {
			m := mediation(w, faith, c, 1_000)
			test.change(&m)
			_, err := w.Service.Resolve(t.Context(), m)
			wantRefused(t, what, err, test.want)
		}
		m := mediation(w, faith, c, 1_000)
		for i := range 3 {
			result, err := w.Service.Resolve(t.Context(), m)
			if err != nil || result.Repeated != (i > 0) {
				t.Fatalf("run %d: %+v, %v", i, result.Repeated, err)
			}
		}
		_, err := w.Service.Resolve(t.Context(), mediation(w, faith, c, 2_000))
		wantRefused(t, "a second ruling", err, escrow.Already)
		w.Work()
		if n := len(w.Till.Taken()); n != 4 { // two collections, and the two shares
			t.Errorf("%d transfers", n)
		}
	})
}

func TestLargeSumsTakeFourEyes(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		faith, brian, gone := w.Operator("Faith"), w.Operator("Brian"), w.Operator("Gone")
		if ok, err := w.Store.DisableOperator(t.Context(), "Gone", w.Clock.Now()); !ok || err != nil {
			t.Fatal(ok, err)
		}
		c := w.DealIn(escrow.Disputed, large)
		_, err := w.Service.Approve(t.Context(), mediation(w, brian, c, 0))
		wantRefused(t, "approving nothing", err, escrow.NotNow)
		result, err := w.Service.Resolve(t.Context(), mediation(w, faith, c, 5_000))
		if err != nil || result.Contract.State != escrow.Disputed {
			t.Fatalf("it is %s, %v", result.Contract.State, err)
		}
		w.Work()
		if n := len(w.Till.Taken()); n != 1 {
			t.Fatalf("%d transfers before anybody approved", n)
		}
		w.Prove()
		_, err = w.Service.Resolve(t.Context(), mediation(w, faith, c, 5_000))
		wantRefused(t, "the same again", err, escrow.Already)
		_, err = w.Service.Resolve(t.Context(), mediation(w, brian, c, 5_000))
		wantRefused(t, "another's beside it", err, escrow.RulingWaits)
		_, err = w.Service.Approve(t.Context(), mediation(w, faith, c, 0))
		wantRefused(t, "the same operator", err, escrow.SameOperator)
		_, err = w.Service.Approve(t.Context(), mediation(w, gone, c, 0))
		wantRefused(t, "a disabled operator", err, escrow.UnknownOperator)
		if _, err = w.Service.Reject(t.Context(), mediation(w, brian, c, 0)); err != nil {
			t.Fatal(err)
		}
		_, err = w.Service.Approve(t.Context(), mediation(w, brian, c, 0))
		wantRefused(t, "what was rejected", err, escrow.NotNow)
		if _, err = w.Service.Resolve(t.Context(), mediation(w, faith, c, 6_000)); err != nil {
			t.Fatal(err)
		}
		if result, err = w.Service.Approve(t.Context(), mediation(w, brian, c, 0)); err != nil || result.Contract.State != escrow.Resolved {
			t.Fatalf("it is %s, %v", result.Contract.State, err)
		}
		w.Work()
		if got := w.Till.Last(t, escrow.Payout).Amount; got != escrow.Shillings(6_000) {
			t.Errorf("the seller gets %s", got)
		}
		_, err = w.Service.Approve(t.Context(), mediation(w, brian, c, 0))
		wantRefused(t, "approving twice", err, escrow.Already)
		w.Pay(escrow.Payout, w.Receipt())
		w.Pay(escrow.Refund, w.Receipt())
	})
}

// Two approve at once, or one approves what the parties settle at that moment:
// the money leaves once.
func TestRulingsAtOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		faith, brian, ann := w.Operator("Faith"), w.Operator("Brian"), w.Operator("Ann")
		for range 5 {
			c := w.DealIn(escrow.Disputed, large)
			if _, err := w.Service.Resolve(t.Context(), mediation(w, faith, c, 5_000)); err != nil {
				t.Fatal(err)
			}
			first, second, withdraw := mediation(w, brian, c, 0), mediation(w, ann, c, 0), w.Command(amina, c.Ref)
			var errs [3]error
			var wg sync.WaitGroup
			wg.Go(func() { _, errs[0] = w.Service.Approve(t.Context(), first) })
			wg.Go(func() { _, errs[1] = w.Service.Approve(t.Context(), second) })
			wg.Go(func() { _, errs[2] = w.Service.Withdraw(t.Context(), withdraw) })
			wg.Wait()
			if n := slices.DeleteFunc(errs[:], func(err error) bool { return err != nil }); len(n) != 1 {
				t.Fatalf("%d won", len(n))
			}
			w.Work()
			w.Prove()
		}
	})
}

// A ruling that waits for a second operator dies with its dispute: the next
// dispute is another one.
func TestARulingLapsesWithItsDispute(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		faith, brian := w.Operator("Faith"), w.Operator("Brian")
		c := w.DealIn(escrow.Disputed, large)
		if _, err := w.Service.Resolve(t.Context(), mediation(w, faith, c, 5_000)); err != nil {
			t.Fatal(err)
		}
		for _, act := range []useCase{{"withdraw", w.Service.Withdraw}, {"dispute", w.Service.Dispute}} {
			if _, err := act.do(t.Context(), w.Command(amina, c.Ref)); err != nil {
				t.Fatal(act.name, err)
			}
		}
		_, err := w.Service.Approve(t.Context(), mediation(w, brian, c, 0))
		wantRefused(t, "a ruling of the dispute before", err, escrow.NotNow)
		rulings, err := w.Store.Rulings(t.Context(), c.ID)
		if err != nil || len(rulings) != 1 || rulings[0].State != escrow.RulingLapsed {
			t.Errorf("rulings %+v, %v", rulings, err)
		}
		w.Work()
	})
}

func TestItemsAreClosedByName(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		faith := w.Operator("Faith")
		c := w.DealIn(escrow.Completed, price)
		w.Learn(escrow.Payout, escrow.Finding{Verdict: escrow.NotMoved, Code: "2001", Reason: "no such number", Alarm: true})
		w.Work()
		held := w.DealIn(escrow.Disputed, price)
		items, err := w.Store.OpenItems(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m := escrow.Mediation{Operator: faith, Reason: "called the seller", Key: "test:close"}
		for _, item := range items {
			if item.Kind == escrow.ItemPayoutFailed {
				continue // the seller's money still waits for somebody
			}
			err := w.Service.CloseItem(t.Context(), item.ID, m)
			if item.ContractID == held.ID {
				wantRefused(t, "the last eye on a dispute", err, escrow.LastItem)
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", item.Kind, err)
			}
			wantRefused(t, "twice", w.Service.CloseItem(t.Context(), item.ID, m), escrow.Already)
		}
		wantRefused(t, "without a key", w.Service.CloseItem(t.Context(), items[0].ID, escrow.Mediation{Reason: "x"}), escrow.UnknownOperator)
		wantRefused(t, "without reason", w.Service.CloseItem(t.Context(), items[0].ID, escrow.Mediation{Operator: faith}), escrow.NoReason)
		all, err := w.Store.ItemsOf(t.Context(), c.ID)
		if err != nil || !slices.ContainsFunc(all, func(i escrow.Item) bool { return i.Closed.By == "Faith" && i.Closed.Why == m.Reason }) {
			t.Errorf("items %+v, %v", all, err)
		}
		last := eventsOf(w, c)[len(eventsOf(w, c))-1]
		if last.Event != "item_closed" || last.Channel != escrow.ChannelOperator || last.Detail != "provider_alarm: "+m.Reason {
			t.Errorf("the history ends with %+v", last)
		}
	})
}

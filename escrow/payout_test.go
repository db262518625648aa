package escrow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func notPaid(cause escrow.Cause, code string) escrow.Finding {
	return escrow.Finding{Verdict: escrow.NotMoved, Cause: cause, Code: code, Reason: "says M-Pesa"}
}

// What follows when M-Pesa will not pay the seller, by its reason.
func TestWhatFollowsWhenAPayoutFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause   escrow.Cause
		told    escrow.Template
		items   string
		retried bool
		halted  escrow.HaltKind
	}{
		"the seller's day is full":   {escrow.CauseLimit, escrow.MsgPayoutTomorrow, "[]", true, ""},
		"the number is not known":    {escrow.CauseNumber, escrow.MsgPayoutNumber, "[payout_failed]", false, ""},
		"our float is empty":         {escrow.CauseFloat, escrow.MsgCompletedSeller, "[payouts_halted]", true, escrow.HaltFloat},
		"our initiator is locked":    {escrow.CauseCredential, escrow.MsgCompletedSeller, "[payouts_halted]", true, escrow.HaltInitiator},
		"our set-up is wrong":        {escrow.CauseConfig, escrow.MsgCompletedSeller, "[payouts_halted]", true, escrow.HaltInitiator},
		"for a reason we do not get": {"", escrow.MsgPayoutDelayed, "[payout_failed]", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(escrow.Completed, price)
				first := w.Till.Last(t, escrow.Payout)
				for range 3 {
					w.Learn(escrow.Payout, notPaid(test.cause, "code"))
				}
				w.Work()
				if last := w.Postbox.Last(t, otieno); last.Template != test.told {
					t.Errorf("the seller was told %s, want %s", last.Template, test.told)
				}
				wantItems(t, w, test.items)
				wantHalt(t, w, test.halted)
				transfers := payouts(t, w, c)
				if again := len(transfers) == 2; again != test.retried {
					t.Fatalf("%d attempts", len(transfers))
				}
				if test.retried && (transfers[1].Attempt != 2 || transfers[1].ID == first.ID) {
					t.Errorf("attempt %d under id %s", transfers[1].Attempt, transfers[1].ID)
				}
				wantSent(t, w, 2) // the collection and the first payout: nothing is sent at once again
			})
		})
	}
}

func payouts(t *testing.T, w *storetest.World, c escrow.Contract) []escrow.Transfer {
	t.Helper()
	all, err := w.Store.TransfersOf(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var list []escrow.Transfer
	for _, transfer := range all {
		if transfer.Kind != escrow.Collect {
			list = append(list, transfer)
		}
	}
	return list
}

func wantHalt(t *testing.T, w *storetest.World, want escrow.HaltKind) {
	t.Helper()
	halts, err := w.Service.Halts(t.Context())
	var got escrow.HaltKind
	for _, h := range halts {
		got += h.Kind
	}
	if err != nil || got != want {
		t.Errorf("payouts are halted by %q, want %q, %v", got, want, err)
	}
}

// The limits of the receiver's day: three mornings, then a person.
func TestAFullWalletIsTriedOnThreeMornings(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		for day := 1; day < 3; day++ {
			w.Learn(escrow.Payout, notPaid(escrow.CauseLimit, "4"))
			w.Work()
			next := payouts(t, w, c)[day]
			if at := next.NotBefore.In(escrow.EAT); at.Hour() != 6 || at.Minute() != 0 || !at.After(w.Clock.Now()) {
				t.Errorf("tried again at %s", at)
			}
			w.Clock.Advance(next.NotBefore.Sub(w.Clock.Now()) - time.Millisecond)
			if err := w.Service.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.Work()
			wantSent(t, w, 1+day)
			w.Clock.Advance(2 * time.Millisecond)
			w.Work()
			wantSent(t, w, 2+day)
		}
		w.Learn(escrow.Payout, notPaid(escrow.CauseLimit, "4"))
		w.Work()
		wantItems(t, w, "[payout_failed]")
		wantTold(t, w, otieno, "[agreed_seller funded_seller completed_seller "+strings.Repeat("payout_tomorrow ", 2)+"payout_delayed]")
		if err := w.Service.Retry(t.Context(), payouts(t, w, c)[2].ID, "", w.Errand("k1")); err != nil {
			t.Fatal(err)
		}
		w.Work()
		w.Pay(escrow.Payout, "R9")
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
		wantItems(t, w, "[]")
	})
}

// What was ordered again for another cause was not refused by the receiver's
// limits: they get their three days all the same, and again after an operator.
func TestOnlyFullDaysCountTowardsTheThree(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		fullFor := func(days int) {
			for range days {
				w.Learn(escrow.Payout, notPaid(escrow.CauseLimit, "4"))
				all := payouts(t, w, c)
				w.Clock.Advance(max(all[len(all)-1].NotBefore.Sub(w.Clock.Now()), 0))
				w.Work()
			}
		}
		for range 2 {
			w.Learn(escrow.Payout, notPaid(escrow.CauseFloat, "1"))
			if err := w.Service.Resume(t.Context(), w.Errand("k")); err != nil {
				t.Fatal(err)
			}
			after(w, 2*time.Minute, time.Minute)
		}
		fullFor(2)
		wantItems(t, w, "[]")
		wantSent(t, w, 6) // the collection, the first, two for the float and two mornings
		fullFor(1)
		wantItems(t, w, "[payout_failed]")
		if err := w.Service.Retry(t.Context(), w.Till.Last(t, escrow.Payout).ID, "", w.Errand("k1")); err != nil {
			t.Fatal(err)
		}
		w.Work()
		fullFor(2)
		wantItems(t, w, "[]")
		w.Pay(escrow.Payout, "R9")
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	})
}

func TestAnOperatorPaysToAnotherNumber(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		first := w.Till.Last(t, escrow.Payout)
		other := escrow.Phone("+254722000777")
		if err := w.Service.Retry(t.Context(), first.ID, other, w.Errand("k1")); err == nil {
			t.Error("a payout under way was ordered again")
		}
		w.Learn(escrow.Payout, notPaid(escrow.CauseNumber, "2040"))
		if err := w.Service.Retry(t.Context(), first.ID, other, escrow.Errand{Key: "k2", Operator: w.Operator("Hasty")}); err == nil {
			t.Error("no reason was asked for")
		}
		if err := w.Service.Retry(t.Context(), first.ID, other, w.Errand("k3")); err != nil {
			t.Fatal(err)
		}
		if err := w.Service.Retry(t.Context(), first.ID, other, w.Errand("k4")); err == nil ||
			!strings.Contains(err.Error(), "attempt 2 of the same money is created") {
			t.Errorf("ordered twice: %v", err)
		}
		w.Work()
		paid := w.Pay(escrow.Payout, "R9")
		if paid.Party.Phone != other {
			t.Errorf("paid to %s", paid.Party.Phone)
		}
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
		wantItems(t, w, "[]")
		wantTold(t, w, otieno, "[agreed_seller funded_seller completed_seller payout_number paid_seller]")
	})
}

// Whichever attempt an operator names, what the others asked of a person is done
// with it.
func TestAnEarlierAttemptIsNamed(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		w.DealIn(escrow.Completed, price)
		first := w.Till.Last(t, escrow.Payout)
		for _, key := range []string{"k1", "k2"} {
			w.Learn(escrow.Payout, notPaid(escrow.CauseNumber, "2040"))
			if err := w.Service.Retry(t.Context(), first.ID, "", w.Errand(key)); err != nil {
				t.Fatal(err)
			}
			w.Work()
		}
		w.Pay(escrow.Payout, "R9")
		wantItems(t, w, "[]")
	})
}

// A wrong initiator stops everything that it signs, for everybody, until an
// operator has put it right.
func TestALockedInitiatorStopsEveryPayout(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		first := w.DealIn(escrow.Completed, price)
		w.Learn(escrow.Payout, notPaid(escrow.CauseCredential, "8006"))
		second := w.DealIn(escrow.Completed, price+100)
		sent := len(w.Till.Taken())
		asked := w.Till.Asked()
		after(w, 26*time.Hour, 7*time.Minute)
		if err := w.Service.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Work()
		wantSent(t, w, sent)
		if n := w.Till.Asked(); n != asked {
			t.Errorf("%d questions were put under a locked initiator", n-asked)
		}
		wantItems(t, w, "[payouts_halted]")
		if err := w.Service.Balances(t.Context(), balance(w, 1_000_000), "test"); err != nil {
			t.Fatal(err)
		}
		wantHalt(t, w, escrow.HaltInitiator) // money does not mend a password
		for name, e := range map[string]escrow.Errand{
			"no reason": {Key: "k", Operator: w.Errand("k").Operator},
			"no key":    {Key: "k", Reason: "the password is new"},
		} {
			if err := w.Service.Resume(t.Context(), e); escrow.RefusalOf(err) == nil {
				t.Errorf("%s: resumed, %v", name, err)
			}
		}
		if err := w.Service.Resume(t.Context(), w.Errand("k")); err != nil {
			t.Fatal(err)
		}
		after(w, 2*time.Minute, time.Minute)
		wantSent(t, w, sent+2)
		wantItems(t, w, "[]")
		for _, c := range []escrow.Contract{first, second} {
			payNewest(t, w, c)
			wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
		}
	})
}

// payNewest makes the newest payout of a contract arrive.
func payNewest(t *testing.T, w *storetest.World, c escrow.Contract) {
	t.Helper()
	all := payouts(t, w, c)
	newest := all[len(all)-1]
	finding := escrow.Finding{Verdict: escrow.Moved, Code: "0", Receipt: w.Receipt(), Amount: newest.Amount}
	if err := w.Service.Learn(t.Context(), newest.ID, finding, "test"); err != nil {
		t.Fatal(err)
	}
	w.Work()
}

func balance(w *storetest.World, shillings int64) escrow.Balance {
	amount := escrow.Shillings(shillings)
	return escrow.Balance{At: w.Clock.Now(), Accounts: []escrow.BalanceLine{
		{Name: "Working Account", Current: escrow.Shillings(1), Available: escrow.Shillings(1)},
		{Name: escrow.UtilityAccount, Current: amount, Available: amount},
	}}
}

// A status query that is refused for our initiator says nothing about the
// payout, and stops the next ones all the same.
func TestAQueryRefusedForTheInitiatorHaltsToo(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		w.Learn(escrow.Payout, escrow.Finding{Verdict: escrow.NoAnswer, Cause: escrow.CauseCredential, Code: "21", Alarm: true})
		wantHalt(t, w, escrow.HaltInitiator)
		wantItems(t, w, "[payouts_halted]")
		w.Pay(escrow.Payout, "R9")
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	})
}

func TestAnEmptyFloatFillsAgain(t *testing.T) {
	t.Parallel()
	t.Run("told by the balance", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, w *storetest.World) {
			t.Helper()
			c := w.DealIn(escrow.Completed, price)
			w.Learn(escrow.Payout, notPaid(escrow.CauseFloat, "1"))
			after(w, 10*time.Minute, time.Minute)
			wantSent(t, w, 2)
			for shillings, halt := range map[int64]escrow.HaltKind{3_499: escrow.HaltFloat} {
				if err := w.Service.Balances(t.Context(), balance(w, shillings), "test"); err != nil {
					t.Fatal(err)
				}
				wantHalt(t, w, halt)
			}
			w.Clock.Advance(time.Second)
			for range 2 { // the report comes twice
				if err := w.Service.Balances(t.Context(), balance(w, 3_500), "test"); err != nil {
					t.Fatal(err)
				}
			}
			wantHalt(t, w, "")
			wantItems(t, w, "[]")
			after(w, 2*time.Minute, time.Minute)
			w.Pay(escrow.Payout, "R9")
			wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
			newest, err := w.Store.ProviderBalances(t.Context())
			if err != nil || newest[escrow.UtilityAccount].Accounts[0].Available != price {
				t.Errorf("balances %v, %v", newest, err)
			}
		})
	})
	t.Run("but not told by a balance of before", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, w *storetest.World) {
			t.Helper()
			w.DealIn(escrow.Completed, price)
			old := balance(w, 3_500)
			w.Clock.Advance(time.Second)
			w.Learn(escrow.Payout, notPaid(escrow.CauseFloat, "1"))
			tell := func(b escrow.Balance, halt escrow.HaltKind) {
				t.Helper()
				if err := w.Service.Balances(t.Context(), b, "test"); err != nil {
					t.Fatal(err)
				}
				wantHalt(t, w, halt)
			}
			tell(old, escrow.HaltFloat)
			between := balance(w, 3_500)
			after(w, 16*time.Minute, time.Minute) // one is let through, and finds it empty still
			w.Learn(escrow.Payout, notPaid(escrow.CauseFloat, "1"))
			tell(between, escrow.HaltFloat)
			ofPayBill := balance(w, 3_500)
			ofPayBill.PayBill = true
			tell(ofPayBill, escrow.HaltFloat)
			w.Clock.Advance(time.Second)
			tell(balance(w, 3_500), "")
		})
	})
	t.Run("tried one at a time", func(t *testing.T) {
		t.Parallel()
		onEachEngine(t, func(t *testing.T, w *storetest.World) {
			t.Helper()
			first := w.DealIn(escrow.Completed, price)
			w.Learn(escrow.Payout, notPaid(escrow.CauseFloat, "1"))
			second := w.DealIn(escrow.Completed, price+100)
			wantSent(t, w, 3) // two collections and one payout
			after(w, 16*time.Minute, time.Minute)
			wantSent(t, w, 4) // one probe, and the other waits
			w.Learn(escrow.Payout, notPaid(escrow.CauseFloat, "1"))
			after(w, 10*time.Minute, time.Minute)
			wantSent(t, w, 4)
			after(w, 8*time.Minute, time.Minute)
			wantSent(t, w, 5)
			w.Pay(escrow.Payout, w.Receipt()) // it goes through: the halt is over
			wantHalt(t, w, "")
			after(w, 2*time.Minute, time.Minute)
			wantSent(t, w, 6)
			w.Pay(escrow.Payout, w.Receipt())
			for _, c := range []escrow.Contract{first, second} {
				wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
			}
			wantItems(t, w, "[]")
		})
	})
}

// The queue's time ran out, and it was paid all the same.
func TestAQueueTimeOutIsNoFailure(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		w.Learn(escrow.Payout, escrow.Finding{Verdict: escrow.NoAnswer, Code: "timeout"})
		after(w, 5*time.Minute, 30*time.Second)
		wantSent(t, w, 2)
		wantState(t, w, c, escrow.Completed, escrow.PaymentHeld)
		w.Pay(escrow.Payout, "R9")
		wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
		wantItems(t, w, "[]")
	})
}

package escrow_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// eat is a moment of the first days of the test's world, which begins on
// Thursday, 3 December at nine in the morning.
func eat(day, hour int) time.Time { return time.Date(2026, 12, day, hour, 0, 0, 0, escrow.EAT) }

func stateOf(t *testing.T, w *storetest.World, c escrow.Contract) escrow.Contract {
	t.Helper()
	view, err := w.Service.View(t.Context(), amina, c.Ref)
	if err != nil {
		t.Fatal(err)
	}
	return view.Contract
}

// ends are the states with a time of their own: when it is over by the clock of
// a world that begins at nine, and what then becomes of the contract; the first
// to end comes first.
func ends() []struct {
	state escrow.State
	end   time.Time
	then  escrow.State
	item  escrow.ItemKind
	told  escrow.Template // to both; empty for nobody
} {
	return []struct {
		state escrow.State
		end   time.Time
		then  escrow.State
		item  escrow.ItemKind
		told  escrow.Template
	}{
		{escrow.Confirmed, eat(4, 9), escrow.Expired, "", escrow.MsgExpired},
		{escrow.Pending, eat(5, 9), escrow.Expired, "", escrow.MsgExpired},
		{escrow.Delivered, eat(6, 9), escrow.Disputed, escrow.ItemInspectionOver, escrow.MsgInspectionOver},
		// Money came after eight on the last day of delivery: the day after counts.
		{escrow.PaymentLocked, eat(7, 0), escrow.Disputed, escrow.ItemOverdueUnwarned, escrow.MsgOverdueUnwarned},
		{escrow.Accepted, eat(8, 9), escrow.Accepted, escrow.ItemAcceptedSilent, ""},
	}
}

// What time brings comes at its moment, not a millisecond before, and once.
func TestTimeBrings(t *testing.T) {
	t.Parallel()
	for _, test := range ends() {
		t.Run(string(test.state), func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(test.state, price)
				w.PassTo(test.end.Add(-time.Millisecond))
				if got := stateOf(t, w, c).State; got != test.state || len(w.Items()) != 0 {
					t.Fatalf("a millisecond early it is %s, items %v", got, w.Items())
				}
				w.Prove()
				w.PassTo(test.end)
				if got := stateOf(t, w, c).State; got != test.then {
					t.Fatalf("it is %s, want %s", got, test.then)
				}
				if got := w.Items(); test.item != "" && fmt.Sprint(got) != fmt.Sprint([]escrow.ItemKind{test.item}) {
					t.Errorf("operator items %v", got)
				}
				told := [][]escrow.Template{w.Postbox.To(amina), w.Postbox.To(otieno)}
				for _, templates := range told {
					if test.told != "" && templates[len(templates)-1] != test.told {
						t.Errorf("the last message is %s, want %s", templates[len(templates)-1], test.told)
					}
				}
				w.Pass(30 * 24 * time.Hour)
				if after := [][]escrow.Template{w.Postbox.To(amina), w.Postbox.To(otieno)}; fmt.Sprint(after) != fmt.Sprint(told) {
					t.Errorf("a month later %v were told, before %v", after, told)
				}
			})
		})
	}
}

// A party who acts in the last millisecond is in time; one who acts when the
// time is over, but before we noticed, is too: nobody has been told anything.
func TestTheLastMoment(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]time.Duration{"before": -time.Millisecond, "at": 0, "after": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(escrow.Pending, price)
				w.PassTo(eat(4, 9))
				w.Clock.Set(eat(5, 9).Add(early))
				if _, err := w.Service.Agree(t.Context(), w.Command(amina, c.Ref)); err != nil {
					t.Fatal(err)
				}
				w.Work()
				if got := stateOf(t, w, c); got.State != escrow.Confirmed || !got.Due.At.Equal(w.Clock.Now().Add(24*time.Hour)) {
					t.Errorf("it is %s until %s", got.State, got.Due.At)
				}
			})
		})
	}
}

// The seller is warned twice by day, and loses the money only if both warnings
// are known to have arrived.
func TestOverdueAfterTwoDeliveredWarnings(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.PaymentLocked, price)
		w.PassTo(eat(4, 8))
		wantLast(t, w, otieno, escrow.MsgWarnFirst, "2026-12-06")
		w.PassTo(eat(5, 8))
		wantLast(t, w, otieno, escrow.MsgWarnLast, "2026-12-06")
		w.Delivered()
		w.PassTo(eat(7, 0))
		if got := stateOf(t, w, c).State; got != escrow.Cancelled {
			t.Fatalf("it is %s", got)
		}
		w.Pay(escrow.Refund, w.Receipt())
		wantTold(t, w, amina, "[proposed funded_buyer overdue refunded]")
		wantTold(t, w, otieno, "[agreed_seller funded_seller warn_first warn_last overdue]")
		if items := w.Items(); len(items) != 0 {
			t.Errorf("operator items %v", items)
		}
	})
}

func wantLast(t *testing.T, w *storetest.World, phone escrow.Phone, template escrow.Template, until string) {
	t.Helper()
	letter := w.Postbox.Last(t, phone)
	if letter.Template != template || letter.Params.Until != until {
		t.Errorf("the last message is %s until %s, want %s until %s", letter.Template, letter.Params.Until, template, until)
	}
}

func TestOneWarningThatDidNotArriveCallsAMediator(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.PaymentLocked, price)
		w.PassTo(eat(4, 12))
		w.Delivered()
		w.PassTo(eat(7, 0)) // of the last warning no report came
		got := stateOf(t, w, c)
		if got.State != escrow.Disputed || got.DisputedBy != "" || got.DisputedFrom != escrow.PaymentLocked {
			t.Fatalf("it is %s by %q from %s", got.State, got.DisputedBy, got.DisputedFrom)
		}
	})
}

// Wherever the money and the day of delivery meet, both warnings come by day,
// after the money, a day apart, and a day at least before the end.
func TestWarningsComeByDayAfterTheMoney(t *testing.T) {
	t.Parallel()
	for held := range 10 {
		for days := range 3 {
			t.Run(fmt.Sprintf("held after %d times 143 min, due in %d days", held, days), func(t *testing.T) {
				t.Parallel()
				w := storetest.NewSQLiteWorld(t)
				c := w.DueIn(escrow.Confirmed, price, days)
				w.Pass(time.Duration(held) * 143 * time.Minute)
				w.DealOn(c, escrow.PaymentLocked)
				money := w.Clock.Now()
				w.Pass(10 * 24 * time.Hour)
				wantWarnings(t, w, money, stateOf(t, w, c))
			})
		}
	}
}

func wantWarnings(t *testing.T, w *storetest.World, money time.Time, c escrow.Contract) {
	t.Helper()
	var at []time.Time
	for _, letter := range w.Postbox.All() {
		if slices.Contains([]escrow.Template{escrow.MsgWarnFirst, escrow.MsgWarnLast, escrow.MsgOverdueUnwarned}, letter.Template) &&
			letter.To.Phone == otieno {
			at = append(at, letter.CreatedAt.In(escrow.EAT))
		}
	}
	if len(at) != 3 {
		t.Fatalf("warned and ended at %v, contract %s", at, c.State)
	}
	if at[0].Hour() < 8 || at[0].Hour() >= 18 || at[1].Hour() < 8 || at[1].Hour() >= 18 || at[0].Before(money) {
		t.Errorf("money at %s, warned at %v", money.In(escrow.EAT), at)
	}
	if at[1].Sub(at[0]) < 12*time.Hour || at[2].Sub(at[1]) < 24*time.Hour || at[2].Before(escrow.Day(c.DeliverBy).Add(72*time.Hour)) {
		t.Errorf("too close: %v, to deliver by %s", at, c.DeliverBy)
	}
}

func TestRemindersThatOnlyAWordIsMissing(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		delivered := w.DealIn(escrow.Delivered, price)
		w.PassTo(eat(5, 8)) // half-way is nine in the evening of the 4th
		letter := w.Postbox.Last(t, amina)
		if letter.Template != escrow.MsgInspectReminder || letter.Release != w.Codes.For(delivered) {
			t.Errorf("the buyer is sent %s with code %q", letter.Template, letter.Release)
		}
		w.DealIn(escrow.Accepted, price)
		w.Pass(24 * time.Hour)
		wantLast(t, w, otieno, escrow.MsgConfirmReminder, "2026-12-10")
		w.Pass(48 * time.Hour)
		if n := count(w.Postbox.To(otieno), escrow.MsgConfirmReminder); n != 2 {
			t.Errorf("the seller was reminded %d times", n)
		}
	})
}

func count(templates []escrow.Template, template escrow.Template) int {
	n := 0
	for _, t := range templates {
		if t == template {
			n++
		}
	}
	return n
}

// The prompt comes back at the last minute: the contract waits for it.
func TestAContractWaitsForTheOpenPrompt(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Confirmed, price)
		w.PassTo(eat(4, 9).Add(-time.Minute))
		if _, err := w.Service.Pay(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.PassTo(eat(4, 9).Add(2 * time.Minute))
		if got := stateOf(t, w, c).State; got != escrow.Confirmed {
			t.Fatalf("with the prompt open it is %s", got)
		}
		w.Pass(time.Hour)
		if got := stateOf(t, w, c).State; got != escrow.Expired {
			t.Fatalf("after the prompt it is %s", got)
		}
		w.Pay(escrow.Collect, w.Receipt()) // paid after all, and too late
		w.Pay(escrow.Refund, w.Receipt())
	})
}

// A wake-up that is lost is made again; one that comes twice, or from a time that
// was moved, does nothing.
func TestWakeUpsAreNothingButWakeUps(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Pending, price)
		for range 3 {
			if err := w.Service.Deadline(t.Context(), c.ID); err != nil {
				t.Fatal(err)
			}
		}
		w.DropJobs()
		w.PassTo(eat(5, 9).Add(4 * time.Minute))
		if err := w.Service.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Work()
		if got := stateOf(t, w, c).State; got != escrow.Pending {
			t.Fatalf("swept too early: %s", got)
		}
		w.Pass(2 * time.Minute)
		if err := w.Service.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Work()
		if got := stateOf(t, w, c).State; got != escrow.Expired {
			t.Errorf("after the sweep it is %s", got)
		}
	})
}

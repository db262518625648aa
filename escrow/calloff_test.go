package escrow_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

// funded are the states in which calling off takes both.
func funded() []escrow.State {
	return []escrow.State{escrow.PaymentLocked, escrow.Delivered, escrow.Accepted, escrow.Disputed}
}

func refusalIn(err error) string {
	if refusal := escrow.RefusalOf(err); refusal != nil {
		return "!" + string(refusal.Code)
	}
	if err != nil {
		return err.Error()
	}
	return "ok"
}

// Who can call off what with whom: every funded state, by each side that asked,
// by each side that acts, on each channel. The code is the one that was sent.
func TestCallingOffTakesBoth(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		var b strings.Builder
		b.WriteString("state, who asked, who acts: cancel, agree, agree with the code, keep on, refuse\n")
		for _, state := range funded() {
			for _, asker := range []escrow.Phone{amina, otieno} {
				deal := &reused{w: w, make: func() escrow.Contract { return askToCancel(w, w.DealIn(state, price), asker) }}
				for _, caller := range []escrow.Phone{amina, otieno, storetest.Mallory} {
					for _, channel := range []escrow.Channel{escrow.ChannelUSSD, escrow.ChannelSMS} {
						fmt.Fprintf(&b, "%-15s asked by %-7s %-9s %-5s", state, name(asker), name(caller), channel)
						for _, act := range undoing(w.Service) {
							fmt.Fprintf(&b, " %-20s", attemptUndo(w, deal, act, escrow.Request{From: caller, Channel: channel}))
						}
						b.WriteString("\n")
					}
				}
			}
		}
		testkit.Golden(t, "testdata/calloff.golden", b.String())
	})
}

func name(phone escrow.Phone) string {
	return map[escrow.Phone]string{amina: "buyer", otieno: "seller", storetest.Mallory: "stranger"}[phone]
}

func undoing(s *escrow.Service) []useCase {
	return []useCase{{"cancel", s.Cancel}, {"agree", s.AgreeCancel}, {"agree with code", s.AgreeCancel}, {"keep on", s.KeepOn}, {"refuse", s.RefuseCancel}}
}

func attemptUndo(w *storetest.World, deal *reused, act useCase, by escrow.Request) string {
	w.TB.Helper()
	c := deal.take()
	cmd := w.Command(by.From, c.Ref)
	cmd.Channel = by.Channel
	if act.name == "agree with code" {
		cmd.Code = w.Codes.ForCancel(c)
	}
	return deal.after(act.do(w.TB.Context(), cmd))
}

func askToCancel(w *storetest.World, c escrow.Contract, asker escrow.Phone) escrow.Contract {
	w.TB.Helper()
	result, err := w.Service.Cancel(w.TB.Context(), w.Command(asker, c.Ref))
	if err != nil {
		w.TB.Fatal(err)
	}
	w.Work()
	return result.Contract
}

func TestMoneyGoesBackWhenBothWantIt(t *testing.T) {
	t.Parallel()
	for _, state := range funded() {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := askToCancel(w, w.DealIn(state, price), amina)
				letter := w.Postbox.Last(t, otieno)
				if letter.Template != escrow.MsgCancelAsked || letter.Release != w.Codes.ForCancel(c) {
					t.Fatalf("the seller is sent %s with %q", letter.Template, letter.Release)
				}
				w.Prove()
				agree := w.Command(otieno, c.Ref)
				agree.Channel, agree.Code = escrow.ChannelSMS, letter.Release
				for i := range 3 {
					result, err := w.Service.AgreeCancel(t.Context(), agree)
					if err != nil || result.Contract.State != escrow.Cancelled || result.Repeated != (i > 0) {
						t.Fatalf("run %d: %s, %v", i, result.Contract.State, err)
					}
				}
				w.Work()
				w.Prove()
				w.Pay(escrow.Refund, w.Receipt())
				if items := w.Items(); len(items) != 0 {
					t.Errorf("still open: %v", items)
				}
				if _, err := w.Service.AgreeCancel(t.Context(), w.Command(otieno, c.Ref)); !errors.Is(err, escrow.Refuse(escrow.Already)) {
					t.Errorf("agreeing again: %v", err)
				}
			})
		})
	}
}

// No code but the one of this very wish gives held money away, and guessing ends.
func TestTheCodeOfAWishIsForThatWish(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := askToCancel(w, w.DealIn(escrow.Delivered, price), amina)
		stale := w.Codes.ForCancel(c)
		if _, err := w.Service.KeepOn(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Pass(time.Minute)
		agree := w.Command(otieno, c.Ref)
		agree.Channel, agree.Code = escrow.ChannelSMS, stale
		if _, err := w.Service.AgreeCancel(t.Context(), agree); !errors.Is(err, escrow.Refuse(escrow.NotNow)) {
			t.Errorf("with nothing asked: %v", err)
		}
		c = askToCancel(w, c, amina)
		right := w.Codes.ForCancel(c)
		left := 4
		for _, code := range []string{stale, w.Codes.For(c), "0000", "0001", "0002"} {
			if code == right { // by chance, once in thousands of runs
				code = wrongCode(right)
			}
			agree = w.Command(otieno, c.Ref)
			agree.Channel, agree.Code = escrow.ChannelSMS, code
			for range 2 { // a repeated message is one guess
				_, err := w.Service.AgreeCancel(t.Context(), agree)
				refusal := escrow.RefusalOf(err)
				if refusal == nil || refusal.Left != left && refusal.Code != escrow.CodeLocked {
					t.Fatalf("with %d left: %+v, %v", left, refusal, err)
				}
			}
			left--
		}
		// Asked anew, there are no more guesses than before; and the buyer's own
		// acceptance is not locked by it.
		if _, err := w.Service.KeepOn(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		w.Pass(time.Minute)
		c = askToCancel(w, c, amina)
		agree = w.Command(otieno, c.Ref)
		agree.Channel, agree.Code = escrow.ChannelSMS, w.Codes.ForCancel(c)
		if _, err := w.Service.AgreeCancel(t.Context(), agree); !errors.Is(err, escrow.Refuse(escrow.CodeLocked)) {
			t.Errorf("the right code after the lock: %v", err)
		}
		if refusal := acceptBySMS(t, w, c, w.Codes.For(c)); refusal != nil {
			t.Errorf("the buyer cannot accept: %v", refusal)
		}
		w.Work()
	})
}

func TestASellerGivesALargeSumBackWithTheCodeOnly(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := askToCancel(w, w.DealIn(escrow.PaymentLocked, escrow.Shillings(5_001)), amina)
		agree := w.Command(otieno, c.Ref)
		if _, err := w.Service.AgreeCancel(t.Context(), agree); !errors.Is(err, escrow.Refuse(escrow.CancelCodeNeeded)) {
			t.Errorf("without code: %v", err)
		}
		agree = w.Command(otieno, c.Ref)
		agree.Code = w.Codes.ForCancel(c)
		if _, err := w.Service.AgreeCancel(t.Context(), agree); err != nil {
			t.Errorf("with code: %v", err)
		}
		w.Work()
		back := askToCancel(w, w.DealIn(escrow.PaymentLocked, escrow.Shillings(5_001)), otieno)
		if _, err := w.Service.AgreeCancel(t.Context(), w.Command(amina, back.Ref)); err != nil {
			t.Errorf("the buyer, who gets it back: %v", err)
		}
		w.Work()
	})
}

// Whoever goes on with the deal does not want to call it off any more.
func TestWhoGoesOnTakesTheWishBack(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := askToCancel(w, w.DealIn(escrow.PaymentLocked, price), otieno)
		if _, err := w.Service.ConfirmDelivery(t.Context(), w.Command(otieno, c.Ref)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Service.AgreeCancel(t.Context(), w.Command(amina, c.Ref)); !errors.Is(err, escrow.Refuse(escrow.NotNow)) {
			t.Errorf("agreeing to what is not wanted any more: %v", err)
		}
		w.Work()
	})
}

// Two act at once, in every pairing that both could win: one does, and the money
// goes one way.
func TestCallingOffAgainstGoingOn(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		for _, rival := range []useCase{
			{"accept", w.Service.AcceptGoods}, {"dispute", w.Service.Dispute}, {"keep on", w.Service.KeepOn},
		} {
			for range 5 {
				c := askToCancel(w, w.DealIn(escrow.Delivered, price), amina)
				agree, other := w.Command(otieno, c.Ref), w.Command(amina, c.Ref)
				var errs [2]error
				var wg sync.WaitGroup
				wg.Go(func() { _, errs[0] = w.Service.AgreeCancel(t.Context(), agree) })
				wg.Go(func() { _, errs[1] = rival.do(t.Context(), other) })
				wg.Wait()
				w.Work()
				state := stateOf(t, w, c).State
				if (errs[0] == nil) != (state == escrow.Cancelled) || state == escrow.Cancelled && errs[1] == nil && rival.name != "dispute" {
					t.Fatalf("agree: %v, %s: %v, and it is %s", errs[0], rival.name, errs[1], state)
				}
			}
		}
		w.Prove()
	})
}

// Every timer stands still while a dispute is open, and runs on with what was
// left when it is withdrawn.
func TestADisputeStopsEveryTimer(t *testing.T) {
	t.Parallel()
	const open = 40 * 24 * time.Hour
	for _, test := range ends() {
		if !test.state.Funded() {
			continue
		}
		t.Run(string(test.state), func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(test.state, price)
				w.Pass(time.Hour)
				for _, raiser := range []escrow.Phone{amina, otieno} {
					disputeFor(t, w, c, raiser, open)
				}
				if items := w.Items(); len(items) != 0 {
					t.Errorf("still open: %v", items)
				}
				end := test.end.Add(2 * open)
				if got := stateOf(t, w, c); got.State != test.state || !got.Due.End.Equal(end) {
					t.Fatalf("it is %s until %s, want %s", got.State, got.Due.End.In(escrow.EAT), end)
				}
				w.PassTo(end.Add(-time.Millisecond))
				if got := stateOf(t, w, c); got.State != test.state || !got.Due.Running() {
					t.Fatalf("early it is %s", got.State)
				}
				w.PassTo(end)
				if got := stateOf(t, w, c); got.State != test.then || got.Due.Running() {
					t.Errorf("at its end it is %s", got.State)
				}
			})
		})
	}
}

// disputeFor keeps a dispute open for so long, and withdraws it.
func disputeFor(t *testing.T, w *storetest.World, c escrow.Contract, raiser escrow.Phone, open time.Duration) {
	t.Helper()
	if _, err := w.Service.Dispute(t.Context(), w.Command(raiser, c.Ref)); err != nil {
		t.Fatal(err)
	}
	w.Pass(open)
	if got := stateOf(t, w, c); got.State != escrow.Disputed || got.Due.Running() {
		t.Fatalf("after long it is %s until %s", got.State, got.Due.At)
	}
	if _, err := w.Service.Withdraw(t.Context(), w.Command(other(raiser), c.Ref)); !errors.Is(err, escrow.Refuse(escrow.NotYourTurn)) {
		t.Fatalf("withdrawn by the other: %v", err)
	}
	if _, err := w.Service.Withdraw(t.Context(), w.Command(raiser, c.Ref)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Service.Withdraw(t.Context(), w.Command(raiser, c.Ref)); !errors.Is(err, escrow.Refuse(escrow.Already)) {
		t.Fatalf("withdrawn twice: %v", err)
	}
	w.Work()
}

func other(phone escrow.Phone) escrow.Phone {
	if phone == amina {
		return otieno
	}
	return amina
}

func TestNobodyWithdrawsWhatTimeRaised(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, price)
		w.Pass(4 * 24 * time.Hour)
		for _, phone := range []escrow.Phone{amina, otieno} {
			if _, err := w.Service.Withdraw(t.Context(), w.Command(phone, c.Ref)); !errors.Is(err, escrow.Refuse(escrow.Frozen)) {
				t.Errorf("%s: %v", name(phone), err)
			}
		}
	})
}

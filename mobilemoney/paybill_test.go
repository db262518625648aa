package mobilemoney_test

import (
	"slices"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/mobilemoney"
)

// payBill is M-Pesa's own menu on the buyer's phone.
func (w *world) payBill(amount string) bool {
	w.t.Helper()
	return w.press("paybill", `{"business":"174379","account":"40718263","amount":"`+amount+`","pin":"1234"}`)
}

// arrivals are the confirmations that were kept.
func (w *world) arrivals() []escrow.Arrival {
	w.t.Helper()
	var all []escrow.Arrival
	for _, k := range w.box.list() {
		if k.kind != mobilemoney.KindArrival {
			continue
		}
		arrival, err := mobilemoney.DecodeArrival([]byte(k.body))
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, arrival)
	}
	return all
}

// arrives waits for the nth payment to be heard of.
func (w *world) arrives(n int) escrow.Arrival {
	w.t.Helper()
	testkit.Eventually(w.t, "a confirmation", func() bool { return len(w.arrivals()) >= n })
	return w.arrivals()[n-1]
}

// open has the world's short code registered for PayBill and the statement.
func (w *world) open() {
	w.t.Helper()
	for _, known := range []bool{false, true} { // production takes addresses once
		got, err := w.client.RegisterURLs(w.t.Context())
		if err != nil || got != known {
			w.t.Fatalf("addresses: %t, %v", got, err)
		}
		if got, err = w.client.RegisterPull(w.t.Context(), "0722000000"); err != nil || got != known {
			w.t.Fatalf("statement: %t, %v", got, err)
		}
	}
}

// TestABuyerPaysByThemselves: validated, confirmed, in the statement, and there
// when we ask.
func TestABuyerPaysByThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{DuplicateC2BConfirmation: 2})
	w.open()
	if !w.payBill("1500") {
		t.Fatal("the phone does not pay")
	}
	got := w.arrives(1)
	if got.Amount != 150_000 || got.Account != "40718263" || got.Payer != "2547*****000" || got.Name != "AMINA" ||
		time.Since(got.At) > time.Minute {
		t.Errorf("arrived: %+v", got)
	}
	pulled, err := w.client.Statement(t.Context(), time.Now().Add(-time.Hour), time.Now())
	if err != nil || len(pulled) != 1 {
		t.Fatalf("statement: %v, %v", pulled, err)
	}
	if p := pulled[0]; p.Receipt != got.Receipt || p.Amount != got.Amount || p.Account != got.Account || !p.At.Equal(got.At) {
		t.Errorf("pulled %+v, confirmed %+v", p, got)
	}
	same(t, "confirmations", len(w.arrivals()), 1)
	assertConfirmed(t, w, got)
}

// assertConfirmed asks M-Pesa for a payment in every way there is.
func assertConfirmed(t *testing.T, w *world, got escrow.Arrival) {
	t.Helper()
	paid := order(escrow.Collect, buyer)
	paid.Method, paid.Receipt = escrow.MethodPayBill, got.Receipt
	same(t, "confirmed", w.client.Confirm(t.Context(), got.Receipt, got.Amount, got.At, paid), escrow.Moved)
	same(t, "forged", w.client.Confirm(t.Context(), "TKN7RT61SV", got.Amount, got.At, paid), escrow.NoAnswer)
	same(t, "looked", w.client.Look(t.Context(), paid).Verdict, escrow.Processing)
	looked := w.hears("status", paid.ID, 1)
	if looked.Verdict != escrow.Moved || looked.Receipt != got.Receipt || looked.Amount != got.Amount {
		t.Errorf("looked: %+v", looked)
	}
}

// TestWhatNobodyWaitsForIsRefused: by code, and when we do not answer at all.
func TestWhatNobodyWaitsForIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{})
	w.open()
	for _, refused := range []error{escrow.Refuse(escrow.UnknownContract), escrow.Refuse(escrow.AmountOutOfRange), errDown} {
		w.expected.Store(&refused)
		w.payBill("1500")
	}
	w.expected.Store(nil)
	w.bank.SetFaults(simulator.Faults{ValidationLost: true})
	w.payBill("1500")
	same(t, "buyer", w.statement().Wallets[string(buyer)], 50_000_00)
	same(t, "confirmations", len(w.arrivals()), 0)
}

// TestAPromptIsHeardOfTwice is the wire half of vector S5: prompt and PayBill
// report one payment under one receipt.
func TestAPromptIsHeardOfTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{})
	w.open()
	paid := w.collect()
	arrived := w.arrives(1)
	if arrived.Receipt != paid.Receipt || arrived.Amount != paid.Amount || arrived.Account != "40718263" {
		t.Errorf("paid %+v, arrived %+v", paid, arrived)
	}
}

// refundOf gives a payment back.
func refundOf(paid escrow.Finding) escrow.Transfer {
	t := order(escrow.Refund, buyer)
	t.Method, t.Original, t.Amount = escrow.MethodReversal, paid.Receipt, paid.Amount
	return t
}

func TestAPaymentGoesBack(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]simulator.Faults{
		"plainly":            {DuplicateReversalResult: 2},
		"lists flipped":      {FlipLists: true},
		"numbers or strings": {FlipTypes: true},
		"strings only":       {StringsOnly: true},
		"an interim result":  {Interim: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.Faults{})
			back := refundOf(w.collect())
			w.bank.SetFaults(faults)
			sent := w.client.Submit(t.Context(), back)
			if sent.Outcome != escrow.Taken || sent.ProviderID == "" {
				t.Fatalf("sent: %+v", sent)
			}
			got := w.hears("reversal", back.ID, 1)
			if got.Verdict == escrow.Processing { // in whichever order the two come
				got = w.hears("reversal", back.ID, 2)
			}
			if got.Verdict != escrow.Moved || got.Amount != 150_000 || got.Receipt == "" || got.Payee != "AMINA WANJIRU" || got.At.IsZero() {
				t.Errorf("got %+v", got)
			}
			same(t, "buyer", w.statement().Wallets[string(buyer)], 50_000_00)
		})
	}
}

// TestALostReversalIsSettledWithoutASecond: found by its id where it has one, and
// else by the payment, after which M-Pesa says that it was done.
func TestALostReversalIsSettledWithoutASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{})
	back := refundOf(w.collect())
	w.bank.SetFaults(simulator.Faults{DropReversalResponse: true, DropReversalResult: true})
	lost := w.client.Submit(t.Context(), back)
	same(t, "lost", lost.Outcome, escrow.Unknown)
	same(t, "look", w.client.Look(t.Context(), back).Verdict, escrow.Processing)
	same(t, "the payment stands, says M-Pesa", w.hears("original", back.ID, 1).Verdict, escrow.NeverSeen)
	w.bank.SetFaults(simulator.Faults{})
	again := w.client.Submit(t.Context(), back)
	same(t, "again", again.Outcome, escrow.Taken)
	got := w.hears("reversal", back.ID, 1)
	if got.Verdict != escrow.Moved || got.Cause != escrow.CauseDone || got.Code != "R000001" {
		t.Errorf("got %+v", got)
	}
	same(t, "buyer", w.statement().Wallets[string(buyer)], 50_000_00)

	answered := refundOf(w.collect())
	w.bank.SetFaults(simulator.Faults{DropReversalResult: true})
	answered.ProviderID = w.client.Submit(t.Context(), answered).ProviderID
	same(t, "look", w.client.Look(t.Context(), answered).Verdict, escrow.Processing)
	if got := w.hears("status", answered.ID, 1); got.Verdict != escrow.Moved || got.Amount != 150_000 || got.Receipt == "" {
		t.Errorf("found %+v", got)
	}
	same(t, "buyer in the end", w.statement().Wallets[string(buyer)], 50_000_00)
}

func TestAReversalThatTimesOutLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{})
	back := refundOf(w.collect())
	w.bank.SetFaults(simulator.Faults{ReversalTimeoutInstead: true})
	same(t, "sent", w.client.Submit(t.Context(), back).Outcome, escrow.Taken)
	same(t, "timeout", w.hears("reversal_timeout", back.ID, 1).Verdict, escrow.NoAnswer)
}

// TestOurAccountsAreRead: by a question, and by the results of payouts.
func TestOurAccountsAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{})
	w.collect()
	out := order(escrow.Payout, seller)
	same(t, "payout", w.client.Submit(t.Context(), out).Outcome, escrow.Taken)
	w.hears("b2c", out.ID, 1)
	if err := w.client.AskBalance(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := map[string]escrow.Balance{}
	testkit.Eventually(t, "a balance", func() bool {
		for _, k := range w.box.list() {
			if b, err := mobilemoney.DecodeBalance(k.kind, []byte(k.body)); err == nil {
				told[k.kind] = b
			}
		}
		return len(told) == 3
	})
	for kind, b := range told {
		same(t, kind+" is of the PayBill", b.PayBill, kind == mobilemoney.KindPayBillBalance)
		named := slices.IndexFunc(b.Accounts, func(l escrow.BalanceLine) bool { return l.Name == mobilemoney.UtilityAccount })
		if named < 0 || b.Accounts[named].Available != 0 || b.At.IsZero() {
			t.Errorf("%s: %+v", kind, b)
		}
	}
}

// TestALockedOutInitiatorIsTold in every call that is its own.
func TestALockedOutInitiatorIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Faults{}, func(c *mobilemoney.Config) { c.InitiatorPassword = "wrong" })
	back := refundOf(w.collect())
	w.client.Submit(t.Context(), back)
	if got := w.hears("reversal", back.ID, 1); got.Verdict != escrow.NotMoved || got.Cause != escrow.CauseCredential || !got.Alarm {
		t.Errorf("reversal: %+v", got)
	}
	out := order(escrow.Payout, seller)
	w.client.Look(t.Context(), out)
	if got := w.hears("status", out.ID, 1); got.Verdict != escrow.NoAnswer || got.Cause != escrow.CauseCredential || !got.Alarm {
		t.Errorf("status: %+v", got)
	}
}

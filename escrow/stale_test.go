package escrow_test

import (
	"context"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// Whoever does again what was done is told what it was, and when, by whichever
// channel; so is who comes after the end.
func TestAStaleActIsToldWhatWasDoneAndWhen(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		s := w.Service
		for _, test := range []struct {
			in   escrow.State
			who  escrow.Phone
			act  func(context.Context, escrow.Command) (escrow.Result, error)
			want string
		}{
			{escrow.Confirmed, amina, s.Agree, "already: accept"},
			{escrow.PaymentLocked, amina, s.Pay, "already: lock"},
			{escrow.Delivered, otieno, s.ConfirmDelivery, "already: confirm_delivery"},
			{escrow.Accepted, amina, s.AcceptGoods, "already: accept_goods"},
			{escrow.Disputed, otieno, s.Dispute, "already: dispute"},
			{escrow.Completed, amina, s.AcceptGoods, "already: accept_goods"},
			{escrow.Completed, amina, s.Dispute, "closed: accept_goods"},
			{escrow.Cancelled, amina, s.Pay, "closed: decline"},
		} {
			c := w.DealIn(test.in, price)
			then := c.UpdatedAt
			w.Clock.Advance(time.Minute)
			for _, channel := range []escrow.Channel{escrow.ChannelUSSD, escrow.ChannelSMS} {
				cmd := w.Command(test.who, c.Ref)
				cmd.Channel = channel
				_, err := test.act(t.Context(), cmd)
				refusal := escrow.RefusalOf(err)
				if refusal == nil {
					t.Fatalf("%s: %v, want %s", test.in, err, test.want)
				}
				if got := string(refusal.Code) + ": " + refusal.Done.What; got != test.want {
					t.Errorf("in %s by %s: %s, want %s", test.in, channel, got, test.want)
				}
				if at := refusal.Done.At; at.After(then) || then.Sub(at) > time.Minute {
					t.Errorf("in %s: done at %s, and the contract came there at %s", test.in, at, then)
				}
			}
		}
		w.Prove()
	})
}

// A no to the wish to cancel, and taking the wish back, are found in the history: the
// contract is as it was before the wish. Only who said so said it before.
func TestAWishThatIsAnsweredIsToldSo(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		s := w.Service
		act := func(do func(context.Context, escrow.Command) (escrow.Result, error), who escrow.Phone, c escrow.Contract) string {
			_, err := do(t.Context(), w.Command(who, c.Ref))
			refusal := escrow.RefusalOf(err)
			if err != nil && refusal == nil {
				t.Fatal(err)
			}
			if err == nil {
				return "done"
			}
			return string(refusal.Code) + ": " + refusal.Done.What
		}
		for _, test := range []struct {
			name string
			do   func(context.Context, escrow.Command) (escrow.Result, error)
			who  escrow.Phone
			also escrow.Phone
			want string
		}{
			{"no", s.RefuseCancel, otieno, amina, "already: cancel_refused"},
			{"go on", s.KeepOn, amina, otieno, "already: cancel_kept"},
		} {
			c := w.DealIn(escrow.PaymentLocked, price)
			if got := act(test.do, test.who, c); got != "not_now: " {
				t.Errorf("%s with no wish: %s", test.name, got)
			}
			if got := act(s.Cancel, amina, c); got != "done" {
				t.Fatalf("%s: asked: %s", test.name, got)
			}
			if got := act(test.do, test.who, c); got != "done" {
				t.Errorf("%s: %s", test.name, got)
			}
			if got := act(test.do, test.who, c); got != test.want {
				t.Errorf("%s once more: %s, want %s", test.name, got, test.want)
			}
			if got := act(test.do, test.also, c); got != "not_now: " {
				t.Errorf("%s by the other side: %s", test.name, got)
			}
		}
		w.Prove()
	})
}

// What cannot be done, and was not done either, has no date.
func TestNothingElseIsDated(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	c := w.DealIn(escrow.Disputed, price)
	_, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, c.Ref))
	if refusal := escrow.RefusalOf(err); refusal == nil || refusal.Done != (escrow.Milestone{}) {
		t.Errorf("refused with %+v", refusal)
	}
}

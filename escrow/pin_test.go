package escrow_test

import (
	"errors"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

const (
	pin      = escrow.PIN("7391")
	otherPIN = escrow.PIN("5207")
	wrongPIN = escrow.PIN("8305")
)

// refusal demands that err is one with the code, and returns it.
func refusal(t *testing.T, err error, code escrow.Code) *escrow.Refusal {
	t.Helper()
	got := escrow.RefusalOf(err)
	if got == nil || got.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return got
}

func refusedWith(t *testing.T, err error, code escrow.Code) {
	t.Helper()
	_ = refusal(t, err, code)
}

// A first PIN moves no money for a day; then it does, in the place of the code,
// also before the seller has confirmed.
func TestAPINMovesMoneyAfterItsRest(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		w := storetest.NewWorld(t, open)
		c := w.DealIn(escrow.PaymentLocked, escrow.Shillings(9_000))
		w.SetPIN(storetest.Amina, pin)
		cmd := w.Command(storetest.Amina, c.Ref)
		cmd.PIN = pin
		_, err := w.Service.AcceptGoods(t.Context(), cmd)
		refusedWith(t, err, escrow.CodeNotSent)
		w.Clock.Advance(escrow.PINRest - time.Microsecond)
		if proof := w.Proof(storetest.Amina, c.Ref); proof != escrow.ProofCode {
			t.Fatalf("a moment before the rest is over it takes the %s", proof)
		}
		w.Clock.Advance(time.Microsecond)
		if proof := w.Proof(storetest.Amina, c.Ref); proof != escrow.ProofPIN {
			t.Fatalf("after its rest it takes the %s", proof)
		}
		_, err = w.Service.AcceptGoods(t.Context(), w.Command(storetest.Amina, c.Ref))
		refusedWith(t, err, escrow.PINNeeded)
		cmd = w.Command(storetest.Amina, c.Ref)
		cmd.Code = w.Codes.For(c)
		_, err = w.Service.AcceptGoods(t.Context(), cmd)
		refusedWith(t, err, escrow.PINNeeded)
		cmd = w.Command(storetest.Amina, c.Ref)
		cmd.PIN = wrongPIN
		_, err = w.Service.AcceptGoods(t.Context(), cmd)
		if got := refusal(t, err, escrow.BadPIN); got.Left != 4 || got.Contract == nil {
			t.Errorf("refused with %+v", got)
		}
		cmd = w.Command(storetest.Amina, c.Ref)
		cmd.PIN = pin
		for range 2 {
			if result, err := w.Service.AcceptGoods(t.Context(), cmd); err != nil || result.Contract.State != escrow.Accepted {
				t.Fatalf("%s, %v", result.Contract.State, err)
			}
		}
		w.WantPINEvents(storetest.Amina, escrow.PINSet, escrow.PINWrong, escrow.PINUsed)
		w.Prove()
	})
}

func TestAPINIsSetOnceAndChanged(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		w := storetest.NewWorld(t, open)
		set := escrow.PINCommand{Request: w.Request(storetest.Amina), PIN: pin}
		for range 2 {
			if _, err := w.Service.SetPIN(t.Context(), set); err != nil {
				t.Fatal(err)
			}
		}
		conflict := set
		conflict.PIN = otherPIN
		_, err := w.Service.SetPIN(t.Context(), conflict)
		refusedWith(t, err, escrow.KeyConflict)
		_, err = w.Service.SetPIN(t.Context(), escrow.PINCommand{Request: w.Request(storetest.Amina), PIN: otherPIN})
		refusedWith(t, err, escrow.PINIsSet)

		change := escrow.PINCommand{Request: w.Request(storetest.Amina), Old: pin, PIN: otherPIN}
		for range 2 {
			if _, err := w.Service.ChangePIN(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
		_, err = w.Service.ChangePIN(t.Context(), escrow.PINCommand{Request: w.Request(storetest.Amina), Old: pin, PIN: wrongPIN})
		if got := refusal(t, err, escrow.BadPIN); got.Left != 4 {
			t.Errorf("%d left", got.Left)
		}
		_, err = w.Service.ChangePIN(t.Context(), escrow.PINCommand{Request: w.Request(storetest.Amina), Old: otherPIN, PIN: otherPIN})
		refusedWith(t, err, escrow.SamePIN)
		_, err = w.Service.ChangePIN(t.Context(), escrow.PINCommand{Request: w.Request(storetest.Otieno), Old: pin, PIN: otherPIN})
		refusedWith(t, err, escrow.PINNotSet)
		w.WantPINEvents(storetest.Amina, escrow.PINSet, escrow.PINChanged, escrow.PINWrong)
		w.Work()
		if told := w.Postbox.To(storetest.Amina); len(told) != 2 || told[0] != escrow.MsgPINSet || told[1] != escrow.MsgPINChanged {
			t.Errorf("told %v", told)
		}
	})
}

// A PIN is taken by USSD only.
func TestNoPINIsTakenBySMS(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	c := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
	w.TrustedPIN(storetest.Amina, pin)
	request := func() escrow.Request {
		r := w.Request(storetest.Amina)
		r.Channel = escrow.ChannelSMS
		return r
	}
	_, err := w.Service.SetPIN(t.Context(), escrow.PINCommand{Request: request(), PIN: otherPIN})
	_, change := w.Service.ChangePIN(t.Context(), escrow.PINCommand{Request: request(), Old: pin, PIN: otherPIN})
	_, forgot := w.Service.ForgotPIN(t.Context(), escrow.PINCommand{Request: request()})
	_, reset := w.Service.ResetPIN(t.Context(), escrow.PINCommand{Request: request(), PIN: otherPIN, Code: "1234"})
	_, accept := w.Service.AcceptGoods(t.Context(), escrow.Command{Request: request(), Ref: c.Ref, PIN: pin})
	_, cancel := w.Service.Cancel(t.Context(), escrow.Command{Request: request(), Ref: c.Ref, PIN: pin})
	_, agree := w.Service.AgreeCancel(t.Context(), escrow.Command{Request: request(), Ref: c.Ref, PIN: pin})
	for _, err := range []error{err, change, forgot, reset, accept, cancel, agree} {
		if !errors.Is(err, escrow.Refuse(escrow.DialNeeded)) {
			t.Errorf("got %v", err)
		}
	}
	cmd := escrow.Command{Request: request(), Ref: c.Ref, Code: w.Codes.For(c)}
	if result, err := w.Service.AcceptGoods(t.Context(), cmd); err != nil || result.Contract.State != escrow.Completed {
		t.Errorf("the code of our SMS: %s, %v", result.Contract.State, err)
	}
}

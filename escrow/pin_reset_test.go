package escrow_test

import (
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func forgot(t *testing.T, w *storetest.World) {
	t.Helper()
	if _, err := w.Service.ForgotPIN(t.Context(), escrow.PINCommand{Request: w.Request(amina)}); err != nil {
		t.Fatal(err)
	}
	w.Work()
}

func reset(t *testing.T, w *storetest.World, code string) error {
	t.Helper()
	cmd := escrow.PINCommand{Request: w.Request(amina), PIN: otherPIN, Code: code}
	_, err := w.Service.ResetPIN(t.Context(), cmd)
	if again, repeated := w.Service.ResetPIN(t.Context(), cmd); err == nil && (repeated != nil || !again.Set()) {
		t.Errorf("repeated: %v", repeated)
	}
	return err
}

// Whoever borrows a phone for a minute can ask for a reset, read its code and go:
// no money moves by it, because it waits. It opens a PIN that is locked.
func TestAResetWaitsADay(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
		w.TrustedPIN(amina, pin)
		for range 5 {
			_, _ = try(t, w, c, wrongPIN, "")
		}
		refusedWith(t, reset(t, w, "1234"), escrow.NoPINReset)
		forgot(t, w)
		letter := w.Postbox.Last(t, amina)
		if letter.Template != escrow.MsgPINResetAsked || len(letter.Release) != 4 {
			t.Fatalf("told %s with code %q", letter.Template, letter.Release)
		}
		w.Clock.Advance(time.Hour)
		forgot(t, w) // asking again sends the same code, and does not begin anew
		if again := w.Postbox.Last(t, amina).Release; again != letter.Release {
			t.Errorf("the code became another")
		}
		if got := refusal(t, reset(t, w, letter.Release), escrow.PINResetWaits); got.Wait != escrow.PINRest-time.Hour {
			t.Errorf("waits %s", got.Wait)
		}
		if proof := w.Proof(amina, c.Ref); proof != escrow.ProofPIN {
			t.Errorf("meanwhile it takes the %s", proof)
		}
		w.Clock.Advance(escrow.PINRest - time.Hour)
		if got := refusal(t, reset(t, w, digitsBut(letter.Release)), escrow.BadCode); got.Left != 4 {
			t.Errorf("%d left", got.Left)
		}
		if err := reset(t, w, letter.Release); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, reset(t, w, letter.Release), escrow.NoPINReset)
		if result, err := try(t, w, c, otherPIN, ""); err != nil || result.Contract.State != escrow.Completed {
			t.Errorf("with the new PIN: %s, %v", result.Contract.State, err)
		}
	})
}

// digitsBut is another code of four digits.
func digitsBut(code string) string {
	if code == "4711" {
		return "4712"
	}
	return "4711"
}

// Five wrong codes end a reset, and so does whoever knows the PIN; after a week it
// is over; and its code is sent three times an hour.
func TestWhatEndsAReset(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	c := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
	_, err := w.Service.ForgotPIN(t.Context(), escrow.PINCommand{Request: w.Request(amina)})
	refusedWith(t, err, escrow.PINNotSet)
	w.TrustedPIN(amina, pin)
	for range 5 {
		forgot(t, w)
	}
	sent := 0
	for _, template := range w.Postbox.To(amina) {
		if template == escrow.MsgPINResetAsked {
			sent++
		}
	}
	if sent != 3 {
		t.Errorf("the code was sent %d times", sent)
	}
	code := w.Postbox.Last(t, amina).Release
	w.Clock.Advance(escrow.PINRest)
	for left := 4; left > 0; left-- {
		if got := refusal(t, reset(t, w, digitsBut(code)), escrow.BadCode); got.Left != left {
			t.Errorf("%d left, want %d", got.Left, left)
		}
	}
	refusedWith(t, reset(t, w, digitsBut(code)), escrow.NoPINReset)
	refusedWith(t, reset(t, w, code), escrow.NoPINReset)

	forgot(t, w)
	w.Clock.Advance(8 * 24 * time.Hour)
	refusedWith(t, reset(t, w, w.Postbox.Last(t, amina).Release), escrow.NoPINReset)

	forgot(t, w)
	if _, err := try(t, w, c, pin, ""); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(escrow.PINRest)
	refusedWith(t, reset(t, w, w.Postbox.Last(t, amina).Release), escrow.NoPINReset)
}

// An operator takes a PIN away; the next one rests as a first does.
func TestAnOperatorClearsAPIN(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
		w.TrustedPIN(amina, pin)
		clearPIN := func(key, reason string) error {
			return w.Service.ClearPIN(t.Context(), escrow.Mediation{Key: w.Request(amina).Key, Operator: key, Reason: reason}, amina)
		}
		key := w.Operator("Zawadi")
		refusedWith(t, clearPIN("nobody's", "lost"), escrow.UnknownOperator)
		refusedWith(t, clearPIN(key, " "), escrow.NoReason)
		if err := clearPIN(key, "showed her ID"); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, clearPIN(key, "once more"), escrow.PINNotSet)
		w.SetPIN(amina, otherPIN)
		if proof := w.Proof(amina, c.Ref); proof != escrow.ProofCode {
			t.Errorf("the next PIN does not rest: it takes the %s", proof)
		}
		events, err := w.Store.PINEvents(t.Context(), amina)
		if err != nil || len(events) != 3 || events[1].Detail != "Zawadi: showed her ID" || events[1].Channel != escrow.ChannelOperator {
			t.Errorf("%+v, %v", events, err)
		}
		w.Work()
		wantAtLast(t, w, escrow.MsgPINSet, escrow.MsgPINCleared, escrow.MsgPINSet)
	})
}

// wantAtLast looks at the last messages to the buyer.
func wantAtLast(t *testing.T, w *storetest.World, want ...escrow.Template) {
	t.Helper()
	told := w.Postbox.To(amina)
	for i, template := range want {
		if at := len(told) - len(want) + i; at < 0 || told[at] != template {
			t.Fatalf("told %v, want %v at the end", told, want)
		}
	}
}

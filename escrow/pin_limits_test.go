package escrow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// try accepts the goods with a PIN, under a key or a fresh one.
func try(t *testing.T, w *storetest.World, c escrow.Contract, typed escrow.PIN, key string) (escrow.Result, error) {
	t.Helper()
	cmd := w.Command(amina, c.Ref)
	cmd.PIN = typed
	if key != "" {
		cmd.Key = key
	}
	return w.Service.AcceptGoods(t.Context(), cmd)
}

// The count of wrong PINs goes up to five and locks, whatever they were typed for;
// a right one begins it anew, and the same key counts once.
func TestFiveWrongPINsLock(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
		w.TrustedPIN(amina, pin)
		change := func(old escrow.PIN) error {
			cmd := escrow.PINCommand{Request: w.Request(amina), Old: old, PIN: otherPIN}
			_, err := w.Service.ChangePIN(t.Context(), cmd)
			return err
		}
		for i, step := range []struct {
			try  func() error
			code escrow.Code
			left int
		}{
			{func() error { _, err := try(t, w, c, wrongPIN, "k1"); return err }, escrow.BadPIN, 4},
			{func() error { _, err := try(t, w, c, wrongPIN, "k1"); return err }, escrow.BadPIN, 4},
			{func() error { _, err := try(t, w, c, pin, "k1"); return err }, escrow.KeyConflict, 0},
			{func() error { return change(wrongPIN) }, escrow.BadPIN, 3},
			{func() error { _, err := try(t, w, c, "9", ""); return err }, escrow.BadPIN, 2},
			{func() error { return change(wrongPIN) }, escrow.BadPIN, 1},
			{func() error { return change(pin) }, "", 0},
			{func() error { _, err := try(t, w, c, pin, ""); return err }, escrow.BadPIN, 4},
			{func() error { _, err := try(t, w, c, pin, ""); return err }, escrow.BadPIN, 3},
			{func() error { _, err := try(t, w, c, pin, ""); return err }, escrow.BadPIN, 2},
			{func() error { _, err := try(t, w, c, pin, ""); return err }, escrow.BadPIN, 1},
			{func() error { _, err := try(t, w, c, pin, "k2"); return err }, escrow.PINLocked, 0},
			{func() error { _, err := try(t, w, c, pin, "k2"); return err }, escrow.PINLocked, 0},
			{func() error { _, err := try(t, w, c, otherPIN, ""); return err }, escrow.PINLocked, 0},
			{func() error { _, err := try(t, w, c, "", ""); return err }, escrow.PINLocked, 0},
			{func() error { return change(otherPIN) }, escrow.SamePIN, 0},
		} {
			err := step.try()
			if step.code == "" {
				if err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
				continue
			}
			if got := refusal(t, err, step.code); got.Left != step.left {
				t.Errorf("step %d: %d left, want %d", i, got.Left, step.left)
			}
		}
		if proof := w.Proof(amina, c.Ref); proof != escrow.ProofPIN {
			t.Errorf("a lock opens the way by the %s", proof)
		}
		w.Work()
		if got := w.Postbox.Last(t, amina).Template; got != escrow.MsgPINLocked {
			t.Errorf("told %s", got)
		}
		wantState(t, w, c, escrow.Delivered, escrow.PaymentHeld)
	})
}

// Many who guess at once get no more tries than one, and the same try that is
// repeated at once counts once.
func TestParallelWrongPINsAreAllCounted(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
		w.TrustedPIN(amina, pin)
		at := func(n int, key func(int) string) (bad, locked int64) {
			var group sync.WaitGroup
			var wrong, shut atomic.Int64
			for i := range n {
				cmd := escrow.Command{Request: escrow.Request{Key: key(i), From: amina, Channel: escrow.ChannelUSSD}, Ref: c.Ref, PIN: wrongPIN}
				group.Go(func() {
					switch _, err := w.Service.AcceptGoods(t.Context(), cmd); {
					case errors.Is(err, escrow.Refuse(escrow.BadPIN)):
						wrong.Add(1)
					case errors.Is(err, escrow.Refuse(escrow.PINLocked)):
						shut.Add(1)
					default:
						t.Errorf("got %v", err)
					}
				})
			}
			group.Wait()
			return wrong.Load(), shut.Load()
		}
		if bad, locked := at(6, func(int) string { return "one key" }); bad != 6 || locked != 0 {
			t.Errorf("one key: %d wrong, %d locked", bad, locked)
		}
		if bad, locked := at(12, func(i int) string { return fmt.Sprint("key ", i) }); bad != 3 || locked != 9 {
			t.Errorf("many keys: %d wrong, %d locked", bad, locked)
		}
		wrong := escrow.PINWrong
		w.WantPINEvents(amina, escrow.PINSet, wrong, wrong, wrong, wrong, wrong, escrow.PINLockedUp)
		_, err := try(t, w, c, pin, "")
		refusedWith(t, err, escrow.PINLocked)
	})
}

// dying is a store whose process dies before the transaction after the next.
type dying struct {
	escrow.Store

	left atomic.Int64
}

var errDied = errors.New("died")

func (d *dying) InTx(ctx context.Context, fn func(context.Context, escrow.Tx) error) error {
	if d.left.Add(-1) < 0 {
		return errDied
	}
	return d.Store.InTx(ctx, fn)
}

// The try is committed before the act begins: dying in between neither undoes the
// count nor does the act, and the repetition does what was left.
func TestDyingBetweenThePINAndTheAct(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
		w.TrustedPIN(amina, pin)
		mortal := &dying{Store: w.Store}
		service := escrow.NewService(escrow.Deps{
			Store: mortal, Codes: w.Codes, Signer: w.Signer, Policy: w.Policy, Now: w.Clock.Now, Log: slog.New(slog.DiscardHandler),
		})
		for i, typed := range []escrow.PIN{wrongPIN, pin} {
			mortal.left.Store(1)
			cmd := w.Command(amina, c.Ref)
			cmd.PIN = typed
			_, err := service.AcceptGoods(t.Context(), cmd)
			if want := []error{escrow.Refuse(escrow.BadPIN), errDied}[i]; !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
			view, err := w.Service.View(t.Context(), amina, c.Ref)
			if err != nil || view.Contract.State != escrow.Delivered || view.Contract.Buyer.PIN.Tries != 1-i {
				t.Fatalf("%s with %d tries, %v", view.Contract.State, view.Contract.Buyer.PIN.Tries, err)
			}
			if typed == pin {
				result, err := w.Service.AcceptGoods(t.Context(), cmd)
				if err != nil || result.Contract.State != escrow.Completed || result.Repeated {
					t.Errorf("once more: %s, %v", result.Contract.State, err)
				}
			}
		}
		w.WantPINEvents(amina, escrow.PINSet, escrow.PINWrong, escrow.PINUsed)
		w.Prove()
	})
}

// The count is committed and the answer is lost: who asks again under the same key
// has lost one try, and not two.
func TestAWrongPINWhoseCommitWasNotHeardOf(t *testing.T) {
	t.Parallel()
	w, network := worldBehindCutter(t)
	c := w.DealIn(escrow.Delivered, escrow.Shillings(9_000))
	w.TrustedPIN(amina, pin)
	network.armed.Store(true)
	if _, err := try(t, w, c, wrongPIN, "cut"); err == nil || escrow.RefusalOf(err) != nil || network.cuts.Load() != 1 {
		t.Fatalf("cut %d times: %v", network.cuts.Load(), err)
	}
	_, err := try(t, w, c, wrongPIN, "cut")
	if got := refusal(t, err, escrow.BadPIN); got.Left != 4 {
		t.Errorf("%d left", got.Left)
	}
	w.WantPINEvents(amina, escrow.PINSet, escrow.PINWrong)
}

// An act that would not be done anyway costs no try, and a PIN that is needed for
// nothing is not looked at.
func TestAPINIsTriedOnlyWhereItCounts(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	small := w.DealIn(escrow.Delivered, escrow.Shillings(500))
	done := w.DealIn(escrow.Completed, escrow.Shillings(9_000))
	w.TrustedPIN(amina, pin)
	if result, err := try(t, w, small, wrongPIN, ""); err != nil || result.Contract.State != escrow.Completed {
		t.Errorf("%s, %v", result.Contract.State, err)
	}
	_, err := try(t, w, done, wrongPIN, "")
	refusedWith(t, err, escrow.Already)
	w.WantPINEvents(amina, escrow.PINSet)
}

// A seller who agrees to give money back proves it with the PIN too.
func TestASellerAgreesToCallOffWithThePIN(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.PaymentLocked, escrow.Shillings(9_000))
		w.TrustedPIN(otieno, pin)
		if _, err := w.Service.Cancel(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		for _, use := range []func(context.Context, escrow.Command) (escrow.Result, error){w.Service.Cancel, w.Service.AgreeCancel} {
			cmd := w.Command(otieno, c.Ref)
			_, err := use(t.Context(), cmd)
			refusedWith(t, err, escrow.PINNeeded)
			cmd = w.Command(otieno, c.Ref)
			cmd.PIN = wrongPIN
			_, err = use(t.Context(), cmd)
			refusedWith(t, err, escrow.BadPIN)
		}
		cmd := w.Command(otieno, c.Ref)
		cmd.PIN = pin
		if result, err := w.Service.AgreeCancel(t.Context(), cmd); err != nil || result.Contract.State != escrow.Cancelled {
			t.Fatalf("%s, %v", result.Contract.State, err)
		}
		w.Prove()
	})
}

func TestWeakPINs(t *testing.T) {
	t.Parallel()
	weak := "0000 1111 9999 1212 1122 1222 1221 1234 4321 2345 0123 7890 8901 2468 1357 9630 3210 1990 1963 2024 2000 " +
		"2580 0852 1470 3690 1590 1397 3179 2684 5683 0418 2000 7220 2547 0722"
	for typed := range strings.FieldsSeq(weak) {
		if !escrow.PIN(typed).Weak(otieno) {
			t.Errorf("%s is not weak", typed)
		}
	}
	for _, typed := range []string{"", "739", "73915", "73 1", "739x", "٧٣٩١"} {
		if !escrow.PIN(typed).Weak(otieno) {
			t.Errorf("%q is taken for a PIN", typed)
		}
	}
	for _, typed := range []string{"7391", "8305", "5207", "6140", "9417"} {
		if escrow.PIN(typed).Weak(otieno) {
			t.Errorf("%s is weak", typed)
		}
	}
	strong := 0
	for n := range 10_000 {
		if !escrow.PIN(fmt.Sprintf("%04d", n)).Weak(otieno) {
			strong++
		}
	}
	if strong < 8_900 {
		t.Errorf("only %d PINs are left", strong)
	}
}

// A weak one is taken at no door.
func TestAWeakPINIsNotTaken(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	weak := func() escrow.PINCommand { return escrow.PINCommand{Request: w.Request(amina), Old: pin, PIN: "1234"} }
	_, set := w.Service.SetPIN(t.Context(), weak())
	w.SetPIN(amina, pin)
	_, change := w.Service.ChangePIN(t.Context(), weak())
	_, reset := w.Service.ResetPIN(t.Context(), weak())
	for _, err := range []error{set, change, reset} {
		refusedWith(t, err, escrow.WeakPIN)
	}
}

// However a PIN gets into a text, it is not shown.
func TestAPINIsNotPrinted(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	cmd := escrow.PINCommand{PIN: pin, Old: pin, Request: escrow.Request{From: amina}}
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "pin", pin, "command", cmd)
	text := log.String() + fmt.Sprintf("%v %s %+v %#v %v", pin, pin, cmd, cmd, escrow.Command{PIN: pin})
	if strings.Contains(text, string(pin)) {
		t.Error(text)
	}
}

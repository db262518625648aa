package store_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

func TestAContractComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		want := b.contract()
		b.Clock.Advance(90 * time.Second)
		want.State, want.TermsHash, want.UpdatedAt = escrow.Disputed, []byte("terms"), b.Clock.Now()
		want.DisputedFrom, want.DisputedBy, want.Reason = escrow.Delivered, escrow.Buyer, "rotten; DROP TABLE 'x' — mbovu"
		want.Due = escrow.Due{
			Kind: escrow.DueInspectHalf, At: b.Clock.Now().Add(time.Hour), End: b.Clock.Now().Add(2 * time.Hour),
			Armed: b.Clock.Now(), Counted: 3 * time.Minute, Frozen: b.Clock.Now().Add(time.Minute),
		}
		want.CancelBy, want.CancelAt, want.CancelTries = escrow.Seller, b.Clock.Now(), 2
		want.CodeTries, want.ChainSeq, want.ChainHead = 3, 7, []byte{0, 1, 255}
		b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.SaveContract(ctx, want) })
		want.Version++
		found := map[string]escrow.Contract{}
		var err error
		if found["FindContract"], _, err = b.Store.FindContract(t.Context(), want.Ref); err != nil {
			t.Fatal(err)
		}
		b.inTx(func(ctx context.Context, tx escrow.Tx) (err error) {
			if found["Contract"], err = tx.Contract(ctx, want.ID); err != nil {
				return err
			}
			found["ContractByRef"], err = tx.ContractByRef(ctx, want.Ref)
			return err
		})
		for _, phone := range []escrow.Phone{storetest.Amina, storetest.Otieno} {
			party, open, err := b.Store.FindParty(t.Context(), phone, 5)
			if err != nil || party.Phone != phone || len(open) != 1 {
				t.Fatalf("%s has %d open contracts, %v", party.Phone.Masked(), len(open), err)
			}
			found["FindParty "+party.Phone.Masked()] = open[0]
		}
		for name, got := range found {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s returns\n%+v, want\n%+v", name, got, want)
			}
		}
	})
}

func TestWhatIsNotThereIsSaidSo(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		nobody, id := escrow.Phone("+254712345678"), uuid.New()
		find := map[string]func(context.Context, escrow.Tx) error{
			"contract":     func(ctx context.Context, tx escrow.Tx) error { _, err := tx.Contract(ctx, id); return err },
			"reference":    func(ctx context.Context, tx escrow.Tx) error { _, err := tx.ContractByRef(ctx, "1234"); return err },
			"payment":      func(ctx context.Context, tx escrow.Tx) error { _, err := tx.Payment(ctx, id); return err },
			"held payment": func(ctx context.Context, tx escrow.Tx) error { _, err := tx.HeldPayment(ctx, id); return err },
			"transfer":     func(ctx context.Context, tx escrow.Tx) error { _, err := tx.Transfer(ctx, id); return err },
			"message":      func(ctx context.Context, tx escrow.Tx) error { _, err := tx.Message(ctx, id); return err },
			"provider's id": func(ctx context.Context, tx escrow.Tx) error {
				_, err := tx.MessageByProvider(ctx, "ATXid_1")
				return err
			},
		}
		for name, fn := range find {
			err := b.Store.InTx(t.Context(), fn)
			if _, ok := errors.AsType[*escrow.NotFoundError](err); !ok {
				t.Errorf("%s: %v", name, err)
			}
		}
		party, open, err := b.Store.FindParty(t.Context(), nobody, 5)
		if err != nil || party.ID != uuid.Nil || len(open) != 0 {
			t.Errorf("nobody is %v with %d contracts, %v", party.ID, len(open), err)
		}
	})
}

func TestTheOlderVersionOfAContractIsNotSaved(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.contract()
		newer, older := c, c
		newer.Item, older.Item = "Beans", "Rice"
		newer.Reason, older.Reason = "newer", "older"
		b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.SaveContract(ctx, newer) })
		err := b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error { return tx.SaveContract(ctx, older) })
		if !errors.Is(err, escrow.ErrConflict) {
			t.Errorf("saving an old version: %v", err)
		}
		got, _, err := b.Store.FindContract(t.Context(), c.Ref)
		if err != nil || got.Reason != "newer" || got.Version != 1 || got.Item != c.Item {
			t.Errorf("got %q, version %d, item %q (terms never change), %v", got.Reason, got.Version, got.Item, err)
		}
	})
}

func TestTheOlderVersionOfATransferIsNotSaved(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.contract()
		tr := b.transfer(b.payment(c, escrow.PaymentPending), c, escrow.Collect)
		if err := b.add(tr); err != nil {
			t.Fatal(err)
		}
		save := func(state escrow.TransferState) error {
			tr.State = state
			return b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error { return tx.SaveTransfer(ctx, tr) })
		}
		if err := save(escrow.TransferSubmitted); err != nil {
			t.Fatal(err)
		}
		if err := save(escrow.TransferFailed); !errors.Is(err, escrow.ErrConflict) {
			t.Errorf("saving an old version: %v", err)
		}
		got, err := b.Store.FindTransfer(t.Context(), tr.ID)
		if err != nil || got.State != escrow.TransferSubmitted || got.Version != 1 {
			t.Errorf("got %s, version %d, %v", got.State, got.Version, err)
		}
	})
}

// Callers that change a contract at once lose no change: each waits, or is run
// again on what the other left.
func TestNoChangeIsLostBetweenManyAtOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.contract()
		const callers = 20
		done := make(chan error, callers)
		for range callers {
			go func() {
				done <- b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
					now, err := tx.Contract(ctx, c.ID)
					if err != nil {
						return err
					}
					now.CodeTries++
					return tx.SaveContract(ctx, now)
				})
			}()
		}
		for range callers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := b.number("SELECT code_tries FROM contracts"); n != callers {
			t.Errorf("%d of %d changes are there", n, callers)
		}
	})
}

// Who comes second waits for the lock of whoever reads a contract to change it, and
// then reads what that one left, at the first try.
func TestWhoComesSecondWaitsForTheContract(t *testing.T) {
	t.Parallel()
	b := postgresBench(t)
	c := b.contract()
	var read atomic.Int32
	var once sync.Once
	second := make(chan error, 1)
	change := func(meanwhile func()) error {
		return b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
			now, err := tx.Contract(ctx, c.ID)
			if err != nil {
				return err
			}
			read.Add(1)
			meanwhile()
			now.CodeTries++
			return tx.SaveContract(ctx, now)
		})
	}
	err := change(func() {
		once.Do(func() { go func() { second <- change(func() {}) }() })
		const waiting = `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
		testkit.Eventually(t, "the second waits", func() bool { return read.Load() > 1 || b.number(waiting) > 0 })
	})
	if err := errors.Join(err, <-second); err != nil {
		t.Fatal(err)
	}
	if n := read.Load(); n != 2 {
		t.Errorf("two changes read the contract %d times", n)
	}
	if n := b.number("SELECT code_tries FROM contracts"); n != 2 {
		t.Errorf("%d of 2 changes are there", n)
	}
}

func TestContractsComeNewestFirstAndInPages(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		var want []escrow.Ref
		const count = 5
		for range count {
			b.Clock.Advance(time.Minute)
			want = append([]escrow.Ref{b.contract().Ref}, want...)
		}
		var got []escrow.Ref
		for offset := 0; offset <= count; offset += 2 {
			page, err := b.Store.FindContracts(t.Context(), storetest.Otieno, offset, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, seen := range page {
				got = append(got, seen.Contract.Ref)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if strange, err := b.Store.FindContracts(t.Context(), storetest.Mallory, 0, count); err != nil || len(strange) != 0 {
			t.Errorf("a stranger sees %d contracts, %v", len(strange), err)
		}
	})
}

// A party sees its side of a contract, and how far the money is.
func TestContractsAreSeenFromOneSide(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.contract()
		see := func(phone escrow.Phone) escrow.View {
			views, err := b.Store.FindContracts(t.Context(), phone, 0, 5)
			if err != nil || len(views) != 1 || views[0].Contract.ID != c.ID {
				t.Fatalf("%s sees %+v, %v", phone.Masked(), views, err)
			}
			return views[0]
		}
		if view := see(storetest.Otieno); view.Role != escrow.Seller || view.Payment != "" {
			t.Errorf("before any payment Otieno is %s and sees a payment that is %q", view.Role, view.Payment)
		}
		for _, status := range []escrow.PaymentStatus{escrow.PaymentFailed, escrow.PaymentPending, escrow.PaymentHeld} {
			b.payment(c, status)
			if view := see(storetest.Amina); view.Role != escrow.Buyer || view.Payment != status {
				t.Errorf("Amina is %s and sees a payment that is %q, want %q", view.Role, view.Payment, status)
			}
		}
		b.payment(c, escrow.PaymentRefunded) // came too late, beside the one that counts
		if view := see(storetest.Amina); view.Payment != escrow.PaymentHeld {
			t.Errorf("beside a late payment Amina sees %q", view.Payment)
		}
	})
}

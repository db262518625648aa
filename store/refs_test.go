package store_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

const shortRefs = 900 // references of four digits: 100 to 999, and a check digit

// takeAllShort makes every reference of four digits belong to somebody. A nil
// freeAfter says that the contract is open.
func (b *bench) takeAllShort(freeAfter *int64) {
	b.TB.Helper()
	for n := 100; n < 100+shortRefs; n++ {
		b.exec("INSERT INTO contract_refs (ref, contract_id, free_after) VALUES ($1, $2, $3)",
			string(escrow.NewRef(strconv.Itoa(n))), uuid.New(), freeAfter)
	}
}

func TestReferencesAreShortWhileFewAreTaken(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		seen := map[escrow.Ref]bool{}
		for range 30 {
			ref := b.contract().Ref
			if parsed, err := escrow.ParseRef(string(ref)); err != nil || parsed != ref || ref[0] == '0' {
				t.Errorf("reference %s cannot be read back: %v", ref, err)
			}
			if len(ref) != 4 || seen[ref] {
				t.Errorf("reference %s is long or given twice", ref)
			}
			seen[ref] = true
		}
	})
}

func TestReferencesGrowWhenTheShortOnesAreTaken(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.takeAllShort(nil)
		for range 10 {
			if ref := b.contract().Ref; len(ref) != 5 {
				t.Errorf("reference %s has %d digits, want 5", ref, len(ref))
			}
		}
	})
}

func TestManyTakeReferencesAtOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		// Nine short references are left for forty callers.
		b.takeAllShort(nil)
		for n := 100; n < 109; n++ {
			b.exec("DELETE FROM contract_refs WHERE ref = $1", string(escrow.NewRef(strconv.Itoa(n))))
		}
		const callers = 40
		refs := make(chan escrow.Ref, callers)
		for range callers {
			c := b.draft()
			go func() {
				var ref escrow.Ref
				err := b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) (err error) {
					ref, err = tx.AddContract(ctx, c)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				refs <- ref
			}()
		}
		seen := map[escrow.Ref]bool{}
		for range callers {
			ref := <-refs
			if ref == "" || seen[ref] {
				t.Errorf("reference %q was given twice", ref)
			}
			seen[ref] = true
		}
	})
}

// An old message must not act on a new deal: a reference rests for 90 days.
func TestAReferenceRestsAfterItsContractEnded(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		ended := b.contract()
		ended.State, ended.UpdatedAt = escrow.Cancelled, b.Clock.Now()
		b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.SaveContract(ctx, ended) })
		const rest = 90 * 24 * time.Hour
		free := b.number("SELECT free_after FROM contract_refs WHERE ref = $1", string(ended.Ref))
		if want := b.Clock.Now().Add(rest).UnixMicro(); free != want {
			t.Errorf("the reference is free after %d, want %d", free, want)
		}
		if found, _, err := b.Store.FindContract(t.Context(), ended.Ref); err != nil || found.ID != ended.ID {
			t.Errorf("a contract that ended is not found any more: %v", err)
		}
		// With all others taken, the next short reference can only be this one.
		b.exec("DELETE FROM contract_refs WHERE ref <> $1", string(ended.Ref))
		for n := 100; n < 100+shortRefs; n++ {
			b.exec("INSERT INTO contract_refs (ref, contract_id, free_after) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
				string(escrow.NewRef(strconv.Itoa(n))), uuid.New(), free)
		}
		b.Clock.Advance(rest)
		if ref := b.contract().Ref; len(ref) == 4 {
			t.Errorf("reference %s was given while it rested", ref)
		}
		b.Clock.Advance(time.Microsecond)
		again := b.contract()
		if len(again.Ref) != 4 {
			t.Errorf("reference %s is long though the short ones have rested", again.Ref)
		}
		if found, _, err := b.Store.FindContract(t.Context(), again.Ref); err != nil || found.ID != again.ID {
			t.Errorf("reference %s names the old contract: %v", again.Ref, err)
		}
	})
}

func TestAnOpenContractKeepsItsReferenceForEver(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.takeAllShort(nil)
		const years = 10 * 365 * 24 * time.Hour
		b.Clock.Advance(years)
		if ref := b.contract().Ref; len(ref) == 4 {
			t.Errorf("reference %s of an open contract was given again", ref)
		}
	})
}

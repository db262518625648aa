package store_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/voicepact/gateway/escrow"
)

var errOurs = errors.New("ours")

func TestInTxRunsAgainOnlyWhatMaySucceed(t *testing.T) {
	t.Parallel()
	serialization := fmt.Errorf("update: %w", &pq.Error{Code: "40001"})
	deadlock := fmt.Errorf("update: %w", &pq.Error{Code: "40P01"})
	unique := fmt.Errorf("insert: %w", &pq.Error{Code: "23505"})
	const all = 5
	b := postgresBench(t)
	for i, test := range []struct {
		name    string
		failing error
		times   int
		runs    int
	}{
		{"nothing fails", nil, 0, 1},
		{"conflict once", escrow.ErrConflict, 1, 2},
		{"conflict for ever", escrow.ErrConflict, 100, all},
		{"serialization once", serialization, 1, 2},
		{"deadlock twice", deadlock, 2, 3},
		{"serialization, always", serialization, 100, all},
		{"a rule is violated", unique, 100, 1},
		{"a refusal", escrow.Refuse(escrow.NotNow), 100, 1},
		{"any other error", errOurs, 100, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			phone, runs := escrow.Phone(fmt.Sprintf("+2547120000%02d", i)), 0
			err := b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
				runs++
				if _, err := tx.EnsureParty(ctx, phone); err != nil {
					return err
				}
				if runs <= test.times {
					return test.failing
				}
				return nil
			})
			if runs != test.runs {
				t.Errorf("ran %d times, want %d", runs, test.runs)
			}
			lasting := test.times >= test.runs
			if lasting != (err != nil) || lasting && !errors.Is(err, test.failing) {
				t.Errorf("ended with %v", err)
			}
			party, _, err := b.Store.FindParty(t.Context(), phone, 1)
			if stored := party.ID != uuid.Nil; stored == lasting || err != nil {
				t.Errorf("stored: %v, %v", stored, err)
			}
		})
	}
}

func TestWhatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.draft()
		err := b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
			if _, err := tx.Claim(ctx, "key", []byte("input"), c.ID); err != nil {
				return err
			}
			if _, err := tx.AddContract(ctx, c); err != nil {
				return err
			}
			if err := tx.Enqueue(ctx, escrow.SendMessage{Message: c.ID}, b.Clock.Now()); err != nil {
				return err
			}
			return errOurs
		})
		if !errors.Is(err, errOurs) {
			t.Fatalf("ended with %v", err)
		}
		for _, table := range []string{"contracts", "contract_refs", "idempotency_keys", "river_job"} {
			if n := b.number("SELECT COUNT(*) FROM " + table); n != 0 {
				t.Errorf("%s has %d rows", table, n)
			}
		}
	})
}

// Two transactions that lock two contracts in opposite order: the database ends
// one of them, and it is run again.
func TestADeadlockEndsWell(t *testing.T) {
	t.Parallel()
	b := postgresBench(t)
	one, two := b.contract(), b.contract()
	haveOne, haveTwo := make(chan struct{}), make(chan struct{})
	touchBoth := func(first, second uuid.UUID, mine chan<- struct{}, theirs <-chan struct{}) error {
		run := 0
		return b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
			if _, err := tx.Contract(ctx, first); err != nil {
				return err
			}
			run++
			if run == 1 {
				close(mine)
				<-theirs
			}
			c, err := tx.Contract(ctx, second)
			if err != nil {
				return err
			}
			c.CodeTries++
			return tx.SaveContract(ctx, c)
		})
	}
	other := make(chan error, 1)
	go func() { other <- touchBoth(two.ID, one.ID, haveTwo, haveOne) }()
	if err := errors.Join(touchBoth(one.ID, two.ID, haveOne, haveTwo), <-other); err != nil {
		t.Fatal(err)
	}
	if n := b.number("SELECT SUM(code_tries) FROM contracts"); n != 2 {
		t.Errorf("%d of 2 transactions had their effect", n)
	}
}

func TestAKeyIsClaimedOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		claim := func(key, input string) (first bool, err error) {
			err = b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) (err error) {
				first, err = tx.Claim(ctx, key, []byte(input), uuid.Nil)
				return err
			})
			return first, err
		}
		for _, step := range []struct {
			key, input string
			first      bool
			conflict   bool
		}{
			{"a", "input", true, false},
			{"a", "input", false, false},
			{"a", "other input", false, true},
			{"a", "input", false, false},
			{"b", "input", true, false},
		} {
			first, err := claim(step.key, step.input)
			if first != step.first || errors.Is(err, escrow.Refuse(escrow.KeyConflict)) != step.conflict || !step.conflict && err != nil {
				t.Errorf("claim of %s with %s: %v, %v", step.key, step.input, first, err)
			}
		}
	})
}

// What was asked holds numbers and release codes, of which there are so few that
// a plain hash of them could be found by trying.
func TestTheKeptHashOfAnInputIsKeyed(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		input := sha256.Sum256([]byte("+254712000001 8305"))
		for _, key := range []string{"a", "b"} {
			b.inTx(func(ctx context.Context, tx escrow.Tx) error {
				_, err := tx.Claim(ctx, key, input[:], uuid.Nil)
				return err
			})
		}
		var kept []byte
		if err := b.raw.QueryRowContext(t.Context(), "SELECT DISTINCT input_hash FROM idempotency_keys").Scan(&kept); err != nil {
			t.Fatal(err)
		}
		// The look-up key is that of storetest.Sealer; without the prefix the hash
		// could be taken for a phone's.
		mac := hmac.New(sha256.New, bytes.Repeat([]byte{2}, 32))
		mac.Write(append([]byte("input:"), input[:]...))
		if !bytes.Equal(kept, mac.Sum(nil)) {
			t.Errorf("kept %x of %x", kept, input)
		}
	})
}

// A wrong code is refused and counted: what counted is committed, and so is
// the refusal, for whoever asks again under the key.
func TestARefusalIsNotedBesideItsKey(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		claim := func(ctx context.Context, tx escrow.Tx, key string) error {
			_, err := tx.Claim(ctx, key, []byte("input"), uuid.Nil)
			return err
		}
		noted := func(key string) (code escrow.Code, err error) {
			err = b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) (err error) {
				code, err = tx.NotedRefusal(ctx, key)
				return err
			})
			return code, err
		}
		b.inTx(func(ctx context.Context, tx escrow.Tx) error {
			return errors.Join(claim(ctx, tx, "wrong"), claim(ctx, tx, "right"), tx.NoteRefusal(ctx, "wrong", escrow.BadCode))
		})
		if code, err := noted("wrong"); err != nil || code != escrow.BadCode {
			t.Errorf("noted %q, %v", code, err)
		}
		if code, err := noted("right"); err != nil || code != "" {
			t.Errorf("of a key that was not refused is noted %q, %v", code, err)
		}
		if _, err := noted("never claimed"); !escrow.IsNotFound(err) {
			t.Errorf("of a key that nobody claimed: %v", err)
		}
		err := b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
			return errors.Join(tx.NoteRefusal(ctx, "right", escrow.BadCode), errOurs)
		})
		if code, notedErr := noted("right"); !errors.Is(err, errOurs) || notedErr != nil || code != "" {
			t.Errorf("a transaction that failed noted %q, %v", code, notedErr)
		}
		err = b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
			return tx.NoteRefusal(ctx, "never claimed", escrow.BadCode)
		})
		if err == nil {
			t.Error("a refusal was noted for a key that nobody claimed")
		}
	})
}

func TestOfManyClaimsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		const callers = 20
		won := make(chan bool, callers)
		for range callers {
			go func() {
				var first bool
				err := b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) (err error) {
					first, err = tx.Claim(ctx, "key", []byte("input"), uuid.Nil)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				won <- first
			}()
		}
		winners := 0
		for range callers {
			if <-won {
				winners++
			}
		}
		if winners != 1 {
			t.Errorf("%d callers were told to be the first", winners)
		}
	})
}

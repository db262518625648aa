package store_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// After a whole deal, no column of any table shows a number or a name: not the
// parties' own, not a message, not a job, not the audit trail.
func TestNothingInTheDatabaseNamesAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		for phone, name := range map[escrow.Phone]string{storetest.Amina: "Amina Wanjiru", storetest.Otieno: "Otieno Mbugua"} {
			party := b.party(phone)
			party.Name = name
			b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.SaveParty(ctx, party) })
		}
		b.DealIn(escrow.Completed, escrow.Shillings(3_500))
		b.keep("sms", "id-1", "from=+254712000001&text=ACCEPT")
		if party, _, err := b.Store.FindParty(t.Context(), storetest.Amina, 1); err != nil || party.Name != "Amina Wanjiru" {
			t.Fatalf("Amina is called %q, %v", party.Name, err)
		}
		cells := 0
		for _, table := range b.tables() {
			for _, row := range b.rows(`SELECT * FROM "` + table + `"`) {
				for _, cell := range row {
					cells++
					for _, secret := range []string{"712000001", "722000418", "Wanjiru", "Mbugua"} {
						if strings.Contains(cell, secret) {
							t.Errorf("table %s shows %s: %.200s", table, secret, cell)
						}
					}
				}
			}
		}
		const fewest = 200
		if cells < fewest {
			t.Errorf("looked at %d cells only", cells)
		}
	})
}

func (b *bench) tables() []string {
	b.TB.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if b.name == "postgres" {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
	}
	var names []string
	for _, row := range b.rows(query) {
		names = append(names, row[0])
	}
	return names
}

func TestAnotherKeyOpensNothing(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.contract()
		closeIt(t, b.Store)
		key := func(of byte) []byte { return bytes.Repeat([]byte{of}, 32) }
		one, two, data, lookup := key(1), key(2), key(3), key(4) // the first two are those of storetest.Sealer
		for name, test := range map[string]struct {
			data, lookup []byte
			found        bool
			fails        bool
		}{
			"the same keys":    {one, two, true, false},
			"another data key": {data, two, false, true},
			"another look-up":  {one, lookup, false, false},
		} {
			sealer, err := store.NewSealer(test.data, test.lookup)
			if err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(t.Context(), b.address, sealer, b.Clock.Now)
			if err != nil {
				t.Fatal(err)
			}
			party, _, err := s.FindParty(t.Context(), storetest.Amina, 1)
			if (err != nil) != test.fails || (party.ID == c.Buyer.ID) != test.found {
				t.Errorf("%s: found %v, %v", name, party.ID, err)
			}
			if test.fails {
				if _, _, err := s.FindContract(t.Context(), c.Ref); err == nil {
					t.Errorf("%s: the contract was read", name)
				}
			}
			closeIt(t, s)
		}
	})
}

func TestADamagedPersonIsAnErrorThatNamesNobody(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		party := b.party(storetest.Amina)
		for _, damaged := range [][]byte{{}, {1}, []byte("+254712000001"), bytes.Repeat([]byte{1}, 64)} {
			b.exec("UPDATE parties SET phone_sealed = $1", damaged)
			_, _, err := b.Store.FindParty(t.Context(), storetest.Amina, 1)
			if err == nil || strings.Contains(err.Error(), "712000001") {
				t.Errorf("%q was read as a number: %v", damaged, err)
			}
			err = b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
				_, err := tx.EnsureParty(ctx, storetest.Amina)
				return err
			})
			if err == nil {
				t.Error("a damaged person was made anew")
			}
		}
		if n := b.number("SELECT COUNT(*) FROM parties"); n != 1 || party.ID == uuid.Nil {
			t.Errorf("%d parties, want 1", n)
		}
	})
}

func TestManyMeetOnePersonAtOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		const callers = 20
		ids := make(chan uuid.UUID, callers)
		for range callers {
			go func() {
				var party escrow.Party
				err := b.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) (err error) {
					party, err = tx.EnsureParty(ctx, storetest.Amina)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				ids <- party.ID
			}()
		}
		first := <-ids
		for range callers - 1 {
			if id := <-ids; id != first {
				t.Errorf("one person got two ids, %v and %v", first, id)
			}
		}
	})
}

func TestKeysHaveThirtyTwoBytes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 16, 31, 33, 64} {
		good, bad := make([]byte, 32), make([]byte, size)
		_, one := store.NewSealer(bad, good)
		_, two := store.NewSealer(good, bad)
		if err := errors.Join(one, two); one == nil || two == nil || strings.Contains(err.Error(), string(good)) {
			t.Errorf("a key of %d bytes: %v, %v", size, one, two)
		}
	}
}

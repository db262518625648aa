package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// bench is a world whose database the test can also look into, past the store.
type bench struct {
	*storetest.World
	name    string  // of the engine
	raw     *sql.DB // past the store
	address string
}

// onEachEngine tells a story on each engine.
func onEachEngine(t *testing.T, story func(t *testing.T, b *bench)) {
	t.Helper()
	for name, newBench := range map[string]func(*testing.T) *bench{"sqlite": sqliteBench, "postgres": postgresBench} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, newBench(t))
		})
	}
}

func sqliteBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{name: "sqlite", address: "sqlite:" + storetest.SQLiteFile(t)}
	b.World = storetest.NewWorld(t, b.opener)
	b.raw = b.Store.Raw()
	return b
}

func postgresBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{name: "postgres", address: storetest.PostgresURL(t)}
	b.World = storetest.NewWorld(t, b.opener)
	b.raw = b.Store.Raw()
	return b
}

func (b *bench) opener(tb testing.TB, now func() time.Time) *store.Store {
	tb.Helper()
	return b.open(tb, storetest.Sealer(tb), now)
}

// open opens the database once more, which on SQLite needs the first to be closed.
func (b *bench) open(tb testing.TB, sealer *store.Sealer, now func() time.Time) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), b.address, sealer, now)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { closeIt(tb, s) })
	return s
}

func closeIt(tb testing.TB, c interface{ Close() error }) {
	tb.Helper()
	if err := c.Close(); err != nil {
		tb.Error(err)
	}
}

// exec runs a statement past the store.
func (b *bench) exec(statement string, args ...any) {
	b.TB.Helper()
	if _, err := b.raw.ExecContext(b.TB.Context(), statement, args...); err != nil {
		b.TB.Fatalf("%s: %v", statement, err)
	}
}

// force runs a statement past the store and past the triggers, as whoever owns
// the database can.
func (b *bench) force(statement string, args ...any) {
	b.TB.Helper()
	if b.name == "postgres" {
		for _, table := range appendOnly() {
			b.exec("ALTER TABLE " + table + " DISABLE TRIGGER append_only")
		}
	} else {
		for _, table := range appendOnly() {
			b.exec("DROP TRIGGER IF EXISTS append_only_" + table + "_update")
			b.exec("DROP TRIGGER IF EXISTS append_only_" + table + "_delete")
		}
	}
	b.exec(statement, args...)
}

// number reads one number past the store.
func (b *bench) number(query string, args ...any) int64 {
	b.TB.Helper()
	var n sql.NullInt64
	if err := b.raw.QueryRowContext(b.TB.Context(), query, args...).Scan(&n); err != nil {
		b.TB.Fatalf("%s: %v", query, err)
	}
	return n.Int64
}

// inTx runs fn in a transaction that must succeed.
func (b *bench) inTx(fn func(ctx context.Context, tx escrow.Tx) error) {
	b.TB.Helper()
	if err := b.Store.InTx(b.TB.Context(), fn); err != nil {
		b.TB.Fatal(err)
	}
}

// party makes sure that a phone has a party.
func (b *bench) party(phone escrow.Phone) (party escrow.Party) {
	b.TB.Helper()
	b.inTx(func(ctx context.Context, tx escrow.Tx) (err error) {
		party, err = tx.EnsureParty(ctx, phone)
		return err
	})
	return party
}

// draft is a contract that is not stored yet.
func (b *bench) draft() escrow.Contract {
	b.TB.Helper()
	return escrow.Contract{
		ID: uuid.Must(uuid.NewV7()), State: escrow.Pending, Proposer: escrow.Seller,
		Buyer: b.party(storetest.Amina), Seller: b.party(storetest.Otieno),
		Item: "Maize 10 bags", Amount: escrow.Shillings(3_500), DeliverBy: escrow.Day(b.Clock.Now()),
		CreatedAt: b.Clock.Now(), UpdatedAt: b.Clock.Now(),
	}
}

// contract stores a draft.
func (b *bench) contract() escrow.Contract {
	b.TB.Helper()
	c := b.draft()
	b.inTx(func(ctx context.Context, tx escrow.Tx) (err error) {
		c.Ref, err = tx.AddContract(ctx, c)
		return err
	})
	return c
}

// payment stores a payment for a contract.
func (b *bench) payment(c escrow.Contract, status escrow.PaymentStatus) escrow.Payment {
	b.TB.Helper()
	p := escrow.Payment{
		ID: uuid.Must(uuid.NewV7()), ContractID: c.ID, Payer: c.Buyer.ID, Amount: c.Amount,
		Status: status, CreatedAt: b.Clock.Now(), UpdatedAt: b.Clock.Now(),
	}
	b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.AddPayment(ctx, p) })
	return p
}

// transfer makes a transfer that is not stored yet.
func (b *bench) transfer(p escrow.Payment, c escrow.Contract, kind escrow.TransferKind) escrow.Transfer {
	method := escrow.MethodB2C
	if kind == escrow.Collect {
		method = escrow.MethodSTK
	}
	return escrow.Transfer{
		ID: uuid.Must(uuid.NewV7()), ContractID: c.ID, PaymentID: p.ID, Kind: kind, Method: method,
		State: escrow.TransferCreated, Party: c.Buyer, Amount: p.Amount, Ref: c.Ref, Attempt: 1,
		CreatedAt: b.Clock.Now(), UpdatedAt: b.Clock.Now(),
	}
}

// add stores a transfer, which may be refused.
func (b *bench) add(tr escrow.Transfer) error {
	return b.Store.InTx(b.TB.Context(), func(ctx context.Context, tx escrow.Tx) error {
		return tx.AddTransfer(ctx, tr)
	})
}

package bank_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the pure Go driver "sqlite"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

var noon = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// open is an empty bank in memory, in a transaction that is never committed.
func open(t *testing.T, schema string) *sqlx.Tx {
	t.Helper()
	db, err := sqlx.Open("sqlite", "file::memory:")
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { must(t, db.Close()) })
	_, err = db.ExecContext(t.Context(), schema)
	must(t, err)
	tx, err := db.BeginTxx(context.Background(), nil)
	must(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// counting draws 0, 1, 2 … so that receipts differ and are known.
func counting() bank.Ledger {
	n := 0
	return bank.Ledger{Draw: func(below int) int { n++; return (n - 1) % below }}
}

// TestFees is the printed tariff, at the edges of its rows.
func TestFees(t *testing.T) {
	t.Parallel()
	for shillings, want := range map[int64]struct{ total, customer, payout int64 }{
		1: {0, 0, 0}, 49: {0, 0, 0}, 100: {0, 0, 0}, 101: {5, 5, 5}, 500: {5, 5, 5}, 1_000: {10, 10, 5}, 1_001: {15, 10, 5},
		1_500: {15, 10, 5}, 1_501: {20, 13, 9}, 2_501: {25, 16, 9}, 5_000: {34, 16, 9}, 5_001: {42, 17, 11}, 7_501: {48, 18, 11},
		15_000: {57, 18, 11}, 20_000: {62, 19, 11}, 20_001: {67, 20, 13}, 30_000: {72, 20, 13}, 35_000: {83, 21, 13},
		40_000: {99, 23, 13}, 45_000: {103, 23, 13}, 45_001: {108, 24, 13}, 250_000: {108, 24, 13},
	} {
		cents := shillings * 100
		for bouquet, shares := range map[bank.Bouquet][2]int64{
			bank.NoFee: {0, 0}, bank.BusinessBouquet: {want.total, 0}, bank.CustomerBouquet: {0, want.total},
			bank.Mgao: {want.customer, want.total - want.customer},
		} {
			customer, business := bank.PayBillFee(bouquet, cents)
			if customer != shares[0]*100 || business != shares[1]*100 {
				t.Errorf("%q takes %d and %d cents of %d shillings, want %v", bouquet, customer, business, shillings, shares)
			}
		}
		if got := bank.PayoutFee(cents); got != want.payout*100 {
			t.Errorf("a payout of %d costs %d cents, want %d shillings", shillings, got, want.payout)
		}
	}
}

func TestMoveBooksBothSides(t *testing.T) {
	t.Parallel()
	tx, l := open(t, bank.Schema), counting()
	receipt, err := l.Move(t.Context(), tx, bank.Movement{
		At: noon, Kind: bank.KindOpening, Debit: bank.Agents, Credit: bank.Wallet("+254722000000"), Cents: 100_00,
	})
	must(t, err)
	if receipt != "UKN0123456" {
		t.Errorf("receipt %s", receipt)
	}
	_, err = l.Move(t.Context(), tx, bank.Movement{
		At: noon, Kind: bank.KindPayBill, Debit: bank.Wallet("+254722000000"), Credit: bank.Utility("174379"), Cents: 40_00,
		Receipt: "UKN7RT61SV", Reference: "1234",
	})
	must(t, err)
	st, err := bank.Read(t.Context(), tx)
	must(t, err)
	must(t, st.Check())
	if st.Wallets["+254722000000"] != 60_00 || st.UtilityCents != 40_00 || st.Accounts[bank.Agents] != -100_00 ||
		st.Movements[1].Receipt != "UKN7RT61SV" || !st.Movements[1].At.Equal(noon) {
		t.Errorf("%+v", st)
	}
}

// TestMoveRefuses is the second lock: what M-PESA's own checks should not let
// through.
func TestMoveRefuses(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]bank.Movement{
		"overdraft":       {Debit: bank.Wallet("a"), Credit: bank.Utility("1"), Cents: 1},
		"utility":         {Debit: bank.Utility("1"), Credit: bank.Wallet("a"), Cents: 1},
		"nothing":         {Debit: bank.Agents, Credit: bank.Wallet("a")},
		"less":            {Debit: bank.Agents, Credit: bank.Wallet("a"), Cents: -1},
		"itself":          {Debit: bank.Agents, Credit: bank.Agents, Cents: 1},
		"no such receipt": {Debit: bank.Agents, Credit: bank.Wallet("a"), Cents: 1, Receipt: "short"},
	} {
		tx, l := open(t, bank.Schema), counting()
		if _, err := l.Move(t.Context(), tx, m); err == nil {
			t.Errorf("%s: booked", name)
		}
	}
	tx, l := open(t, bank.Schema), counting()
	_, err := l.Move(t.Context(), tx, bank.Movement{At: noon, Debit: bank.Charges("1"), Credit: bank.Tariff, Cents: 1})
	must(t, err) // may be negative
}

// TestMoveNoticesACrookedBank changes a balance behind the ledger's back.
func TestMoveNoticesACrookedBank(t *testing.T) {
	t.Parallel()
	tx, l := open(t, bank.Schema), counting()
	must(t, bank.Open(t.Context(), tx, bank.Wallet("a")))
	_, err := tx.ExecContext(t.Context(), `UPDATE bank_accounts SET cents = 1`)
	must(t, err)
	_, err = l.Move(t.Context(), tx, bank.Movement{At: noon, Debit: bank.Agents, Credit: bank.Wallet("a"), Cents: 1})
	if err == nil || !strings.Contains(err.Error(), "sum to 1 cents") {
		t.Error(err)
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := func() bank.Statement {
		return bank.Statement{
			Accounts: map[string]int64{bank.Agents: -5, "wallet:a": 5},
			Movements: []bank.Movement{
				{Debit: bank.Agents, Credit: "wallet:a", Cents: 2, Receipt: "A"},
				{Debit: bank.Agents, Credit: "wallet:a", Cents: 3, Receipt: "B"},
			},
		}
	}
	must(t, good().Check())
	for words, spoil := range map[string]func(*bank.Statement){
		"wallet:a holds 6 cents, its lines say 5": func(st *bank.Statement) { st.Accounts["wallet:a"] = 6 },
		"the accounts sum to 1 cents":             func(st *bank.Statement) { st.Accounts["wallet:a"] = 6 },
		"receipt A was given twice":               func(st *bank.Statement) { st.Movements[1].Receipt = "A" },
	} {
		st := good()
		spoil(&st)
		if err := st.Check(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", words, err)
		}
	}
}

// TestReceiptsAreNew draws one that was given before.
func TestReceiptsAreNew(t *testing.T) {
	t.Parallel()
	tx := open(t, bank.Schema)
	n := 0
	l := bank.Ledger{Draw: func(int) int { n++; return n / 15 }} // 0 for two receipts, then 1
	m := bank.Movement{At: noon, Debit: bank.Agents, Credit: bank.Wallet("a"), Cents: 1}
	first, err := l.Move(t.Context(), tx, m)
	must(t, err)
	second, err := l.Move(t.Context(), tx, m)
	must(t, err)
	if first != "UKN0000000" || second == first {
		t.Errorf("%s, %s", first, second)
	}
}

// TestDayEndsAtMidnightInNairobi is 21:00 UTC.
func TestDayEndsAtMidnightInNairobi(t *testing.T) {
	t.Parallel()
	tx, l := open(t, bank.Schema), counting()
	wallet := bank.Wallet("a")
	book := func(kind, debit, credit string, cents int64, at time.Time) {
		t.Helper()
		_, err := l.Move(t.Context(), tx, bank.Movement{At: at, Kind: kind, Debit: debit, Credit: credit, Cents: cents})
		must(t, err)
	}
	evening := time.Date(2026, 11, 23, 20, 59, 59, 0, time.UTC)
	book(bank.KindOpening, bank.Agents, wallet, 1000, evening)
	book(bank.KindSTK, wallet, bank.Utility("1"), 100, evening)
	book(bank.KindPayBill, wallet, bank.Utility("1"), 20, evening)
	book(bank.KindPayBillFee, wallet, bank.Tariff, 7, evening)
	book(bank.KindB2C, bank.Utility("1"), wallet, 50, evening)
	book(bank.KindReversal, bank.Utility("1"), wallet, 20, evening)
	for at, want := range map[time.Time][2]int64{evening: {120, 50}, evening.Add(time.Second): {0, 0}} {
		sent, err := bank.Sent(t.Context(), tx, "a", at)
		must(t, err)
		received, err := bank.Received(t.Context(), tx, "a", at)
		must(t, err)
		if sent != want[0] || received != want[1] {
			t.Errorf("%s: sent %d, received %d, want %v", at, sent, received, want)
		}
	}
}

// TestAdopt reads a file of the time before organisations had names.
func TestAdopt(t *testing.T) {
	t.Parallel()
	tx := open(t, `
		CREATE TABLE accounts (name TEXT PRIMARY KEY, cents INTEGER NOT NULL) STRICT;
		INSERT INTO accounts VALUES ('wallet:a', 40), ('utility', 50), ('agents', -100), ('charges', -5), ('tariff', 15);
		`+bank.Schema+`
		INSERT INTO movements (at, kind, debit, credit, cents, receipt, reference) VALUES
			(1, 'opening', 'agents', 'wallet:a', 100, 'UKN0000001', ''), (2, 'stk', 'wallet:a', 'utility', 60, 'UKN0000002', ''),
			(3, 'b2c', 'utility', 'tariff', 10, 'UKN0000003', ''), (4, 'b2c_fee', 'charges', 'tariff', 5, 'UKN0000004', '')`)
	for range 2 { // the second time there is nothing to do
		must(t, bank.Adopt(t.Context(), tx, "174379"))
		st, err := bank.Read(t.Context(), tx)
		must(t, err)
		must(t, st.Check())
		if st.Accounts[bank.Utility("174379")] != 50 || st.Accounts[bank.Charges("174379")] != -5 || len(st.Accounts) != 5 {
			t.Errorf("%v", st.Accounts)
		}
	}
}

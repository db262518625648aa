package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
)

// What is asked while a person waits, or for every callback, must not read a
// whole table, however small the tables of a test are.
func TestLookUpsUseAnIndex(t *testing.T) {
	t.Parallel()
	statements := readStatements(t)
	hash, id, now := []byte("hash"), uuid.New(), time.Now().UnixMicro()
	lookUps := map[string][]any{
		"sqlPartyByPhone": {hash}, "sqlOpenContracts": {hash, 5}, "sqlFindContracts": {hash, 5, 0},
		"sqlContract": {id}, "sqlContractByRef": {"1234"}, "sqlFindContract": {"1234"},
		"sqlTransfer": {id}, "sqlPayment": {id}, "sqlHeldPayment": {id}, "sqlPromptOpen": {id, id},
		"sqlMessage": {id}, "sqlMessageByProvider": {"ATXid_1"}, "sqlMessagesAlike": {"help", "{}", "en", id, 5}, "sqlKept": {"stk", "key"}, "sqlCallback": {id},
		"sqlStale": {now, 5}, "sqlDue": {now, 5}, "sqlOutages": {now}, "sqlPulse": {"gateway"}, "sqlTransfersOf": {id}, "sqlNotedRefusal": {"key"},
		"sqlClaimed": {"key"}, "sqlTakenRefs": {"1234", now}, "sqlEvents": {id}, "sqlHeld": {"escrow:1"},
		"sqlReceipt": {"R1"}, "sqlStray": {"R1"}, "sqlCollections": {id}, "sqlAttempts": {id, "refund"},
		"sqlFindPIN": {hash}, "sqlLockPIN": {id}, "sqlPINEvents": {hash}, "sqlLastPrompt": {id}, "sqlPaymentsOf": {id}, "sqlMoves": {id}, "sqlTariff": {"b2c", now, 1000},
	}
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		for name, args := range lookUps {
			statement, ok := statements[name]
			if !ok {
				t.Errorf("%s is gone", name)
				continue
			}
			plan := b.plan(sqlx.Rebind(sqlx.DOLLAR, statement), args)
			if readsAll(plan) {
				t.Errorf("%s reads a whole table:\n%s", name, plan)
			}
			if name == "sqlStale" && !strings.Contains(plan, "transfers_under_way") {
				t.Errorf("%s reads transfers that are long over:\n%s", name, plan)
			}
		}
	})
}

// plan returns how the engine would run a statement if it had many rows.
func (b *bench) plan(statement string, args []any) string {
	b.TB.Helper()
	ctx := b.TB.Context()
	conn, err := b.raw.Conn(ctx)
	if err != nil {
		b.TB.Fatal(err)
	}
	defer closeIt(b.TB, conn)
	explain := "EXPLAIN QUERY PLAN "
	if b.name == "postgres" {
		explain = "EXPLAIN "
		// Small tables are read whole though an index is there.
		if _, err := conn.ExecContext(ctx, "SET enable_seqscan = off"); err != nil {
			b.TB.Fatal(err)
		}
	}
	rows, err := conn.QueryContext(ctx, explain+statement, args...)
	if err != nil {
		b.TB.Fatalf("%s: %v", statement, err)
	}
	defer closeIt(b.TB, rows)
	columns, err := rows.Columns()
	if err != nil {
		b.TB.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			b.TB.Fatal(err)
		}
		last, ok := values[len(values)-1].(*any)
		if !ok {
			b.TB.Fatal("a row without a column")
		}
		lines = append(lines, fmt.Sprint(*last))
	}
	if err := rows.Err(); err != nil {
		b.TB.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func readsAll(plan string) bool {
	for line := range strings.SplitSeq(plan, "\n") {
		// PostgreSQL says Seq Scan; SQLite says SCAN where it does not SEARCH. The
		// indexes of what is under way are short and may be read whole.
		whole := strings.Contains(line, "Seq Scan") || strings.HasPrefix(strings.TrimSpace(line), "SCAN ")
		if whole && !strings.Contains(line, "USING INDEX transfers_one_prompt") &&
			!strings.Contains(line, "USING INDEX transfers_under_way") {
			return true
		}
	}
	return false
}

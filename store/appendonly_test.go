package store_test

import (
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// appendOnly lists the tables that are written once.
func appendOnly() []string { return []string{"audit_events", "postings", "entries", "pin_events"} }

// The database itself refuses, whoever asks and however few rows it hits.
func TestTheTrailAndTheBooksAreWrittenOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.DealIn(escrow.Completed, escrow.Shillings(3_500))
		b.SetPIN(storetest.Amina, "7391")
		columns := map[string]string{
			"audit_events": "detail = 'x'", "postings": "reason = 'x'", "entries": "amount = 1", "pin_events": "detail = 'x'",
		}
		for _, table := range appendOnly() {
			statements := []string{"UPDATE " + table + " SET " + columns[table], "DELETE FROM " + table}
			if b.name == "postgres" {
				statements = append(statements, "TRUNCATE "+table+" CASCADE", "DELETE FROM "+table+" WHERE false")
			}
			before := b.number("SELECT COUNT(*) FROM " + table)
			for _, statement := range statements {
				_, err := b.raw.ExecContext(t.Context(), statement)
				if err == nil || !strings.Contains(err.Error(), "is append-only") {
					t.Errorf("%s: %v", statement, err)
				}
			}
			if after := b.number("SELECT COUNT(*) FROM " + table); before == 0 || after != before {
				t.Errorf("%s has %d rows, had %d", table, after, before)
			}
		}
		b.Prove()
	})
}

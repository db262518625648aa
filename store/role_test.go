package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// asApp opens a bench's database as the role that serves.
func asApp(t *testing.T, b *bench) *bench {
	t.Helper()
	app := &bench{name: b.name, address: testkit.WithAppRole(t, b.address)}
	if err := b.Store.Grant(t.Context(), testkit.AppRole, ""); err != nil {
		t.Fatal(err)
	}
	app.World = storetest.NewWorld(t, app.opener)
	app.raw = app.Store.Raw()
	return app
}

// The role that serves can do everything that serving takes, and nothing to what
// has been written, not even past our triggers.
func TestTheServingRoleCanAddOnly(t *testing.T) {
	t.Parallel()
	owner := postgresBench(t)
	app := asApp(t, owner)
	for _, state := range []escrow.State{escrow.Completed, escrow.Disputed, escrow.Cancelled} {
		app.DealIn(state, escrow.Shillings(3_500))
	}
	app.Prove()
	if err := errors.Join(app.Store.CheckRole(t.Context()), app.Store.CheckSchema(t.Context()), app.Store.CheckKeys(t.Context())); err != nil {
		t.Error(err)
	}
	for _, table := range appendOnly() {
		for _, statement := range []string{
			"DELETE FROM " + table, "TRUNCATE " + table + " CASCADE", "DROP TABLE " + table + " CASCADE",
			"ALTER TABLE " + table + " DISABLE TRIGGER append_only", "DROP TRIGGER append_only ON " + table,
		} {
			_, err := app.raw.ExecContext(t.Context(), statement)
			if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be owner") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	}
	for _, statement := range []string{
		"UPDATE audit_events SET detail = ''", "UPDATE postings SET reason = ''", "UPDATE entries SET amount = 1",
		"UPDATE goose_db_version SET version_id = 0", "CREATE TABLE more (id BIGINT)",
	} {
		if _, err := app.raw.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestWhoCouldRewriteHistoryIsTold(t *testing.T) {
	t.Parallel()
	owner := postgresBench(t)
	if err := owner.Store.CheckRole(t.Context()); !errors.Is(err, store.ErrMayRewrite) ||
		!strings.Contains(err.Error(), "audit_events, entries, pin_events, postings") {
		t.Errorf("the owner: %v", err)
	}
	app := asApp(t, owner)
	for table, right := range map[string]string{"postings": "DELETE", "entries": "TRUNCATE", "audit_events": "UPDATE (detail)"} {
		owner.exec("GRANT " + right + " ON " + table + " TO " + testkit.AppRole)
		if err := app.Store.CheckRole(t.Context()); !errors.Is(err, store.ErrMayRewrite) || !strings.HasSuffix(err.Error(), "("+table+")") {
			t.Errorf("with %s on %s: %v", right, table, err)
		}
		owner.exec("REVOKE " + right + " ON " + table + " FROM " + testkit.AppRole)
	}
	owner.exec("ALTER TABLE postings DISABLE TRIGGER append_only")
	owner.exec("DROP TRIGGER append_only ON entries")
	if err := app.Store.CheckRole(t.Context()); !errors.Is(err, store.ErrUnguarded) || !strings.Contains(err.Error(), "(entries, postings)") {
		t.Errorf("without triggers: %v", err)
	}
	if err := sqliteBench(t).Store.CheckRole(t.Context()); err != nil {
		t.Errorf("SQLite has no roles: %v", err)
	}
}

// A role is made with its password, or given a new one.
func TestGrantMakesTheRole(t *testing.T) {
	t.Parallel()
	b := postgresBench(t)
	if err := b.Store.Grant(t.Context(), "nobody, or none", ""); err == nil || !strings.Contains(err.Error(), "nobody, or none") {
		t.Errorf("a role that is not there: %v", err)
	}
	role := "voicepact_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	defer func() { // roles belong to the server, not to the database that is dropped
		b.exec("DROP OWNED BY " + role)
		b.exec("DROP ROLE " + role)
	}()
	for _, password := range []string{"it's a secret", "another"} {
		if err := b.Store.Grant(t.Context(), role, password); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.number("SELECT COUNT(*) FROM pg_roles WHERE rolname = $1 AND rolcanlogin AND NOT rolsuper", role); n != 1 {
		t.Errorf("%d roles were made", n)
	}
	if err := sqliteBench(t).Store.Grant(t.Context(), role, ""); err == nil {
		t.Error("SQLite has roles")
	}
}

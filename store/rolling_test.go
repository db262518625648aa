package store_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"

	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/migrations"
)

// The statements that the program runs with each version of the schema lie in
// testdata/statements, one file per version. The newest is that of the sources;
// the others are those of programs that may still run beside this one while
// gateways are replaced one after the other.

// statementsFile is where the statements of a version of the schema lie.
func statementsFile(version int64) string {
	return filepath.Join("testdata", "statements", fmt.Sprintf("%04d.sql", version))
}

// The record of the newest version is that of the sources. `go test ./store
// -run Recorded -update` writes it; after a migration was added that makes a new
// file, and the one before stays as what the release before it ran.
func TestTheStatementsAreRecorded(t *testing.T) {
	t.Parallel()
	statements := readStatements(t)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(statements)) {
		fmt.Fprintf(&text, "-- %s\n%s;\n\n", name, strings.TrimSpace(statements[name]))
	}
	testkit.Golden(t, statementsFile(newestMigration(t)), text.String())
}

// A gateway of before works on the schema of today: every statement of it is
// taken, no row that it adds lacks what has become necessary since, and it does
// not refuse to start.
func TestAnOlderProgramRunsOnTheNewestSchema(t *testing.T) {
	t.Parallel()
	newest := newestMigration(t)
	older := recordedBefore(t, newest)
	if len(older) == 0 {
		t.Fatalf("no statements of before version %d are recorded", newest)
	}
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		needed := b.neededColumns()
		for _, version := range older {
			statements := recorded(t, version)
			for name, statement := range statements {
				prepared, err := b.raw.PrepareContext(t.Context(), sqlx.Rebind(sqlx.DOLLAR, statement))
				if err != nil {
					t.Errorf("version %d, %s: %v", version, name, err)
					continue
				}
				closeIt(t, prepared)
				checkInsert(t, fmt.Sprintf("version %d, %s", version, name), statement, needed)
			}
			b.startsAt(version)
		}
	})
}

// insertion finds the table and the columns of an INSERT.
var insertion = regexp.MustCompile(`(?s)^\s*INSERT INTO (\w+) \(([^)]*)\)`)

// checkInsert demands that an INSERT gives every column that a row must have.
func checkInsert(t *testing.T, what, statement string, needed map[string][]string) {
	t.Helper()
	found := insertion.FindStringSubmatch(statement)
	if found == nil {
		return
	}
	columns := strings.FieldsFunc(found[2], func(r rune) bool { return strings.ContainsRune(", \n\t", r) })
	for _, column := range needed[found[1]] {
		if !slices.Contains(columns, column) {
			t.Errorf("%s adds to %s without %s, which has no default", what, found[1], column)
		}
	}
}

// neededColumns lists the columns without which no row of a table can be added.
func (b *bench) neededColumns() map[string][]string {
	b.TB.Helper()
	query := `SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'`
	if b.name != "postgres" {
		query = `SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' AND c."notnull" = 1 AND c.dflt_value IS NULL AND c.pk = 0`
	}
	rows, err := b.raw.QueryContext(b.TB.Context(), query)
	if err != nil {
		b.TB.Fatal(err)
	}
	defer closeIt(b.TB, rows)
	needed := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			b.TB.Fatal(err)
		}
		needed[table] = append(needed[table], column)
	}
	if err := rows.Err(); err != nil || len(needed["transfers"]) < 5 {
		b.TB.Fatalf("transfers need %v: %v", needed["transfers"], err)
	}
	return needed
}

// startsAt looks at the schema as a program does that knows the migrations up to
// a version only.
func (b *bench) startsAt(version int64) {
	b.TB.Helper()
	dialect, open := goose.DialectPostgres, migrations.Postgres
	if b.name != "postgres" {
		dialect, open = goose.DialectSQLite3, migrations.SQLite
	}
	files, err := open()
	if err != nil {
		b.TB.Fatal(err)
	}
	known := fstest.MapFS{}
	for _, name := range migrationNames(b.TB, files) {
		if migrationVersion(b.TB, name) > version {
			continue
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			b.TB.Fatal(err)
		}
		known[name] = &fstest.MapFile{Data: text}
	}
	provider, err := goose.NewProvider(dialect, b.raw, known)
	if err != nil {
		b.TB.Fatal(err)
	}
	if pending, err := provider.HasPending(b.TB.Context()); err != nil || pending {
		b.TB.Errorf("a program of version %d does not start: pending %t, %v", version, pending, err)
	}
}

func newestMigration(tb testing.TB) int64 {
	tb.Helper()
	files, err := migrations.Postgres()
	if err != nil {
		tb.Fatal(err)
	}
	names := migrationNames(tb, files)
	return migrationVersion(tb, names[len(names)-1])
}

func migrationNames(tb testing.TB, files fs.FS) []string {
	tb.Helper()
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		tb.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

func migrationVersion(tb testing.TB, name string) int64 {
	tb.Helper()
	digits, _, _ := strings.Cut(strings.TrimSuffix(name, ".sql"), "_")
	version, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return version
}

// recordedBefore lists the versions before the newest that there is a record of.
func recordedBefore(t *testing.T, newest int64) []int64 {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "statements", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	var versions []int64
	for _, file := range files {
		if version := migrationVersion(t, filepath.Base(file)); version < newest {
			versions = append(versions, version)
		}
	}
	return versions
}

// recorded reads the statements of a version of the schema.
func recorded(t *testing.T, version int64) map[string]string {
	t.Helper()
	text, err := os.ReadFile(statementsFile(version))
	if err != nil {
		t.Fatal(err)
	}
	statements := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimSpace(string(text)), ";\n\n") {
		name, statement, ok := strings.Cut(strings.TrimPrefix(part, "-- "), "\n")
		if !ok {
			t.Fatalf("version %d: no statement in %q", version, part)
		}
		statements[name] = strings.TrimSuffix(statement, ";")
	}
	const fewest = 25
	if len(statements) < fewest {
		t.Fatalf("version %d has %d statements only", version, len(statements))
	}
	return statements
}

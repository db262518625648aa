package store_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/migrations"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// The two sets of migrations are written by hand, and drift is found here.
func TestBothEnginesHaveTheSameSchema(t *testing.T) {
	t.Parallel()
	b := postgresBench(t)
	pg, lite := postgresSchema(b), sqliteSchema(sqliteBench(t))
	const fewest = 100 // columns and constraints of the first schema
	if len(pg) < fewest {
		t.Fatalf("PostgreSQL has %d parts only", len(pg))
	}
	for _, part := range pg {
		if !slices.Contains(lite, part) {
			t.Errorf("SQLite lacks %s", part)
		}
	}
	for _, part := range lite {
		if !slices.Contains(pg, part) {
			t.Errorf("PostgreSQL lacks %s", part)
		}
	}
}

// columnType translates what PostgreSQL calls a type into what SQLite calls it.
func columnType(name string) string {
	switch name {
	case "uuid", "text":
		return "TEXT"
	case "bigint":
		return "INTEGER"
	case "bytea":
		return "BLOB"
	default:
		return name
	}
}

func postgresSchema(b *bench) []string {
	b.TB.Helper()
	var parts []string
	columns := b.rows(`SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'river%' AND table_name <> 'goose_db_version'`)
	for _, c := range columns {
		parts = append(parts, strings.Join([]string{"column", c[0], c[1], columnType(c[2]), nullable(c[3] == "YES")}, " "))
	}
	constraints := b.rows(`SELECT conrelid::regclass::text, conname FROM pg_constraint
		WHERE contype IN ('c', 'u') AND connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'river%'`)
	for _, c := range constraints {
		parts = append(parts, "constraint "+c[0]+" "+c[1])
	}
	indexes := b.rows(`SELECT tablename, indexname, CASE WHEN indexdef LIKE 'CREATE UNIQUE%' THEN 'unique' ELSE '' END,
			CASE WHEN indexdef LIKE '% WHERE %' THEN 'partial' ELSE '' END FROM pg_indexes
		WHERE schemaname = 'public' AND tablename NOT LIKE 'river%' AND tablename <> 'goose_db_version'
		AND indexname NOT IN (SELECT conname FROM pg_constraint)`)
	for _, i := range indexes {
		parts = append(parts, "index "+strings.Join(i, " "))
	}
	triggers := b.rows(`SELECT DISTINCT event_object_table, event_manipulation FROM information_schema.triggers
		WHERE trigger_schema = 'public' AND event_object_table NOT LIKE 'river%'`)
	for _, trigger := range triggers {
		parts = append(parts, "trigger "+trigger[0]+" "+strings.ToLower(trigger[1]))
	}
	return parts
}

func sqliteSchema(b *bench) []string {
	b.TB.Helper()
	var parts []string
	named := regexp.MustCompile(`CONSTRAINT (\w+) (?:CHECK|UNIQUE)`)
	tables := b.rows(`SELECT name, sql FROM sqlite_master WHERE type = 'table'
		AND name NOT LIKE 'river%' AND name NOT LIKE 'sqlite%' AND name <> 'goose_db_version'`)
	for _, table := range tables {
		for _, c := range b.rows(`SELECT name, type, "notnull", pk FROM pragma_table_info('` + table[0] + `')`) {
			parts = append(parts, strings.Join([]string{
				"column", table[0], c[0], c[1], nullable(c[2] == "0" && c[3] == "0"),
			}, " "))
		}
		for _, match := range named.FindAllStringSubmatch(table[1], -1) {
			parts = append(parts, "constraint "+table[0]+" "+match[1])
		}
		if !strings.HasSuffix(strings.TrimSpace(table[1]), "STRICT") {
			b.TB.Errorf("table %s is not STRICT: SQLite would store text in a column of numbers", table[0])
		}
	}
	indexes := b.rows(`SELECT tbl_name, name, CASE WHEN sql LIKE 'CREATE UNIQUE%' THEN 'unique' ELSE '' END,
			CASE WHEN sql LIKE '% WHERE %' THEN 'partial' ELSE '' END FROM sqlite_master
		WHERE type = 'index' AND sql IS NOT NULL AND tbl_name NOT LIKE 'river%' AND tbl_name <> 'goose_db_version'`)
	for _, i := range indexes {
		parts = append(parts, "index "+strings.Join(i, " "))
	}
	triggers := b.rows(`SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name NOT LIKE 'river%'`)
	for _, trigger := range triggers {
		_, event, _ := strings.Cut(trigger[1], " BEFORE ")
		event, _, _ = strings.Cut(event, " ")
		parts = append(parts, "trigger "+trigger[0]+" "+strings.ToLower(event))
	}
	return parts
}

func nullable(yes bool) string {
	if yes {
		return "null"
	}
	return "not null"
}

// rows reads everything as text.
func (b *bench) rows(query string) [][]string {
	b.TB.Helper()
	rows, err := b.raw.QueryContext(b.TB.Context(), query)
	if err != nil {
		b.TB.Fatalf("%s: %v", query, err)
	}
	defer closeIt(b.TB, rows)
	columns, err := rows.Columns()
	if err != nil {
		b.TB.Fatal(err)
	}
	var all [][]string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			b.TB.Fatal(err)
		}
		texts := make([]string, len(columns))
		for i, value := range values {
			texts[i] = value.String
		}
		all = append(all, texts)
	}
	if err := rows.Err(); err != nil {
		b.TB.Fatal(err)
	}
	return all
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.contract()
		if err := b.Store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Store.FindContract(t.Context(), c.Ref); err != nil {
			t.Error(err)
		}
	})
}

// Processes that are started together migrate together.
func TestManyMigrateOneDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	address := testkit.Postgres(t)
	const processes = 4
	failed := make(chan error, processes)
	for range processes {
		s, err := store.Open(t.Context(), address, storetest.Sealer(t), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closeIt(t, s) })
		go func() { failed <- s.Migrate(t.Context()) }()
	}
	for range processes {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	db, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	defer closeIt(t, db)
	var twice int
	err = db.QueryRowContext(t.Context(), `SELECT COUNT(*) - COUNT(DISTINCT version_id) FROM goose_db_version`).Scan(&twice)
	if err != nil || twice != 0 {
		t.Errorf("%d migrations were made twice, %v", twice, err)
	}
	var locks int
	err = db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&locks)
	if err != nil || locks != 0 {
		t.Errorf("%d locks are left, %v: the next process would wait for ever", locks, err)
	}
}

func TestAnOldSchemaIsSaid(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(testing.TB) string{
		"sqlite": func(tb testing.TB) string {
			tb.Helper()
			return "sqlite:" + filepath.Join(tb.TempDir(), "voicepact.db")
		},
		"postgres": testkit.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := store.Open(t.Context(), address(t), storetest.Sealer(t), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { closeIt(t, s) })
			if err := s.CheckSchema(t.Context()); !errors.Is(err, store.ErrOldSchema) {
				t.Errorf("an empty database: %v", err)
			}
			if err := errors.Join(s.Migrate(t.Context()), s.CheckSchema(t.Context())); err != nil {
				t.Errorf("after migrating: %v", err)
			}
			if _, err := s.Raw().ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id > 0"); err != nil {
				t.Fatal(err)
			}
			if err := s.CheckSchema(t.Context()); !errors.Is(err, store.ErrOldSchema) {
				t.Errorf("without the newest migration: %v", err)
			}
		})
	}
}

func TestMigrationsCanBeUndone(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		files, dialect := migrations.SQLite, goose.DialectSQLite3
		if b.name == "postgres" {
			files, dialect = migrations.Postgres, goose.DialectPostgres
		}
		sources, err := files()
		if err != nil {
			t.Fatal(err)
		}
		provider, err := goose.NewProvider(dialect, b.raw, sources)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provider.DownTo(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if err := b.Store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.contract()
	})
}

func TestOpenRefusesWhatItCannotServe(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"another engine": "mysql://user:secret@127.0.0.1/db", "no sslmode": "postgres://user:secret@127.0.0.1/db",
		"not a URL":    "postgres://user:secret@127.0.0.1:port/db?sslmode=disable",
		"nobody there": "postgres://user:secret@127.0.0.1:1/db?sslmode=disable",
	} {
		s, err := store.Open(context.WithoutCancel(t.Context()), address, storetest.Sealer(t), time.Now)
		if err == nil {
			t.Errorf("%s: was opened", name)
			closeIt(t, s)
			continue
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells the password", name)
		}
	}
}

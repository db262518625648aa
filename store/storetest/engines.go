package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/migrations"
	"github.com/voicepact/gateway/store"
)

// Engines tells a story once on each engine, as parallel subtests "sqlite" and
// "postgres". Without a PostgreSQL server the latter is skipped, or fails in CI.
func Engines(t *testing.T, story func(t *testing.T, open Opener)) {
	t.Helper()
	for _, engine := range []struct {
		name string
		open Opener
	}{{"sqlite", SQLite}, {"postgres", Postgres}} {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			story(t, engine.open)
		})
	}
}

// SQLite returns a store in a SQLite file of its own, copied from one that was
// migrated once.
func SQLite(tb testing.TB, now func() time.Time) *store.Store {
	tb.Helper()
	return open(tb, "sqlite:"+SQLiteFile(tb), now)
}

// SQLiteFile is the path of a migrated SQLite file of the test's own.
func SQLiteFile(tb testing.TB) string {
	tb.Helper()
	content, err := migratedSQLite()
	if err != nil {
		tb.Fatal(err)
	}
	file := filepath.Join(tb.TempDir(), "voicepact.db")
	const private = 0o600
	if err := os.WriteFile(file, content, private); err != nil {
		tb.Fatal(err)
	}
	return file
}

// migratedSQLite is the content of a migrated file, made once per test binary:
// under the race detector migrating takes longer than most tests.
var migratedSQLite = sync.OnceValues(func() (content []byte, err error) {
	folder, err := os.MkdirTemp("", "voicepact-template-")
	if err != nil {
		return nil, fmt.Errorf("template file: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	file := filepath.Join(folder, "template.db")
	sealer, err := store.NewSealer(make([]byte, sealerKey), make([]byte, sealerKey)) // the schema holds nothing sealed
	if err != nil {
		return nil, fmt.Errorf("template file: %w", err)
	}
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+file, sealer, time.Now)
	if err != nil {
		return nil, fmt.Errorf("template file: %w", err)
	}
	if err := errors.Join(s.Migrate(ctx), s.Close()); err != nil {
		return nil, fmt.Errorf("template file: %w", err)
	}
	return os.ReadFile(file) //nolint:gosec // made above
})

// sealerKey is the length of a sealer's keys.
const sealerKey = 32

// Postgres returns a store in a PostgreSQL database of its own, copied from one
// that was migrated once.
func Postgres(tb testing.TB, now func() time.Time) *store.Store {
	tb.Helper()
	return open(tb, PostgresURL(tb), now)
}

// PostgresURL is the address of a migrated PostgreSQL database of the test's
// own, for tests that run whole processes on it.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	version, err := schemaVersion()
	if err != nil {
		tb.Fatal(err)
	}
	sealer := Sealer(tb)
	return testkit.PostgresLike(tb, version, func(ctx context.Context, address string) error {
		s, err := store.Open(ctx, address, sealer, time.Now)
		if err != nil {
			return err
		}
		return errors.Join(s.Migrate(ctx), s.Close())
	})
}

// schemaVersion names the schema by its content: our files and the number of
// River's newest migration.
func schemaVersion() (string, error) {
	files, err := migrations.Postgres()
	if err != nil {
		return "", fmt.Errorf("migrations: %w", err)
	}
	digest := sha256.New()
	err = fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(digest, "%s\x00%s\x00", path, text)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("migrations: %w", err)
	}
	river, err := rivermigrate.New(riverdatabasesql.New(nil), nil)
	if err != nil {
		return "", fmt.Errorf("job migrations: %w", err)
	}
	for _, migration := range river.AllVersions() {
		_, _ = fmt.Fprintf(digest, "river %d\x00", migration.Version)
	}
	const enough = 8 // bytes: the name of a database is short
	return hex.EncodeToString(digest.Sum(nil)[:enough]), nil
}

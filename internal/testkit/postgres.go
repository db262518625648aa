package testkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

const postgresVariable = "TEST_DATABASE_URL"

// prefix marks what is ours on a server: what a killed run left behind is found
// by it.
const prefix = "voicepact_test_"

// Postgres returns the URL of an empty database of the test's own, which is
// dropped when the test ends.
func Postgres(tb testing.TB) string {
	tb.Helper()
	return createDatabase(tb, "template0")
}

// PostgresLike returns the URL of a database of the test's own that is a copy
// of a template: migrating takes a hundred times as long as copying. The
// template is made by prepare, once per server and version, whichever test of
// whichever process comes first; version names what prepare makes, and must
// change with it. prepare must close its connections.
func PostgresLike(tb testing.TB, version string, prepare func(ctx context.Context, address string) error) string {
	tb.Helper()
	admin := administer(tb)
	template := prefix + "template_" + version
	err := makeTemplate(tb.Context(), admin, template, prepare)
	if closeErr := admin.Close(); err != nil || closeErr != nil {
		tb.Fatalf("template database: %v", errors.Join(err, closeErr))
	}
	return createDatabase(tb, template)
}

// AppRole is the role that gateways serve as in tests. It has a password for
// servers that ask for one.
const AppRole = "voicepact_test_app"

// WithAppRole makes sure that the server at address has [AppRole], and returns
// [AsAppRole]: what the role may do there is for the test to grant.
func WithAppRole(tb testing.TB, address string) string {
	tb.Helper()
	db, err := sql.Open("postgres", address)
	if err != nil {
		tb.Fatal(err)
	}
	_, err = db.ExecContext(tb.Context(), "CREATE ROLE "+AppRole+" LOGIN PASSWORD '"+AppRole+"'")
	const exists, justMade = "42710", "23505" // by another test, whose database has locks of its own
	if pqErr, ok := errors.AsType[*pq.Error](err); ok && (pqErr.Code == exists || pqErr.Code == justMade) {
		err = nil
	}
	if err := errors.Join(err, db.Close()); err != nil {
		tb.Fatalf("role %s: %v", AppRole, err)
	}
	return AsAppRole(tb, address)
}

// AsAppRole is the address with [AppRole] in the place of whoever it names.
func AsAppRole(tb testing.TB, address string) string {
	tb.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		tb.Fatal("the address is no URL")
	}
	parsed.User = url.UserPassword(AppRole, AppRole)
	return parsed.String()
}

// administer opens a connection to the database that the variable names, from
// which the others are made.
func administer(tb testing.TB) *sql.DB {
	tb.Helper()
	address := os.Getenv(postgresVariable)
	if address == "" {
		missing(tb, postgresVariable, "PostgreSQL")
	}
	db, err := sql.Open("postgres", address)
	if err != nil {
		tb.Fatalf("%s: %v", postgresVariable, err)
	}
	// One connection: an advisory lock belongs to the one that took it, and a
	// server has few to give to many tests at once.
	db.SetMaxOpenConns(1)
	return db
}

// templateLock is the advisory lock under which templates are made, a number
// of our own.
const templateLock = 0x566f6963

// makeTemplate makes the template under another name and gives it its own when
// it is complete: a template that exists can be copied, whoever died meanwhile.
func makeTemplate(ctx context.Context, admin *sql.DB, template string, prepare func(context.Context, string) error) error {
	if exists, err := databaseExists(ctx, admin, template); err != nil || exists {
		return err
	}
	if _, err := admin.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, templateLock); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	// The lock ends with the connection, which the caller closes.
	if exists, err := databaseExists(ctx, admin, template); err != nil || exists {
		return err
	}
	unfinished := template + "_unfinished"
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + pq.QuoteIdentifier(unfinished) + " WITH (FORCE)",
		"CREATE DATABASE " + pq.QuoteIdentifier(unfinished) + " TEMPLATE template0",
	} {
		if _, err := admin.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	address, err := addressOf(unfinished)
	if err != nil {
		return err
	}
	if err := prepare(ctx, address); err != nil {
		return err
	}
	_, err = admin.ExecContext(ctx, "ALTER DATABASE "+pq.QuoteIdentifier(unfinished)+
		" RENAME TO "+pq.QuoteIdentifier(template))
	return err
}

func databaseExists(ctx context.Context, admin *sql.DB, name string) (exists bool, err error) {
	err = admin.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&exists)
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", name, err)
	}
	return exists, nil
}

func createDatabase(tb testing.TB, template string) string {
	tb.Helper()
	name := prefix + strings.ReplaceAll(uuid.NewString(), "-", "")
	// Copying its files takes a fifth of the time of writing them to the server's log;
	// that it ends in a checkpoint would hold up only who serves others.
	create := "CREATE DATABASE " + pq.QuoteIdentifier(name) + " TEMPLATE " + pq.QuoteIdentifier(template) + " STRATEGY FILE_COPY"
	execute(tb.Context(), tb, create)
	tb.Cleanup(func() {
		// The test's own context has ended by now.
		execute(context.WithoutCancel(tb.Context()), tb, "DROP DATABASE "+pq.QuoteIdentifier(name)+" WITH (FORCE)")
	})
	address, err := addressOf(name)
	if err != nil {
		tb.Fatal(err)
	}
	return address
}

func execute(ctx context.Context, tb testing.TB, statement string) {
	tb.Helper()
	admin := administer(tb)
	_, err := admin.ExecContext(ctx, statement)
	if closeErr := admin.Close(); err != nil || closeErr != nil {
		tb.Fatalf("%s: %v", statement, errors.Join(err, closeErr))
	}
}

// addressOf is the server's URL with another database.
func addressOf(database string) (string, error) {
	address, err := url.Parse(os.Getenv(postgresVariable))
	if err != nil || address.Scheme == "" {
		// The error would print the password.
		return "", fmt.Errorf("%s is not of the form postgres://user:password@host/name?sslmode=…", postgresVariable)
	}
	address.Path = "/" + database
	return address.String(), nil
}

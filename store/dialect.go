package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/voicepact/gateway/migrations"
)

// dialect is everything in which the two engines differ.
type dialect struct {
	name string
	// lockContract ends a SELECT of a contract "c" that is about to change.
	// SQLite has one writer, so that a transaction has locked everything.
	lockContract string
	lockMessage  string // the same, of a message "m"
	lockParty    string // the same, of a party
	lockFree     string // the same, of those messages only that nobody else has locked
	// lockSchema and unlockSchema let one of several processes migrate at a time.
	lockSchema, unlockSchema string
	// snapshot begins a transaction that sees one moment. SQLite's do anyway.
	snapshot *sql.TxOptions
	// writtenOnce lists the tables that are only added to: whether the role at work
	// could do more, and whether a trigger refuses it. writtenOnceNames lists their
	// names only. Both are empty where the engine has no roles.
	writtenOnce, writtenOnceNames string

	goose  goose.Dialect
	files  func() (fs.FS, error) // the migrations
	driver func(db *sql.DB) riverdriver.Driver[*sql.Tx]
	// tryAgain reports an error after which the same transaction may succeed.
	tryAgain func(error) bool
	// violated names the constraint or index that a write ran into, or "".
	violated func(error) string
}

// writtenOnce are the tables that were made to be written once, whether their
// trigger is still there or not, and all others that have it.
const writtenOnce = `c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND (c.relname IN ('audit_events', 'postings', 'entries', 'pin_events')
        OR c.oid IN (SELECT tgrelid FROM pg_trigger WHERE tgname = 'append_only'))
ORDER BY c.relname`

func postgres() dialect {
	return dialect{
		name:         "postgres",
		lockContract: " FOR UPDATE OF c",
		lockMessage:  " FOR UPDATE OF m",
		lockParty:    " FOR NO KEY UPDATE",
		lockFree:     " FOR UPDATE OF m SKIP LOCKED",
		lockSchema:   "SELECT pg_advisory_lock(7205759403792793)",
		unlockSchema: "SELECT pg_advisory_unlock(7205759403792793)",
		writtenOnce: `SELECT c.relname AS name,
    has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') OR has_any_column_privilege(c.oid, 'UPDATE')
        OR pg_has_role(c.relowner, 'MEMBER') AS writable,
    EXISTS (SELECT 1 FROM pg_trigger t
        WHERE t.tgrelid = c.oid AND t.tgname = 'append_only' AND t.tgenabled IN ('O', 'A')) AS guarded
FROM pg_class c
WHERE ` + writtenOnce,
		writtenOnceNames: `SELECT c.relname FROM pg_class c WHERE ` + writtenOnce,
		snapshot:         &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		goose:            goose.DialectPostgres,
		files:            migrations.Postgres,
		driver:           func(db *sql.DB) riverdriver.Driver[*sql.Tx] { return riverdatabasesql.New(db) },
		tryAgain: func(err error) bool {
			var pqErr *pq.Error
			return errors.As(err, &pqErr) && (pqErr.Code == "40001" || pqErr.Code == "40P01")
		},
		violated: func(err error) string {
			var pqErr *pq.Error
			if errors.As(err, &pqErr) && pqErr.Code == "23505" {
				return pqErr.Constraint
			}
			return ""
		},
	}
}

func sqliteDialect() dialect {
	return dialect{
		name:     "sqlite",
		goose:    goose.DialectSQLite3,
		files:    migrations.SQLite,
		driver:   func(db *sql.DB) riverdriver.Driver[*sql.Tx] { return riversqlite.New(db) },
		tryAgain: busy,
		violated: func(err error) string {
			var sqliteErr *sqlite.Error
			if errors.As(err, &sqliteErr) && sqliteErr.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
				return sqliteErr.Error()
			}
			return ""
		},
	}
}

func busy(err error) bool {
	var sqliteErr *sqlite.Error
	return errors.As(err, &sqliteErr) && sqliteErr.Code()&0xff == sqlite3.SQLITE_BUSY
}

// maxConns leaves room for several gateways on one server with PostgreSQL's
// usual limit of 100 connections.
const maxConns = 30

// standstill is how long a transaction may wait for us. A process that is stopped
// in the middle of one, as when its machine is moved, would otherwise keep its
// contract locked against all others until it is let go on. Our own transactions
// wait for nothing.
const standstill = 15 * time.Second

// openPostgres connects to PostgreSQL. The URL must name its sslmode: a silent
// default has changed between versions of the driver before. Parameters go in
// binary form, which saves the driver a round trip for every statement.
func openPostgres(ctx context.Context, address string) (*sqlx.DB, error) {
	parsed, err := url.Parse(address)
	if err != nil || (parsed.Scheme != "postgres" && parsed.Scheme != "postgresql") {
		return nil, errors.New("database URL is not of the form postgres://user:password@host/name?sslmode=…")
	}
	if parsed.Query().Get("sslmode") == "" {
		return nil, errors.New("database URL lacks sslmode: write ?sslmode=verify-full, or =disable on one machine")
	}
	query := parsed.Query()
	query.Set("binary_parameters", "yes")
	query.Set("idle_in_transaction_session_timeout", strconv.FormatInt(standstill.Milliseconds(), 10))
	parsed.RawQuery = query.Encode()
	db, err := connect(ctx, "postgres", parsed.String())
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}

// connect opens a database and asks whether it answers.
func connect(ctx context.Context, driver, source string) (*sqlx.DB, error) {
	db, err := sqlx.Open(driver, source)
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// errInUse says that another process has the file.
var errInUse = errors.New("the data is in use by another voicepact: stop that first")

// openSQLite opens the file, or a database in memory where path is empty. One
// connection serves all: SQLite has one writer, and waiting in Go is fairer
// than its busy handler. The file is locked against other processes: a second
// one would take over jobs that are running here.
func openSQLite(ctx context.Context, path string) (*sqlx.DB, error) {
	source := "file::memory:"
	if path != "" {
		source = "file:" + (&url.URL{Path: path}).EscapedPath() // folders are called anything
	}
	pragmas := []string{
		"_txlock=immediate", "_pragma=busy_timeout(1000)", "_pragma=locking_mode(EXCLUSIVE)",
		"_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(1)",
	}
	db, err := connect(ctx, "sqlite", source+"?"+strings.Join(pragmas, "&"))
	if busy(err) {
		return nil, errInUse
	}
	if err != nil {
		return nil, fmt.Errorf("open SQLite file %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	db.SetConnMaxLifetime(0)
	return db, nil
}

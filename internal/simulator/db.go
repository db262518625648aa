package simulator

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the pure Go driver "sqlite"
)

// schema is applied at every start; it only ever creates. Times are
// microseconds since 1970 UTC, money is cents.
const schema = `
CREATE TABLE IF NOT EXISTS phones (
	number     TEXT PRIMARY KEY,
	name       TEXT NOT NULL,
	role       TEXT NOT NULL,
	language   TEXT NOT NULL,
	pin        TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS accounts (
	name  TEXT PRIMARY KEY,
	cents INTEGER NOT NULL,
	CONSTRAINT no_overdraft CHECK (cents >= 0 OR name IN ('charges', 'agents'))
) STRICT;

CREATE TABLE IF NOT EXISTS movements (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	at        INTEGER NOT NULL,
	kind      TEXT NOT NULL,
	debit     TEXT NOT NULL,
	credit    TEXT NOT NULL,
	cents     INTEGER NOT NULL CHECK (cents > 0),
	receipt   TEXT NOT NULL UNIQUE CHECK (length(receipt) = 10),
	reference TEXT NOT NULL,
	CHECK (debit <> credit)
) STRICT;

CREATE TABLE IF NOT EXISTS prompts (
	id           TEXT PRIMARY KEY,
	merchant_id  TEXT NOT NULL,
	number       TEXT NOT NULL,
	cents        INTEGER NOT NULL,
	account      TEXT NOT NULL,
	callback_url TEXT NOT NULL,
	open         INTEGER NOT NULL,
	code         INTEGER NOT NULL DEFAULT 0,
	description  TEXT NOT NULL DEFAULT '',
	receipt      TEXT NOT NULL DEFAULT '',
	created_at   INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL,
	closed_at    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_open_prompt ON prompts (number) WHERE open = 1;
CREATE INDEX IF NOT EXISTS prompts_receipt ON prompts (receipt);

CREATE TABLE IF NOT EXISTS payouts (
	originator_id   TEXT PRIMARY KEY,
	conversation_id TEXT NOT NULL,
	number          TEXT NOT NULL,
	cents           INTEGER NOT NULL,
	fee_cents       INTEGER NOT NULL DEFAULT 0,
	code            INTEGER NOT NULL DEFAULT 0,
	description     TEXT NOT NULL DEFAULT '',
	receipt         TEXT NOT NULL DEFAULT '',
	created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS payouts_receipt ON payouts (receipt);

CREATE TABLE IF NOT EXISTS messages (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	message_id TEXT NOT NULL UNIQUE,
	number     TEXT NOT NULL,
	at         INTEGER NOT NULL,
	sender     TEXT NOT NULL,
	body       TEXT NOT NULL,
	outgoing   INTEGER NOT NULL,
	status     TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS messages_number ON messages (number, id);

CREATE TABLE IF NOT EXISTS callbacks (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	kind         TEXT NOT NULL,
	who          TEXT NOT NULL,
	url          TEXT NOT NULL,
	body         BLOB NOT NULL,
	ref          TEXT NOT NULL,
	summary      TEXT NOT NULL,
	attempts     INTEGER NOT NULL DEFAULT 0,
	created_at   INTEGER NOT NULL,
	due_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due_at);
CREATE INDEX IF NOT EXISTS callbacks_ref ON callbacks (ref);
`

// database is SQLite behind one connection: every transaction is alone, so a
// balance read in it still holds when it commits.
type database struct{ *sqlx.DB }

// openDatabase opens the file, or memory for "", and applies the schema.
// synchronous=FULL costs a disk flush per transaction and buys that a movement
// answered to the gateway survives a power cut, not only a killed process.
func openDatabase(ctx context.Context, file string) (*database, error) {
	location := ":memory:"
	if file != "" {
		location = (&url.URL{Path: file}).EscapedPath()
	}
	dsn := "file:" + location + "?_txlock=immediate&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"
	db, err := sqlx.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("simulator: open data file: %w", err)
	}
	// A second connection to :memory: would be a second, empty bank.
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, fmt.Errorf("simulator: create tables: %w", errors.Join(err, db.Close()))
	}
	return &database{DB: db}, nil
}

// tx runs work in one transaction. work must use only the given transaction:
// the pool has a single connection, and asking it for another would wait for
// ever.
func (d *database) tx(ctx context.Context, work func(*sqlx.Tx) error) error {
	tx, err := d.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := work(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// micros is how a time is stored.
func micros(t time.Time) int64 { return t.UnixMicro() }

// fromMicros is the inverse of micros, in UTC.
func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

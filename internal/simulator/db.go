package simulator

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the pure Go driver "sqlite"

	"github.com/voicepact/gateway/internal/simulator/bank"
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

CREATE TABLE IF NOT EXISTS payments (
	receipt       TEXT PRIMARY KEY,
	originator_id TEXT NOT NULL,
	short_code    TEXT NOT NULL,
	number        TEXT NOT NULL,
	cents         INTEGER NOT NULL,
	fee_cents     INTEGER NOT NULL,
	account       TEXT NOT NULL,
	reason        TEXT NOT NULL,
	third_party   TEXT NOT NULL,
	started_at    INTEGER NOT NULL,
	paid_at       INTEGER NOT NULL,
	reversed_by   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS payments_paid ON payments (short_code, paid_at);

CREATE TABLE IF NOT EXISTS reversals (
	originator_id   TEXT PRIMARY KEY,
	conversation_id TEXT NOT NULL UNIQUE,
	original        TEXT NOT NULL,
	short_code      TEXT NOT NULL,
	number          TEXT NOT NULL,
	cents           INTEGER NOT NULL,
	code            TEXT NOT NULL,
	description     TEXT NOT NULL,
	receipt         TEXT NOT NULL,
	created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS reversals_receipt ON reversals (receipt);

CREATE TABLE IF NOT EXISTS c2b_urls (
	short_code    TEXT PRIMARY KEY,
	version       INTEGER NOT NULL,
	response_type TEXT NOT NULL,
	confirm_url   TEXT NOT NULL,
	validate_url  TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS pull_registrations (
	short_code TEXT PRIMARY KEY,
	number     TEXT NOT NULL,
	url        TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS operators (
	name     TEXT PRIMARY KEY,
	failures INTEGER NOT NULL
) STRICT;

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

CREATE TABLE IF NOT EXISTS late_texts (
	message_id TEXT PRIMARY KEY,
	due_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS networks (
	number       TEXT PRIMARY KEY,
	off          INTEGER NOT NULL,
	slow_seconds INTEGER NOT NULL,
	late_seconds INTEGER NOT NULL,
	twice        INTEGER NOT NULL,
	lose_answer  INTEGER NOT NULL
) STRICT;

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
	if _, err := db.ExecContext(ctx, bank.Schema+schema); err != nil {
		return nil, fmt.Errorf("simulator: create tables: %w", errors.Join(err, db.Close()))
	}
	return &database{DB: db}, nil
}

// prepare brings an older file up to date and registers what the configuration
// says is registered. It returns how much has happened in this file: rows ever
// stored, which only grows.
func (d *database) prepare(ctx context.Context, cfg Config) (uint64, error) {
	var rows uint64
	err := d.tx(ctx, func(tx *sqlx.Tx) error {
		if err := bank.Adopt(ctx, tx, cfg.BusinessShortCode); err != nil {
			return err
		}
		if cfg.C2B != nil {
			if err := storeURLs(ctx, tx, cfg.BusinessShortCode, *cfg.C2B); err != nil {
				return err
			}
		}
		return tx.GetContext(ctx, &rows, `SELECT coalesce(sum(seq), 0) FROM sqlite_sequence`)
	})
	if err != nil {
		return 0, fmt.Errorf("simulator: prepare data file: %w", err)
	}
	return rows, nil
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

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"github.com/voicepact/gateway/escrow"
)

// Store is the database. It is safe for concurrent use, by any number of
// processes on PostgreSQL and by one on SQLite.
type Store struct {
	db      *sqlx.DB
	dialect dialect
	sealer  *Sealer
	jobs    *river.Client[*sql.Tx] // inserts only; workers have a client of their own
	now     func() time.Time
	hashing chan struct{} // holds one for each PIN that is being hashed
}

// Open opens the database at address: postgres://… for PostgreSQL, or
// sqlite:PATH for one file ("sqlite:" alone is in memory). Without a sealer it
// can only migrate and be audited.
func Open(ctx context.Context, address string, sealer *Sealer, now func() time.Time) (*Store, error) {
	s := &Store{sealer: sealer, now: now, dialect: postgres(), hashing: newHashing()}
	var err error
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		s.dialect = sqliteDialect()
		s.db, err = openSQLite(ctx, path)
	} else {
		s.db, err = openPostgres(ctx, address)
	}
	if err != nil {
		return nil, err
	}
	s.jobs, err = river.NewClient(s.Driver(), &river.Config{})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("job client: %w", err), s.db.Close())
	}
	return s, nil
}

// Driver is what River works the same database with.
func (s *Store) Driver() riverdriver.Driver[*sql.Tx] { return s.dialect.driver(s.db.DB) }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// Close closes all connections.
func (s *Store) Close() error { return s.db.Close() }

// maxRuns is how often a transaction is run when the database asks for it.
const maxRuns = 5

// InTx implements [escrow.Store].
func (s *Store) InTx(ctx context.Context, fn func(context.Context, escrow.Tx) error) error {
	var err error
	for range maxRuns {
		err = s.once(ctx, fn)
		if !errors.Is(err, escrow.ErrConflict) && !s.dialect.tryAgain(err) {
			return err
		}
	}
	return fmt.Errorf("transaction given up: %w", err)
}

func (s *Store) once(ctx context.Context, fn func(context.Context, escrow.Tx) error) error {
	sqlTx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	t := &tx{Tx: sqlTx, store: s}
	if err := fn(ctx, t); err != nil {
		return errors.Join(err, ignoreDone(sqlTx.Rollback()))
	}
	if err := t.flushJobs(ctx); err != nil {
		return errors.Join(err, ignoreDone(sqlTx.Rollback()))
	}
	if err := sqlTx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// tx is one transaction; it implements [escrow.Tx].
type tx struct {
	*sqlx.Tx
	store *Store
	jobs  []river.InsertManyParams
}

// one runs a statement that must change exactly one row.
func (t *tx) one(ctx context.Context, what, statement string, args ...any) error {
	result, err := t.ExecContext(ctx, statement, args...)
	if err != nil {
		return t.store.fault(what, err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(fmt.Errorf("%s: %w", what, escrow.ErrConflict), err)
	}
	return nil
}

// get reads one row, or returns a [*escrow.NotFoundError].
func get(ctx context.Context, q sqlx.QueryerContext, what string, into any, statement string, args ...any) error {
	err := sqlx.GetContext(ctx, q, into, statement, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return &escrow.NotFoundError{What: what}
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// fault turns a violated index that stands for a rule into that rule's refusal.
func (s *Store) fault(what string, err error) error {
	violated := s.dialect.violated(err)
	switch {
	case strings.Contains(violated, "transfers_one_prompt"),
		strings.Contains(violated, "transfers.contract_id"),
		strings.Contains(violated, "transfers.party_id"):
		return escrow.Refuse(escrow.PromptOpen)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// ErrMayRewrite says that the role we serve as could change what is written
// once: so could whoever breaks into the gateway.
var ErrMayRewrite = errors.New("the role of DATABASE_URL could change what is written once")

// ErrUnguarded says that somebody took the triggers away.
var ErrUnguarded = errors.New("the database does not refuse to change what is written once: its triggers are missing or disabled")

// CheckRole returns [ErrMayRewrite] or [ErrUnguarded] where the trail and the
// books depend on nobody wanting to change them. On SQLite, whose file belongs
// to whoever can read it, there is nothing to check.
func (s *Store) CheckRole(ctx context.Context) error {
	if s.dialect.writtenOnce == "" {
		return nil
	}
	var tables []struct {
		Name     string `db:"name"`
		Writable bool   `db:"writable"`
		Guarded  bool   `db:"guarded"`
	}
	if err := s.db.SelectContext(ctx, &tables, s.dialect.writtenOnce); err != nil {
		return fmt.Errorf("check role: %w", err)
	}
	var writable, open []string
	for _, t := range tables {
		if t.Writable {
			writable = append(writable, t.Name)
		}
		if !t.Guarded {
			open = append(open, t.Name)
		}
	}
	switch {
	case len(open) > 0:
		return fmt.Errorf("%w (%s)", ErrUnguarded, strings.Join(open, ", "))
	case len(writable) > 0:
		return fmt.Errorf("%w (%s)", ErrMayRewrite, strings.Join(writable, ", "))
	default:
		return nil
	}
}

// Grant gives a role what serving takes and no more: it reads and writes, but
// what is written once it can only add to, and the schema it cannot change. With
// a password the role is made, or given that password; without one it must be
// there. It is run by the owner of the tables after every migration, because new
// tables belong to nobody else.
func (s *Store) Grant(ctx context.Context, role, password string) error {
	if s.dialect.writtenOnce == "" {
		return errors.New("roles exist on PostgreSQL only")
	}
	if password != "" {
		if err := s.makeRole(ctx, role, password); err != nil {
			return err
		}
	}
	return s.alone(ctx, func() error { return s.grant(ctx, role) })
}

// PostgreSQL's error codes for a role that exists, or was made at the same moment.
const duplicateObject, uniqueViolation = "42710", "23505"

func (s *Store) makeRole(ctx context.Context, role, password string) error {
	with := pq.QuoteIdentifier(role) + " LOGIN PASSWORD " + pq.QuoteLiteral(password)
	_, err := s.db.ExecContext(ctx, "CREATE ROLE "+with)
	if pqErr, ok := errors.AsType[*pq.Error](err); ok && (pqErr.Code == duplicateObject || pqErr.Code == uniqueViolation) {
		_, err = s.db.ExecContext(ctx, "ALTER ROLE "+with)
	}
	if err != nil {
		return fmt.Errorf("make role %s: %w", role, withoutStatement(err))
	}
	return nil
}

// withoutStatement drops what the driver quotes of the statement: the password.
func withoutStatement(err error) error {
	if pqErr, ok := errors.AsType[*pq.Error](err); ok {
		return fmt.Errorf("%s (%s)", pqErr.Message, pqErr.Code)
	}
	return err
}

func (s *Store) grant(ctx context.Context, role string) error {
	var names []string
	if err := s.db.SelectContext(ctx, &names, s.dialect.writtenOnceNames); err != nil {
		return fmt.Errorf("grant: %w", err)
	}
	for i, name := range names {
		names[i] = pq.QuoteIdentifier(name)
	}
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("grant: %w", err)
	}
	to := pq.QuoteIdentifier(role)
	for _, statement := range []string{
		"GRANT USAGE ON SCHEMA public TO " + to,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + to,
		"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO " + to,
		"REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON " + strings.Join(names, ", ") + " FROM " + to,
		"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON goose_db_version, river_migration FROM " + to,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("grant to %s: %w", role, err), ignoreDone(tx.Rollback()))
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("grant to %s: %w", role, err)
	}
	return nil
}

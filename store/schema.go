package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"
)

// ErrOldSchema says that the database lacks migrations of this program.
var ErrOldSchema = errors.New("the database schema is older than this program: run `voicepact migrate`")

// CheckSchema returns [ErrOldSchema] where a migration is missing.
func (s *Store) CheckSchema(ctx context.Context) error {
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	if pending {
		return ErrOldSchema
	}
	return nil
}

// MigrateDatabase brings the schema of the database at address to its newest
// version. It needs no keys: the schema holds no secret.
func MigrateDatabase(ctx context.Context, address string) error {
	s, err := Open(ctx, address, nil, time.Now)
	if err != nil {
		return err
	}
	return errors.Join(s.Migrate(ctx), s.Close())
}

// GrantDatabase is [Store.Grant] on the database at address.
func GrantDatabase(ctx context.Context, address, role, password string) error {
	s, err := Open(ctx, address, nil, time.Now)
	if err != nil {
		return err
	}
	return errors.Join(s.Grant(ctx, role, password), s.Close())
}

// Migrate brings the schema, River's tables included, to its newest version. Of
// several processes that start at once, one migrates and the others wait.
func (s *Store) Migrate(ctx context.Context) error {
	return s.alone(ctx, func() error { return s.migrate(ctx) })
}

// alone runs fn while no other process changes the schema.
func (s *Store) alone(ctx context.Context, fn func() error) error {
	if s.dialect.lockSchema == "" {
		return fn()
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("lock schema: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, s.dialect.lockSchema); err != nil {
		return fmt.Errorf("lock schema: %w", err)
	}
	err = fn()
	_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), s.dialect.unlockSchema)
	return errors.Join(err, unlockErr)
}

// migrate leaves goose's own version for last: [Store.CheckSchema] looks at that.
func (s *Store) migrate(ctx context.Context) error {
	jobs, err := rivermigrate.New(s.Driver(), nil)
	if err != nil {
		return fmt.Errorf("job migrations: %w", err)
	}
	if _, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate job tables: %w", err)
	}
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", s.dialect.name, err)
	}
	return nil
}

func (s *Store) migrations() (*goose.Provider, error) {
	files, err := s.dialect.files()
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	provider, err := goose.NewProvider(s.dialect.goose, s.db.DB, files)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return provider, nil
}

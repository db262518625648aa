package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/escrow"
)

// SQLite uses the partial index only where the statement repeats its condition.
const sqlDue = `
SELECT id FROM contracts
WHERE due_at IS NOT NULL AND due_frozen IS NULL AND due_at < $1
ORDER BY due_at
LIMIT $2`

// FindDue implements [escrow.Store].
func (s *Store) FindDue(ctx context.Context, before time.Time, limit int) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	if err := s.db.SelectContext(ctx, &ids, sqlDue, stamp(before), limit); err != nil {
		return nil, fmt.Errorf("read deadlines: %w", err)
	}
	return ids, nil
}

// pulseName is the one row of the pulse: any process that works keeps it going.
const pulseName = "gateway"

const sqlPulse = `
SELECT at FROM pulse
WHERE name = $1`

// Pulse implements [escrow.Tx].
func (t *tx) Pulse(ctx context.Context) (time.Time, error) {
	var at stamp
	err := get(ctx, t, "pulse", &at, sqlPulse, pulseName)
	if escrow.IsNotFound(err) {
		return time.Time{}, nil
	}
	return time.Time(at), err
}

const (
	sqlFirstPulse = `
INSERT INTO pulse (name, at)
VALUES ($1, $2)
ON CONFLICT (name) DO NOTHING`

	sqlNextPulse = `
UPDATE pulse SET at = $3
WHERE name = $1 AND at = $2`
)

// SetPulse implements [escrow.Tx].
func (t *tx) SetPulse(ctx context.Context, last, now time.Time) (bool, error) {
	statement, args := sqlNextPulse, []any{pulseName, stamp(last), stamp(now)}
	if last.IsZero() {
		statement, args = sqlFirstPulse, []any{pulseName, stamp(now)}
	}
	result, err := t.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, fmt.Errorf("set pulse: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

const sqlAddOutage = `
INSERT INTO outages (began_at, ended_at)
VALUES ($1, $2)
ON CONFLICT (began_at, ended_at) DO NOTHING`

// AddOutage implements [escrow.Tx].
func (t *tx) AddOutage(ctx context.Context, o escrow.Outage) error {
	if _, err := t.ExecContext(ctx, sqlAddOutage, stamp(o.Began), stamp(o.Ended)); err != nil {
		return fmt.Errorf("add outage: %w", err)
	}
	return nil
}

const sqlOutages = `
SELECT began_at, ended_at FROM outages
WHERE ended_at > $1
ORDER BY ended_at`

// Outages implements [escrow.Tx].
func (t *tx) Outages(ctx context.Context, since time.Time) ([]escrow.Outage, error) {
	var rows []struct {
		Began stamp `db:"began_at"`
		Ended stamp `db:"ended_at"`
	}
	if err := t.SelectContext(ctx, &rows, sqlOutages, stamp(since)); err != nil {
		return nil, fmt.Errorf("read outages: %w", err)
	}
	outages := make([]escrow.Outage, len(rows))
	for i, r := range rows {
		outages[i] = escrow.Outage{Began: time.Time(r.Began), Ended: time.Time(r.Ended)}
	}
	return outages, nil
}

const sqlContractsIn = `SELECT` + contractColumns + paymentStatus + contractTables + `
WHERE c.state IN (?)
ORDER BY c.updated_at DESC, c.id
LIMIT ?`

// ContractsIn returns contracts in any of the states as nobody in particular sees
// them, those that changed last first.
func (s *Store) ContractsIn(ctx context.Context, states []escrow.State, limit int) ([]escrow.View, error) {
	query, args, err := sqlx.In(sqlContractsIn, states, limit)
	if err != nil {
		return nil, fmt.Errorf("read contracts: %w", err)
	}
	var rows []paidRow
	if err := s.db.SelectContext(ctx, &rows, sqlx.Rebind(sqlx.DOLLAR, query), args...); err != nil {
		return nil, fmt.Errorf("read contracts: %w", err)
	}
	views := make([]escrow.View, len(rows))
	for i, row := range rows {
		contract, err := s.contract(row.contractRow)
		if err != nil {
			return nil, fmt.Errorf("contract %s: %w", row.ID, err)
		}
		views[i] = escrow.View{Contract: contract, Payment: escrow.PaymentStatus(row.Payment)}
	}
	return views, nil
}

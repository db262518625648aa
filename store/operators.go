package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// ErrNameTaken says that there is an operator of the name.
var ErrNameTaken = errors.New("there is an operator of that name already")

type operatorRow struct {
	ID         uuid.UUID `db:"id"`
	Name       string    `db:"name"`
	Role       string    `db:"role"`
	CreatedAt  stamp     `db:"created_at"`
	DisabledAt *stamp    `db:"disabled_at"`
}

func (r operatorRow) operator() escrow.Operator {
	return escrow.Operator{
		ID: r.ID, Name: r.Name, Role: r.Role, CreatedAt: time.Time(r.CreatedAt), DisabledAt: orNever(r.DisabledAt),
	}
}

const sqlAddOperator = `
INSERT INTO operators (id, name, role, key_hash, created_at)
VALUES ($1, $2, $3, $4, $5)`

// AddOperator stores an operator and the hash of their key. A name that is taken,
// if only by somebody who was disabled, is refused with [ErrNameTaken]: the name
// in a trail must stay one person's.
func (s *Store) AddOperator(ctx context.Context, o escrow.Operator, keyHash []byte) error {
	_, err := s.db.ExecContext(ctx, sqlAddOperator, o.ID, o.Name, o.Role, keyHash, stamp(o.CreatedAt))
	if violated := s.dialect.violated(err); strings.Contains(violated, "name") {
		return ErrNameTaken
	}
	if err != nil {
		return fmt.Errorf("add operator: %w", err)
	}
	return nil
}

const selectOperator = `
SELECT id, name, role, created_at, disabled_at
FROM operators
`

const sqlOperators = selectOperator + `ORDER BY created_at, id`

// Operators returns all operators, also those who may not act any more.
func (s *Store) Operators(ctx context.Context) ([]escrow.Operator, error) {
	var rows []operatorRow
	if err := s.db.SelectContext(ctx, &rows, sqlOperators); err != nil {
		return nil, fmt.Errorf("read operators: %w", err)
	}
	list := make([]escrow.Operator, len(rows))
	for i, row := range rows {
		list[i] = row.operator()
	}
	return list, nil
}

const sqlDisableOperator = `
UPDATE operators SET disabled_at = $2
WHERE name = $1 AND disabled_at IS NULL`

// DisableOperator takes an operator's key away, and reports whether it was good
// until now.
func (s *Store) DisableOperator(ctx context.Context, name string, at time.Time) (bool, error) {
	result, err := s.db.ExecContext(ctx, sqlDisableOperator, name, stamp(at))
	if err != nil {
		return false, fmt.Errorf("disable operator: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

const sqlOperatorByKey = selectOperator + `WHERE key_hash = $1`

// OperatorByKey implements [escrow.Tx].
func (t *tx) OperatorByKey(ctx context.Context, hash []byte) (escrow.Operator, error) {
	var row operatorRow
	err := get(ctx, t, "operator", &row, sqlOperatorByKey, hash)
	return row.operator(), err
}

type rulingRow struct {
	ID         uuid.UUID     `db:"id"`
	ContractID uuid.UUID     `db:"contract_id"`
	State      string        `db:"state"`
	ToSeller   int64         `db:"to_seller"`
	Reason     string        `db:"reason"`
	ProposedBy uuid.UUID     `db:"proposed_by"`
	ProposedAt stamp         `db:"proposed_at"`
	DecidedBy  uuid.NullUUID `db:"decided_by"`
	DecidedAt  *stamp        `db:"decided_at"`
	Note       string        `db:"note"`
}

func (r rulingRow) ruling() escrow.Ruling {
	return escrow.Ruling{
		ID: r.ID, ContractID: r.ContractID, State: escrow.RulingState(r.State), ToSeller: escrow.Cents(r.ToSeller),
		Reason: r.Reason, ProposedBy: r.ProposedBy, ProposedAt: time.Time(r.ProposedAt),
		DecidedBy: r.DecidedBy.UUID, DecidedAt: orNever(r.DecidedAt), Note: r.Note,
	}
}

const sqlAddRuling = `
INSERT INTO rulings (id, contract_id, state, to_seller, reason, proposed_by, proposed_at, decided_at, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')`

// AddRuling implements [escrow.Tx].
func (t *tx) AddRuling(ctx context.Context, r escrow.Ruling) error {
	return t.one(ctx, "add ruling", sqlAddRuling, r.ID, r.ContractID, string(r.State), int64(r.ToSeller), r.Reason,
		r.ProposedBy, stamp(r.ProposedAt), orNoTime(r.DecidedAt))
}

const selectRuling = `
SELECT id, contract_id, state, to_seller, reason, proposed_by, proposed_at, decided_by, decided_at, note
FROM rulings
WHERE contract_id = $1`

const sqlProposedRuling = selectRuling + ` AND state = 'proposed'`

// ProposedRuling implements [escrow.Tx]. The contract's lock covers it.
func (t *tx) ProposedRuling(ctx context.Context, contract uuid.UUID) (escrow.Ruling, error) {
	var row rulingRow
	err := get(ctx, t, "ruling", &row, sqlProposedRuling, contract)
	return row.ruling(), err
}

const sqlRulings = selectRuling + `
ORDER BY proposed_at, id`

// Rulings returns the rulings of a contract, oldest first.
func (s *Store) Rulings(ctx context.Context, contract uuid.UUID) ([]escrow.Ruling, error) {
	var rows []rulingRow
	if err := s.db.SelectContext(ctx, &rows, sqlRulings, contract); err != nil {
		return nil, fmt.Errorf("read rulings: %w", err)
	}
	list := make([]escrow.Ruling, len(rows))
	for i, row := range rows {
		list[i] = row.ruling()
	}
	return list, nil
}

const sqlSaveRuling = `
UPDATE rulings SET state = $2, decided_by = $3, decided_at = $4, note = $5
WHERE id = $1 AND state = 'proposed'`

// SaveRuling implements [escrow.Tx]. A ruling that is decided does not change.
func (t *tx) SaveRuling(ctx context.Context, r escrow.Ruling) error {
	return t.one(ctx, "save ruling", sqlSaveRuling, r.ID, string(r.State), optional(r.DecidedBy), orNoTime(r.DecidedAt), r.Note)
}

const sqlLapseRuling = `
UPDATE rulings SET state = 'lapsed', decided_at = $2
WHERE contract_id = $1 AND state = 'proposed'`

// LapseRuling implements [escrow.Tx].
func (t *tx) LapseRuling(ctx context.Context, contract uuid.UUID, at time.Time) error {
	if _, err := t.ExecContext(ctx, sqlLapseRuling, contract, stamp(at)); err != nil {
		return fmt.Errorf("lapse ruling: %w", err)
	}
	return nil
}

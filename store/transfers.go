package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

const sqlCollections = selectTransfer + `WHERE t.contract_id = $1 AND t.kind = 'collect'
ORDER BY t.created_at DESC, t.attempt DESC, t.id DESC`

// Collections implements [escrow.Tx].
func (t *tx) Collections(ctx context.Context, contract uuid.UUID) ([]escrow.Transfer, error) {
	return t.transfers(ctx, sqlCollections, contract)
}

const sqlAttempts = selectTransfer + `WHERE t.contract_id = (SELECT contract_id FROM payments WHERE id = $1)
    AND t.payment_id = $1 AND t.kind = $2
ORDER BY t.created_at DESC, t.attempt DESC, t.id DESC`

// Attempts implements [escrow.Tx].
func (t *tx) Attempts(ctx context.Context, payment uuid.UUID, kind escrow.TransferKind) ([]escrow.Transfer, error) {
	return t.transfers(ctx, sqlAttempts, payment, string(kind))
}

const sqlLastPrompt = selectTransfer + `WHERE t.party_id = $1 AND t.method = 'stk' AND t.submitted_at IS NOT NULL
ORDER BY t.submitted_at DESC
LIMIT 1`

// LastPrompt implements [escrow.Tx].
func (t *tx) LastPrompt(ctx context.Context, party uuid.UUID) (escrow.Transfer, error) {
	var row transferRow
	if err := get(ctx, t, "prompt", &row, sqlLastPrompt, party); err != nil {
		return escrow.Transfer{}, err
	}
	return t.store.transfer(row)
}

func (t *tx) transfers(ctx context.Context, statement string, args ...any) ([]escrow.Transfer, error) {
	var rows []transferRow
	if err := t.SelectContext(ctx, &rows, statement, args...); err != nil {
		return nil, fmt.Errorf("read transfers: %w", err)
	}
	return t.store.transfersOf(rows)
}

func (s *Store) transfersOf(rows []transferRow) ([]escrow.Transfer, error) {
	list := make([]escrow.Transfer, len(rows))
	for i, row := range rows {
		var err error
		if list[i], err = s.transfer(row); err != nil {
			return nil, fmt.Errorf("transfer %s: %w", row.ID, err)
		}
	}
	return list, nil
}

const sqlMarkBounced = `
UPDATE payments SET bounced = $2
WHERE id = $1`

// MarkBounced implements [escrow.Tx].
func (t *tx) MarkBounced(ctx context.Context, p escrow.Payment) error {
	return t.one(ctx, "mark payment", sqlMarkBounced, p.ID, string(p.Bounced))
}

const sqlMoves = `
SELECT t.kind, t.receipt, min(b.at) AS at
FROM transfers t
JOIN payments p ON p.id = t.payment_id
JOIN postings b ON b.transfer_id = t.id
WHERE t.contract_id = $1 AND t.state = 'succeeded' AND p.bounced = ''
GROUP BY t.id, t.kind, t.receipt
ORDER BY min(b.at), t.id`

// FindMoves implements [escrow.Store].
func (s *Store) FindMoves(ctx context.Context, contract uuid.UUID) ([]escrow.Move, error) {
	var rows []struct {
		Kind    string `db:"kind"`
		Receipt string `db:"receipt"`
		At      stamp  `db:"at"`
	}
	if err := s.db.SelectContext(ctx, &rows, sqlMoves, contract); err != nil {
		return nil, fmt.Errorf("read what moved: %w", err)
	}
	list := make([]escrow.Move, len(rows))
	for i, r := range rows {
		list[i] = escrow.Move{Kind: escrow.TransferKind(r.Kind), Receipt: r.Receipt, At: time.Time(r.At)}
	}
	return list, nil
}

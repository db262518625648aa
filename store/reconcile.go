package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/escrow"
)

const sqlReceiptsBetween = `
SELECT r.receipt, r.transfer_id, r.amount, r.at
FROM receipts r
LEFT JOIN transfers t ON t.id = r.transfer_id
WHERE r.at >= $1 AND r.at < $2 AND (t.kind = 'collect' OR r.transfer_id IS NULL AND r.channel <> 'operator')
ORDER BY r.at, r.receipt`

// FindReceipts implements [escrow.Store].
func (s *Store) FindReceipts(ctx context.Context, from, to time.Time) ([]escrow.Counted, error) {
	var rows []struct {
		Receipt    string        `db:"receipt"`
		TransferID uuid.NullUUID `db:"transfer_id"`
		Amount     int64         `db:"amount"`
		At         stamp         `db:"at"`
	}
	if err := s.db.SelectContext(ctx, &rows, sqlReceiptsBetween, stamp(from), stamp(to)); err != nil {
		return nil, fmt.Errorf("read receipts: %w", err)
	}
	list := make([]escrow.Counted, len(rows))
	for i, r := range rows {
		list[i] = escrow.Counted{
			Receipt: r.Receipt, Amount: escrow.Cents(r.Amount), Transfer: r.TransferID.UUID, At: time.Time(r.At),
		}
	}
	return list, nil
}

const sqlSumOf = `
SELECT COALESCE(SUM(amount), 0) FROM entries
WHERE account IN (?)`

// LedgerSum implements [escrow.Store].
func (s *Store) LedgerSum(ctx context.Context, accounts []escrow.Account) (escrow.Cents, error) {
	query, args, err := sqlx.In(sqlSumOf, accounts)
	var sum int64
	if err == nil {
		err = s.db.GetContext(ctx, &sum, sqlx.Rebind(sqlx.DOLLAR, query), args...)
	}
	if err != nil {
		return 0, fmt.Errorf("add up the ledger: %w", err)
	}
	return escrow.Cents(sum), nil
}

const sqlMovedSince = `
SELECT COALESCE(SUM(amount), 0) FROM transfers
WHERE state IN ('submitted', 'accepted', 'unknown') OR state = 'succeeded' AND updated_at >= $1`

// MovedSince implements [escrow.Store].
func (s *Store) MovedSince(ctx context.Context, since time.Time) (escrow.Cents, error) {
	var sum int64
	if err := s.db.GetContext(ctx, &sum, sqlMovedSince, stamp(since)); err != nil {
		return 0, fmt.Errorf("add up what moved: %w", err)
	}
	return escrow.Cents(sum), nil
}

const sqlKeepReconciliation = `
INSERT INTO reconciliations (id, at, clean, report)
VALUES ($1, $2, $3, $4)`

// KeepReconciliation implements [escrow.Store].
func (s *Store) KeepReconciliation(ctx context.Context, r escrow.Reconciliation) error {
	report, err := json.Marshal(r)
	if err == nil {
		_, err = s.db.ExecContext(ctx, sqlKeepReconciliation, uuid.Must(uuid.NewV7()), stamp(r.At), bit(r.Clean()), string(report))
	}
	if err != nil {
		return fmt.Errorf("keep reconciliation: %w", err)
	}
	return nil
}

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

// sqlFooting counts a transfer from when it may have left us until its answer is
// known; so does one that is to be sent again. What the ledger has seen since the
// balance was told counts against it: the balance may be older.
const sqlFooting = `
WITH open_transfers AS (
    SELECT kind, method, amount, COALESCE(submitted_at, created_at) AS at
    FROM transfers
    WHERE state IN ('submitted', 'accepted', 'unknown') OR state = 'created' AND resent = 1
), moving AS (
    SELECT CASE WHEN kind = 'collect' OR method = 'reversal' THEN 'mpesa:collection' ELSE 'mpesa:payout' END AS account,
        CASE WHEN kind = 'collect' THEN amount ELSE -amount END AS amount
    FROM open_transfers
    UNION ALL
    SELECT CASE WHEN o.kind = 'collect' THEN 'mpesa:paybill' ELSE 'mpesa:charges' END, -(
        SELECT f.fee FROM tariffs f
        WHERE f.service = CASE WHEN o.kind = 'collect' THEN ? ELSE 'b2c' END
            AND f.valid_from <= o.at AND f.min_amount <= o.amount AND f.max_amount >= o.amount
        ORDER BY f.valid_from DESC
        LIMIT 1)
    FROM open_transfers o
    WHERE o.method <> 'reversal'
    UNION ALL
    SELECT e.account, -e.amount
    FROM postings p
    JOIN entries e ON e.posting_id = p.id
    WHERE p.at >= ?
)
SELECT (SELECT COALESCE(SUM(amount), 0) FROM entries WHERE account IN (?)) AS ledger,
    COALESCE(SUM(CASE WHEN amount > 0 THEN amount END), 0) AS more,
    COALESCE(SUM(CASE WHEN amount < 0 THEN -amount END), 0) AS less
FROM moving
WHERE account IN (?)`

// Footing implements [escrow.Store]. One statement, because a transfer that ends
// between two would be in neither.
func (s *Store) Footing(
	ctx context.Context, accounts []escrow.Account, paid escrow.Tariff, since time.Time,
) (escrow.Footing, error) {
	var row struct {
		Ledger int64 `db:"ledger"`
		More   int64 `db:"more"`
		Less   int64 `db:"less"`
	}
	query, args, err := sqlx.In(sqlFooting, string(paid), stamp(since), accounts, accounts)
	if err == nil {
		err = s.db.GetContext(ctx, &row, sqlx.Rebind(sqlx.DOLLAR, query), args...)
	}
	if err != nil {
		return escrow.Footing{}, fmt.Errorf("add up the ledger: %w", err)
	}
	return escrow.Footing{Ledger: escrow.Cents(row.Ledger), More: escrow.Cents(row.More), Less: escrow.Cents(row.Less)}, nil
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

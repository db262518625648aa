package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

const sqlAddItem = `
INSERT INTO operator_items (id, kind, contract_id, transfer_id, note, opened_at, closed_at)
VALUES ($1, $2, $3, $4, $5, $6, NULL)
ON CONFLICT (kind, contract_id, transfer_id) WHERE closed_at IS NULL DO NOTHING`

// AddItem implements [escrow.Tx]. An item that is open for the same cause stays
// as it is.
func (t *tx) AddItem(ctx context.Context, i escrow.Item) error {
	_, err := t.ExecContext(ctx, sqlAddItem,
		i.ID, string(i.Kind), i.ContractID, i.TransferID, i.Note, stamp(i.OpenedAt))
	if err != nil {
		return fmt.Errorf("add operator item: %w", err)
	}
	return nil
}

const sqlCloseItem = `
UPDATE operator_items SET closed_at = $3, closed_by = $4, closed_why = $5
WHERE contract_id = $1 AND kind = $2 AND closed_at IS NULL`

// CloseItem implements [escrow.Tx].
func (t *tx) CloseItem(ctx context.Context, contract uuid.UUID, kind escrow.ItemKind, c escrow.Closing) error {
	_, err := t.ExecContext(ctx, sqlCloseItem, contract, string(kind), stamp(c.At), c.By, c.Why)
	if err != nil {
		return fmt.Errorf("close operator item: %w", err)
	}
	return nil
}

const sqlCloseItemByID = `
UPDATE operator_items SET closed_at = $2, closed_by = $3, closed_why = $4
WHERE id = $1 AND closed_at IS NULL`

// CloseItemByID implements [escrow.Tx].
func (t *tx) CloseItemByID(ctx context.Context, id uuid.UUID, c escrow.Closing) error {
	return t.one(ctx, "close operator item", sqlCloseItemByID, id, stamp(c.At), c.By, c.Why)
}

type itemRow struct {
	ID         uuid.UUID `db:"id"`
	Kind       string    `db:"kind"`
	ContractID uuid.UUID `db:"contract_id"`
	Ref        string    `db:"ref"`
	TransferID uuid.UUID `db:"transfer_id"`
	Note       string    `db:"note"`
	OpenedAt   stamp     `db:"opened_at"`
	ClosedAt   *stamp    `db:"closed_at"`
	ClosedBy   string    `db:"closed_by"`
	ClosedWhy  string    `db:"closed_why"`
}

func (r itemRow) item() escrow.Item {
	return escrow.Item{
		ID: r.ID, Kind: escrow.ItemKind(r.Kind), ContractID: r.ContractID, Ref: escrow.Ref(r.Ref), TransferID: r.TransferID,
		Note: r.Note, OpenedAt: time.Time(r.OpenedAt),
		Closed: escrow.Closing{By: r.ClosedBy, Why: r.ClosedWhy, At: orNever(r.ClosedAt)},
	}
}

const selectItem = `
SELECT i.id, i.kind, i.contract_id, COALESCE(c.ref, '') AS ref, i.transfer_id, i.note, i.opened_at,
    i.closed_at, i.closed_by, i.closed_why
FROM operator_items i
LEFT JOIN contracts c ON c.id = i.contract_id
`

const sqlOpenItems = selectItem + `WHERE i.closed_at IS NULL
ORDER BY i.opened_at, i.id`

// OpenItems returns what waits for a person, oldest first.
func (s *Store) OpenItems(ctx context.Context) ([]escrow.Item, error) {
	var rows []itemRow
	if err := s.db.SelectContext(ctx, &rows, sqlOpenItems); err != nil {
		return nil, fmt.Errorf("read operator items: %w", err)
	}
	items := make([]escrow.Item, 0, len(rows))
	for _, r := range rows {
		items = append(items, r.item())
	}
	return items, nil
}

const sqlItem = selectItem + `WHERE i.id = $1`

// Item implements [escrow.Tx].
func (t *tx) Item(ctx context.Context, id uuid.UUID) (escrow.Item, error) {
	var row itemRow
	err := get(ctx, t, "operator item", &row, sqlItem, id)
	return row.item(), err
}

const sqlItemsOf = selectItem + `WHERE i.contract_id = $1
ORDER BY i.opened_at, i.id`

// ItemsOf returns the items about a contract, the closed ones too, oldest first.
func (s *Store) ItemsOf(ctx context.Context, contract uuid.UUID) ([]escrow.Item, error) {
	var rows []itemRow
	if err := s.db.SelectContext(ctx, &rows, sqlItemsOf, contract); err != nil {
		return nil, fmt.Errorf("read operator items: %w", err)
	}
	items := make([]escrow.Item, len(rows))
	for i, row := range rows {
		items[i] = row.item()
	}
	return items, nil
}

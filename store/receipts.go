package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

type receiptRow struct {
	Receipt    string        `db:"receipt"`
	TransferID uuid.NullUUID `db:"transfer_id"`
	ContractID uuid.NullUUID `db:"contract_id"`
	Amount     int64         `db:"amount"`
	Channel    string        `db:"channel"`
	FromBuyer  int           `db:"from_buyer"`
	At         stamp         `db:"at"`
}

const sqlReceipt = `
SELECT receipt, transfer_id, contract_id, amount, channel, from_buyer, at
FROM receipts
WHERE receipt = $1`

// Receipt implements [escrow.Tx].
func (t *tx) Receipt(ctx context.Context, number string) (escrow.Receipt, error) {
	return findReceipt(ctx, t, number)
}

// FindReceipt returns what is known of an M-Pesa receipt.
func (s *Store) FindReceipt(ctx context.Context, number string) (escrow.Receipt, error) {
	return findReceipt(ctx, s.db, number)
}

func findReceipt(ctx context.Context, q queryer, number string) (escrow.Receipt, error) {
	var row receiptRow
	err := get(ctx, q, "receipt", &row, sqlReceipt, number)
	return escrow.Receipt{
		Number: row.Receipt, TransferID: row.TransferID.UUID, ContractID: row.ContractID.UUID,
		Amount: escrow.Cents(row.Amount), Channel: escrow.ArrivalChannel(row.Channel),
		FromBuyer: row.FromBuyer != 0, At: time.Time(row.At),
	}, err
}

const sqlAddReceipt = `
INSERT INTO receipts (receipt, transfer_id, contract_id, amount, channel, from_buyer, at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (receipt) DO NOTHING`

// AddReceipt implements [escrow.Tx]. On PostgreSQL it waits for a transaction
// that has just stored the same receipt.
func (t *tx) AddReceipt(ctx context.Context, r escrow.Receipt) error {
	return t.one(ctx, "add receipt", sqlAddReceipt,
		r.Number, optional(r.TransferID), optional(r.ContractID), int64(r.Amount), string(r.Channel), bit(r.FromBuyer), stamp(r.At))
}

const sqlPlaceReceipt = `
UPDATE receipts SET transfer_id = $2, contract_id = $3, from_buyer = $4
WHERE receipt = $1 AND transfer_id IS NULL`

// PlaceReceipt implements [escrow.Tx].
func (t *tx) PlaceReceipt(ctx context.Context, r escrow.Receipt) error {
	return t.one(ctx, "place receipt", sqlPlaceReceipt, r.Number, r.TransferID, r.ContractID, bit(r.FromBuyer))
}

// bit is how both engines store yes and no.
func bit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

type strayRow struct {
	Receipt  string `db:"receipt"`
	Amount   int64  `db:"amount"`
	Account  string `db:"account"`
	Payer    []byte `db:"payer_sealed"`
	Name     []byte `db:"name_sealed"`
	At       stamp  `db:"at"`
	State    string `db:"state"`
	Reversal string `db:"reversal"`
	ClosedBy string `db:"closed_by"`
	Reason   string `db:"reason"`
	ClosedAt *stamp `db:"closed_at"`
}

func (s *Store) stray(r strayRow) (escrow.Stray, error) {
	payer, err := s.sealer.open(r.Payer)
	if err != nil {
		return escrow.Stray{}, err
	}
	name, err := s.sealer.open(r.Name)
	if err != nil {
		return escrow.Stray{}, err
	}
	return escrow.Stray{
		Receipt: r.Receipt, Amount: escrow.Cents(r.Amount), Account: r.Account, Payer: string(payer), Name: string(name),
		At: time.Time(r.At), State: escrow.StrayState(r.State), Reversal: r.Reversal,
		By: r.ClosedBy, Reason: r.Reason, ClosedAt: orNever(r.ClosedAt),
	}, nil
}

const sqlAddStray = `
INSERT INTO strays (receipt, amount, account, payer_sealed, name_sealed, at, state, reversal, closed_by, reason, closed_at)
VALUES ($1, $2, $3, $4, $5, $6, 'open', '', '', '', NULL)`

// AddStray implements [escrow.Tx].
func (t *tx) AddStray(ctx context.Context, s escrow.Stray) error {
	payer, err := t.store.sealer.seal([]byte(s.Payer))
	if err != nil {
		return err
	}
	name, err := t.store.sealer.seal([]byte(s.Name))
	if err != nil {
		return err
	}
	return t.one(ctx, "add stray", sqlAddStray, s.Receipt, int64(s.Amount), s.Account, payer, name, stamp(s.At))
}

const selectStray = `
SELECT receipt, amount, account, payer_sealed, name_sealed, at, state, reversal, closed_by, reason, closed_at
FROM strays
`

const sqlStray = selectStray + `WHERE receipt = $1`

// Stray implements [escrow.Tx].
func (t *tx) Stray(ctx context.Context, receipt string) (escrow.Stray, error) {
	var row strayRow
	if err := get(ctx, t, "stray", &row, sqlStray, receipt); err != nil {
		return escrow.Stray{}, err
	}
	return t.store.stray(row)
}

const sqlStraysOpen = `
SELECT receipt FROM strays
WHERE state = 'open'`

// OpenStrays implements [escrow.Tx].
func (t *tx) OpenStrays(ctx context.Context) ([]string, error) {
	var receipts []string
	if err := t.SelectContext(ctx, &receipts, sqlStraysOpen); err != nil {
		return nil, fmt.Errorf("read open strays: %w", err)
	}
	return receipts, nil
}

const sqlSaveStray = `
UPDATE strays SET state = $2, reversal = $3, closed_by = $4, reason = $5, closed_at = $6
WHERE receipt = $1 AND state = 'open'`

// SaveStray implements [escrow.Tx].
func (t *tx) SaveStray(ctx context.Context, s escrow.Stray) error {
	return t.one(ctx, "save stray", sqlSaveStray,
		s.Receipt, string(s.State), s.Reversal, s.By, s.Reason, orNoTime(s.ClosedAt))
}

const sqlStrays = selectStray + `WHERE state = 'open'
ORDER BY at, receipt`

// Strays implements [escrow.Store].
func (s *Store) Strays(ctx context.Context) ([]escrow.Stray, error) {
	var rows []strayRow
	if err := s.db.SelectContext(ctx, &rows, sqlStrays); err != nil {
		return nil, fmt.Errorf("read strays: %w", err)
	}
	list := make([]escrow.Stray, 0, len(rows))
	for _, row := range rows {
		stray, err := s.stray(row)
		if err != nil {
			return nil, fmt.Errorf("stray %s: %w", row.Receipt, err)
		}
		list = append(list, stray)
	}
	return list, nil
}

const sqlDoubt = `
INSERT INTO doubts (key, since)
VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET since = doubts.since
RETURNING since`

// FirstDoubt implements [escrow.Store].
func (s *Store) FirstDoubt(ctx context.Context, key string, now time.Time) (time.Time, error) {
	var since stamp
	err := get(ctx, s.db, "doubt", &since, sqlDoubt, key, stamp(now))
	return time.Time(since), err
}

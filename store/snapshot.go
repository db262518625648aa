package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/escrow"
)

// Snapshot reads the database as it stood at one moment, whatever others write
// meanwhile. On SQLite, which has one connection, others wait.
type Snapshot struct {
	tx    *sqlx.Tx
	store *Store
}

// Snapshot runs fn on a snapshot. Of a store that was opened without a sealer,
// people have an id and no number, and transfers no id of the provider's.
func (s *Store) Snapshot(ctx context.Context, fn func(ctx context.Context, snap *Snapshot) error) error {
	sqlTx, err := s.db.BeginTxx(ctx, s.dialect.snapshot)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err = fn(ctx, &Snapshot{tx: sqlTx, store: s})
	return errors.Join(err, ignoreDone(sqlTx.Rollback()))
}

// Dossier is everything that is known of one contract, the oldest first of
// each kind.
type Dossier struct {
	Contract  escrow.Contract
	Events    []escrow.AuditEvent
	Payments  []escrow.Payment
	Transfers []escrow.Transfer
	Postings  []escrow.Posting
	Items     []escrow.Item // open ones
}

const sqlContractsAfter = `SELECT` + contractColumns + contractTables + `
WHERE c.id > $1
ORDER BY c.id
LIMIT $2`

// Dossiers returns the contracts that follow the one with the id, at most limit;
// the zero id begins. Their order is that of the ids and means nothing.
func (s *Snapshot) Dossiers(ctx context.Context, after uuid.UUID, limit int) ([]Dossier, error) {
	var rows []contractRow
	if err := s.tx.SelectContext(ctx, &rows, sqlContractsAfter, after, limit); err != nil {
		return nil, fmt.Errorf("read contracts: %w", err)
	}
	return s.fill(ctx, rows)
}

// Dossier returns one contract, by its id.
func (s *Snapshot) Dossier(ctx context.Context, id uuid.UUID) (Dossier, error) {
	return s.one(ctx, sqlContract, id)
}

// DossierByRef returns the newest contract with the reference.
func (s *Snapshot) DossierByRef(ctx context.Context, ref escrow.Ref) (Dossier, error) {
	return s.one(ctx, sqlContractByRef, string(ref))
}

func (s *Snapshot) one(ctx context.Context, statement string, key any) (Dossier, error) {
	var row contractRow
	if err := get(ctx, s.tx, "contract", &row, statement, key); err != nil {
		return Dossier{}, err
	}
	list, err := s.fill(ctx, []contractRow{row})
	if err != nil {
		return Dossier{}, err
	}
	return list[0], nil
}

// fill reads what belongs to the contracts, in one statement of each kind.
func (s *Snapshot) fill(ctx context.Context, rows []contractRow) ([]Dossier, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	contracts, err := s.store.contracts(rows)
	if err != nil {
		return nil, err
	}
	list := make([]Dossier, len(rows))
	of := make(map[uuid.UUID]*Dossier, len(rows))
	ids := make([]uuid.UUID, len(rows))
	for i, c := range contracts {
		list[i].Contract, ids[i] = c, c.ID
		of[c.ID] = &list[i]
	}
	events, err := s.store.eventsOf(ctx, s.tx, ids)
	if err != nil {
		return nil, err
	}
	for id, chain := range events {
		of[id].Events = chain
	}
	for _, read := range []func(context.Context, []uuid.UUID, map[uuid.UUID]*Dossier) error{
		s.payments, s.transfers, s.postings, s.items,
	} {
		if err := read(ctx, ids, of); err != nil {
			return nil, err
		}
	}
	return list, nil
}

const sqlPaymentsOf = `
SELECT id, contract_id, payer_id, amount, status, receipt, bounced, created_at, updated_at
FROM payments
WHERE contract_id IN (?)
ORDER BY contract_id, created_at, id`

func (s *Snapshot) payments(ctx context.Context, ids []uuid.UUID, of map[uuid.UUID]*Dossier) error {
	var rows []paymentRow
	if err := selectIn(ctx, s.tx, "payments", &rows, sqlPaymentsOf, ids); err != nil {
		return err
	}
	for _, row := range rows {
		d := of[row.ContractID]
		d.Payments = append(d.Payments, row.payment())
	}
	return nil
}

const sqlTransfersOfMany = selectTransfer + `WHERE t.contract_id IN (?)
ORDER BY t.contract_id, t.created_at, t.kind, t.attempt, t.id`

func (s *Snapshot) transfers(ctx context.Context, ids []uuid.UUID, of map[uuid.UUID]*Dossier) error {
	var rows []transferRow
	if err := selectIn(ctx, s.tx, "transfers", &rows, sqlTransfersOfMany, ids); err != nil {
		return err
	}
	for _, row := range rows {
		transfer, err := s.store.transfer(row)
		if err != nil {
			return fmt.Errorf("transfer %s: %w", row.ID, err)
		}
		d := of[row.ContractID]
		d.Transfers = append(d.Transfers, transfer)
	}
	return nil
}

// Postings come in the order of their ids, which are minted in the order of the
// money. Their times are not: a clock can be set back in between.
const sqlPostingsOf = `
SELECT p.contract_id, p.id, p.transfer_id, p.reason, p.at, e.account, e.amount
FROM postings p
LEFT JOIN entries e ON e.posting_id = p.id
WHERE p.contract_id IN (?)
ORDER BY p.contract_id, p.id, e.line`

func (s *Snapshot) postings(ctx context.Context, ids []uuid.UUID, of map[uuid.UUID]*Dossier) error {
	var rows []struct {
		ContractID uuid.UUID     `db:"contract_id"`
		ID         uuid.UUID     `db:"id"`
		TransferID uuid.NullUUID `db:"transfer_id"`
		Reason     string        `db:"reason"`
		At         stamp         `db:"at"`
		Account    *string       `db:"account"`
		Amount     *int64        `db:"amount"`
	}
	if err := selectIn(ctx, s.tx, "postings", &rows, sqlPostingsOf, ids); err != nil {
		return err
	}
	for _, r := range rows {
		d := of[r.ContractID]
		if last := len(d.Postings) - 1; last < 0 || d.Postings[last].ID != r.ID {
			d.Postings = append(d.Postings, escrow.Posting{
				ID: r.ID, ContractID: r.ContractID, TransferID: r.TransferID.UUID, Reason: r.Reason, At: time.Time(r.At),
			})
		}
		if r.Account != nil && r.Amount != nil {
			p := &d.Postings[len(d.Postings)-1]
			p.Entries = append(p.Entries, escrow.Entry{Account: escrow.Account(*r.Account), Amount: escrow.Cents(*r.Amount)})
		}
	}
	return nil
}

const sqlOpenItemsOf = selectItem + `WHERE i.closed_at IS NULL AND i.contract_id IN (?)
ORDER BY i.opened_at, i.id`

func (s *Snapshot) items(ctx context.Context, ids []uuid.UUID, of map[uuid.UUID]*Dossier) error {
	var rows []itemRow
	if err := selectIn(ctx, s.tx, "operator items", &rows, sqlOpenItemsOf, ids); err != nil {
		return err
	}
	for _, row := range rows {
		d := of[row.ContractID]
		d.Items = append(d.Items, row.item())
	}
	return nil
}

const sqlMessagesOf = selectMessage + `m.contract_id = $1
ORDER BY m.created_at, m.id`

// Messages returns what was sent about a contract, oldest first.
func (s *Snapshot) Messages(ctx context.Context, contract uuid.UUID) ([]escrow.Message, error) {
	var rows []messageRow
	if err := s.tx.SelectContext(ctx, &rows, sqlMessagesOf, contract); err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	list := make([]escrow.Message, len(rows))
	for i, row := range rows {
		var err error
		if list[i], err = s.store.message(row); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Books is what the ledger says over all contracts.
type Books struct {
	Contracts int64
	Sum       escrow.Cents // of all entries
	Suspense  escrow.Cents // money that no rule could place, debits positive
	Unplaced  escrow.Cents // of that, money of no contract
	Strays    escrow.Cents // money that a person looks for the owner of
	Charges   escrow.Cents // what M-Pesa's charges cost us, less what it claims
	Stray     []uuid.UUID  // postings of no contract that do not sum to zero
}

const (
	sqlCountContracts = `SELECT COUNT(*) FROM contracts`
	sqlLedgerSum      = `SELECT COALESCE(SUM(amount), 0) FROM entries`
	sqlSuspense       = `SELECT COALESCE(SUM(amount), 0) FROM entries WHERE account = 'suspense'`
	sqlUnplaced       = `
SELECT COALESCE(SUM(e.amount), 0) FROM entries e
JOIN postings p ON p.id = e.posting_id
WHERE e.account = 'suspense' AND p.contract_id IS NULL`
	sqlOpenStrays = `SELECT COALESCE(SUM(amount), 0) FROM strays WHERE state = 'open'`
	sqlCharges    = `SELECT COALESCE(SUM(e.amount), 0) FROM entries e JOIN postings p ON p.id = e.posting_id
		WHERE e.account IN ('fees:mpesa', 'mpesa:charges', 'mpesa:paybill') AND p.contract_id IS NOT NULL`
	sqlStrayPostings = `
SELECT p.id FROM postings p
LEFT JOIN contracts c ON c.id = p.contract_id
LEFT JOIN entries e ON e.posting_id = p.id
WHERE c.id IS NULL
GROUP BY p.id
HAVING COUNT(e.line) < 2 OR SUM(e.amount) <> 0
ORDER BY p.id`
)

// Books adds the ledger up.
func (s *Snapshot) Books(ctx context.Context) (Books, error) {
	var b Books
	err := errors.Join(
		s.tx.GetContext(ctx, &b.Contracts, sqlCountContracts),
		s.tx.GetContext(ctx, &b.Sum, sqlLedgerSum),
		s.tx.GetContext(ctx, &b.Suspense, sqlSuspense),
		s.tx.GetContext(ctx, &b.Unplaced, sqlUnplaced),
		s.tx.GetContext(ctx, &b.Strays, sqlOpenStrays),
		s.tx.GetContext(ctx, &b.Charges, sqlCharges),
		s.tx.SelectContext(ctx, &b.Stray, sqlStrayPostings))
	if err != nil {
		return Books{}, fmt.Errorf("add up the ledger: %w", err)
	}
	return b, nil
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/escrow"
)

// Overview is a contract with its history and its money.
type Overview struct {
	Contract escrow.Contract
	Payment  escrow.PaymentStatus // of the payment that counts; empty before the first
	Held     escrow.Cents
	Events   []escrow.AuditEvent // oldest first
}

const sqlNewest = `SELECT` + contractColumns + paymentStatus + contractTables + `
ORDER BY c.created_at DESC, c.id
LIMIT $1`

// Newest returns the newest contracts with all that happened to them, the
// newest first.
func (s *Store) Newest(ctx context.Context, limit int) ([]Overview, error) {
	var rows []paidRow
	if err := s.db.SelectContext(ctx, &rows, sqlNewest, limit); err != nil {
		return nil, fmt.Errorf("read newest contracts: %w", err)
	}
	list := make([]Overview, 0, len(rows))
	ids := make([]uuid.UUID, 0, len(rows))
	for _, row := range rows {
		contract, err := s.contract(row.contractRow)
		if err != nil {
			return nil, err
		}
		list = append(list, Overview{Contract: contract, Payment: escrow.PaymentStatus(row.Payment)})
		ids = append(ids, row.ID)
	}
	if len(list) == 0 {
		return nil, nil
	}
	events, err := s.eventsOf(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	held, err := s.heldOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, o := range list {
		list[i].Events = events[o.Contract.ID]
		list[i].Held = held[escrow.EscrowAccount(o.Contract.ID)]
	}
	return list, nil
}

// Events returns the audit chain of one contract, oldest first.
func (s *Store) Events(ctx context.Context, contract uuid.UUID) ([]escrow.AuditEvent, error) {
	events, err := s.eventsOf(ctx, s.db, []uuid.UUID{contract})
	return events[contract], err
}

const sqlEvents = `
SELECT contract_id, seq, id, at, actor, channel, evidence, event, from_state, to_state, detail, prev, hash,
    signature, signed_by
FROM audit_events
WHERE contract_id IN (?)
ORDER BY contract_id, seq`

func (s *Store) eventsOf(ctx context.Context, q queryer, ids []uuid.UUID) (map[uuid.UUID][]escrow.AuditEvent, error) {
	var rows []struct {
		ContractID uuid.UUID `db:"contract_id"`
		Seq        int64     `db:"seq"`
		ID         uuid.UUID `db:"id"`
		At         stamp     `db:"at"`
		Actor      uuid.UUID `db:"actor"`
		Channel    string    `db:"channel"`
		Evidence   string    `db:"evidence"`
		Event      string    `db:"event"`
		From       string    `db:"from_state"`
		To         string    `db:"to_state"`
		Detail     string    `db:"detail"`
		Prev       []byte    `db:"prev"`
		Hash       []byte    `db:"hash"`
		Signature  []byte    `db:"signature"`
		SignedBy   string    `db:"signed_by"`
	}
	if err := selectIn(ctx, q, "audit events", &rows, sqlEvents, ids); err != nil {
		return nil, err
	}
	events := make(map[uuid.UUID][]escrow.AuditEvent, len(ids))
	for _, r := range rows {
		events[r.ContractID] = append(events[r.ContractID], escrow.AuditEvent{
			ID: r.ID, ContractID: r.ContractID, Seq: r.Seq, At: time.Time(r.At), Actor: r.Actor,
			Channel: escrow.Channel(r.Channel), Evidence: r.Evidence, Event: r.Event,
			From: r.From, To: r.To, Detail: r.Detail, Prev: r.Prev, Hash: r.Hash,
			Signature: r.Signature, SignedBy: r.SignedBy,
		})
	}
	return events, nil
}

const sqlHeld = `
SELECT account, SUM(amount) AS amount FROM entries
WHERE account IN (?)
GROUP BY account`

// heldOf returns what the ledger holds for contracts: the credit of their
// escrow accounts.
func (s *Store) heldOf(ctx context.Context, ids []uuid.UUID) (map[escrow.Account]escrow.Cents, error) {
	accounts := make([]string, len(ids))
	for i, id := range ids {
		accounts[i] = string(escrow.EscrowAccount(id))
	}
	var rows []balanceRow
	if err := selectIn(ctx, s.db, "held money", &rows, sqlHeld, accounts); err != nil {
		return nil, err
	}
	held := make(map[escrow.Account]escrow.Cents, len(rows))
	for _, r := range rows {
		held[escrow.Account(r.Account)] = -escrow.Cents(r.Amount)
	}
	return held, nil
}

type balanceRow struct {
	Account string `db:"account"`
	Amount  int64  `db:"amount"`
}

const sqlBalances = `
SELECT account, SUM(amount) AS amount FROM entries
GROUP BY account`

// Balances returns the balance of every account of the ledger, debits positive.
func (s *Store) Balances(ctx context.Context) (map[escrow.Account]escrow.Cents, error) {
	var rows []balanceRow
	if err := s.db.SelectContext(ctx, &rows, sqlBalances); err != nil {
		return nil, fmt.Errorf("read balances: %w", err)
	}
	balances := make(map[escrow.Account]escrow.Cents, len(rows))
	for _, r := range rows {
		balances[escrow.Account(r.Account)] = escrow.Cents(r.Amount)
	}
	return balances, nil
}

// selectIn runs a statement with one list in the place of its "?".
func selectIn(ctx context.Context, q queryer, what string, into any, statement string, list any) error {
	query, args, err := sqlx.In(statement, list)
	if err == nil {
		err = sqlx.SelectContext(ctx, q, into, sqlx.Rebind(sqlx.DOLLAR, query), args...)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

const sqlUnbalanced = `
SELECT p.id FROM postings p
LEFT JOIN entries e ON e.posting_id = p.id
GROUP BY p.id
HAVING COUNT(e.line) < 2 OR SUM(e.amount) <> 0
ORDER BY p.id`

// Unbalanced returns the postings that do not sum to zero. There is never one:
// whoever checks the books looks here first.
func (s *Store) Unbalanced(ctx context.Context) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	if err := s.db.SelectContext(ctx, &ids, sqlUnbalanced); err != nil {
		return nil, fmt.Errorf("read unbalanced postings: %w", err)
	}
	return ids, nil
}

const sqlTransfersOf = selectTransfer + `WHERE t.contract_id = $1
ORDER BY t.created_at, t.kind, t.attempt, t.id`

// TransfersOf returns the transfers of one contract, oldest first.
func (s *Store) TransfersOf(ctx context.Context, contract uuid.UUID) ([]escrow.Transfer, error) {
	var rows []transferRow
	if err := s.db.SelectContext(ctx, &rows, sqlTransfersOf, contract); err != nil {
		return nil, fmt.Errorf("read transfers: %w", err)
	}
	return s.transfersOf(rows)
}

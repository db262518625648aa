package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

type paymentRow struct {
	ID         uuid.UUID `db:"id"`
	ContractID uuid.UUID `db:"contract_id"`
	PayerID    uuid.UUID `db:"payer_id"`
	Amount     int64     `db:"amount"`
	Status     string    `db:"status"`
	Receipt    *string   `db:"receipt"`
	Bounced    string    `db:"bounced"`
	CreatedAt  stamp     `db:"created_at"`
	UpdatedAt  stamp     `db:"updated_at"`
}

func (r paymentRow) payment() escrow.Payment {
	return escrow.Payment{
		ID: r.ID, ContractID: r.ContractID, Payer: r.PayerID, Amount: escrow.Cents(r.Amount),
		Status: escrow.PaymentStatus(r.Status), Receipt: orEmpty(r.Receipt), Bounced: escrow.Bounce(r.Bounced),
		CreatedAt: time.Time(r.CreatedAt), UpdatedAt: time.Time(r.UpdatedAt),
	}
}

const sqlAddPayment = `
INSERT INTO payments (id, contract_id, payer_id, amount, status, receipt, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`

// AddPayment implements [escrow.Tx].
func (t *tx) AddPayment(ctx context.Context, p escrow.Payment) error {
	return t.one(ctx, "add payment", sqlAddPayment,
		p.ID, p.ContractID, p.Payer, int64(p.Amount), string(p.Status), orNull(p.Receipt), stamp(p.CreatedAt))
}

const sqlPayment = `
SELECT id, contract_id, payer_id, amount, status, receipt, bounced, created_at, updated_at
FROM payments
WHERE id = $1`

// Payment implements [escrow.Tx]. The contract's lock covers its payments.
func (t *tx) Payment(ctx context.Context, id uuid.UUID) (escrow.Payment, error) {
	var row paymentRow
	err := get(ctx, t, "payment", &row, sqlPayment, id)
	return row.payment(), err
}

const sqlHeldPayment = `
SELECT id, contract_id, payer_id, amount, status, receipt, bounced, created_at, updated_at
FROM payments
WHERE contract_id = $1 AND status = 'locked'`

// HeldPayment implements [escrow.Tx].
func (t *tx) HeldPayment(ctx context.Context, contract uuid.UUID) (escrow.Payment, error) {
	var row paymentRow
	err := get(ctx, t, "held payment", &row, sqlHeldPayment, contract)
	return row.payment(), err
}

const sqlSavePayment = `
UPDATE payments SET status = $2, receipt = $3, updated_at = $4
WHERE id = $1`

// SavePayment implements [escrow.Tx].
func (t *tx) SavePayment(ctx context.Context, p escrow.Payment) error {
	return t.one(ctx, "save payment", sqlSavePayment,
		p.ID, string(p.Status), orNull(p.Receipt), stamp(p.UpdatedAt))
}

const sqlOutcome = `
SELECT COUNT(DISTINCT kind) AS ways,
    COUNT(DISTINCT CASE WHEN state = 'succeeded' THEN kind END) AS arrived,
    COUNT(CASE WHEN kind = 'payout' THEN 1 END) AS payouts
FROM transfers
WHERE payment_id = $1 AND kind IN ('payout', 'refund')`

// Outcome implements [escrow.Tx].
func (t *tx) Outcome(ctx context.Context, payment uuid.UUID) (escrow.PaymentStatus, error) {
	var o struct {
		Ways    int `db:"ways"`
		Arrived int `db:"arrived"`
		Payouts int `db:"payouts"`
	}
	if err := get(ctx, t, "outcome", &o, sqlOutcome, payment); err != nil {
		return "", err
	}
	switch {
	case o.Ways == 0, o.Arrived < o.Ways:
		return "", nil
	case o.Payouts > 0:
		return escrow.PaymentReleased, nil
	default:
		return escrow.PaymentRefunded, nil
	}
}

type transferRow struct {
	ID         uuid.UUID `db:"id"`
	ContractID uuid.UUID `db:"contract_id"`
	PaymentID  uuid.UUID `db:"payment_id"`
	Kind       string    `db:"kind"`
	Method     string    `db:"method"`
	State      string    `db:"state"`
	Version    int64     `db:"version"`
	Party      partyRow  `db:"party"`
	Amount     int64     `db:"amount"`
	Ref        string    `db:"ref"`
	ProviderID []byte    `db:"provider_id_sealed"`
	Receipt    string    `db:"receipt"`
	ResultCode string    `db:"result_code"`
	Original   string    `db:"original"`
	Attempt    int       `db:"attempt"`
	Resent     int       `db:"resent"`
	Looks      int       `db:"looks"`
	CreatedAt  stamp     `db:"created_at"`
	NotBefore  *stamp    `db:"not_before"`
	Submitted  *stamp    `db:"submitted_at"`
	UpdatedAt  stamp     `db:"updated_at"`
}

func (s *Store) transfer(r transferRow) (escrow.Transfer, error) {
	party, err := s.party(r.Party)
	if err != nil {
		return escrow.Transfer{}, err
	}
	var providerID []byte
	if s.sealer != nil {
		if providerID, err = s.sealer.open(r.ProviderID); err != nil {
			return escrow.Transfer{}, err
		}
	}
	return escrow.Transfer{
		ID: r.ID, ContractID: r.ContractID, PaymentID: r.PaymentID,
		Kind: escrow.TransferKind(r.Kind), Method: escrow.Method(r.Method), State: escrow.TransferState(r.State), Version: r.Version,
		Party: party, Amount: escrow.Cents(r.Amount), Ref: escrow.Ref(r.Ref),
		ProviderID: string(providerID), Receipt: r.Receipt, ResultCode: r.ResultCode,
		Original: r.Original, Attempt: r.Attempt, Resent: r.Resent != 0, Looks: r.Looks,
		CreatedAt: time.Time(r.CreatedAt), NotBefore: orNever(r.NotBefore),
		SubmittedAt: orNever(r.Submitted), UpdatedAt: time.Time(r.UpdatedAt),
	}, nil
}

const sqlAddTransfer = `
INSERT INTO transfers (id, contract_id, payment_id, kind, method, state, version, party_id, amount, ref,
    provider_id_sealed, receipt, result_code, original, attempt, looks, created_at, not_before, submitted_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, '', $12, $13, 0, $14, $15, NULL, $14)`

// AddTransfer implements [escrow.Tx]. A second open prompt for the contract or
// the phone is refused with [escrow.PromptOpen].
func (t *tx) AddTransfer(ctx context.Context, tr escrow.Transfer) error {
	providerID, err := t.store.sealer.seal([]byte(tr.ProviderID))
	if err != nil {
		return err
	}
	return t.one(ctx, "add transfer", sqlAddTransfer,
		tr.ID, tr.ContractID, tr.PaymentID, string(tr.Kind), string(tr.Method), string(tr.State), tr.Party.ID,
		int64(tr.Amount), string(tr.Ref), providerID, tr.Receipt, tr.Original, tr.Attempt,
		stamp(tr.CreatedAt), orNoTime(tr.NotBefore))
}

const selectTransfer = `
SELECT t.id, t.contract_id, t.payment_id, t.kind, t.method, t.state, t.version, t.amount, t.ref,
    t.provider_id_sealed, t.receipt, t.result_code, t.original, t.attempt, t.resent, t.looks,
    t.created_at, t.not_before, t.submitted_at, t.updated_at,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language"
FROM transfers t
JOIN parties p ON p.id = t.party_id
`

const sqlTransfer = selectTransfer + `WHERE t.id = $1`

// Transfer implements [escrow.Tx]. The contract's lock covers its transfers;
// the version catches whoever did not take it.
func (t *tx) Transfer(ctx context.Context, id uuid.UUID) (escrow.Transfer, error) {
	return t.store.findTransfer(ctx, t, id)
}

// FindTransfer implements [escrow.Store].
func (s *Store) FindTransfer(ctx context.Context, id uuid.UUID) (escrow.Transfer, error) {
	return s.findTransfer(ctx, s.db, id)
}

func (s *Store) findTransfer(ctx context.Context, q queryer, id uuid.UUID) (escrow.Transfer, error) {
	var row transferRow
	if err := get(ctx, q, "transfer", &row, sqlTransfer, id); err != nil {
		return escrow.Transfer{}, err
	}
	return s.transfer(row)
}

const sqlStale = selectTransfer + `WHERE t.state NOT IN ('succeeded', 'failed') AND t.updated_at < $1
    AND (t.not_before IS NULL OR t.not_before < $1)
ORDER BY t.updated_at
LIMIT $2`

// FindStale implements [escrow.Store].
func (s *Store) FindStale(ctx context.Context, since time.Time, limit int) ([]escrow.Transfer, error) {
	var rows []transferRow
	if err := s.db.SelectContext(ctx, &rows, sqlStale, stamp(since), limit); err != nil {
		return nil, fmt.Errorf("read stale transfers: %w", err)
	}
	return s.transfersOf(rows)
}

const sqlSaveTransfer = `
UPDATE transfers SET state = $3, version = version + 1, provider_id_sealed = $4, receipt = $5, result_code = $6,
    resent = $7, looks = $8, submitted_at = $9, updated_at = $10
WHERE id = $1 AND version = $2`

// SaveTransfer implements [escrow.Tx].
func (t *tx) SaveTransfer(ctx context.Context, tr escrow.Transfer) error {
	providerID, err := t.store.sealer.seal([]byte(tr.ProviderID))
	if err != nil {
		return err
	}
	return t.one(ctx, "save transfer", sqlSaveTransfer,
		tr.ID, tr.Version, string(tr.State), providerID, tr.Receipt, tr.ResultCode, bit(tr.Resent), tr.Looks,
		orNoTime(tr.SubmittedAt), stamp(tr.UpdatedAt))
}

const sqlPromptOpen = `
SELECT COUNT(*) FROM transfers
WHERE kind = 'collect' AND state NOT IN ('succeeded', 'failed') AND (contract_id = $1 OR party_id = $2)`

// PromptOpen implements [escrow.Tx].
func (t *tx) PromptOpen(ctx context.Context, contract, party uuid.UUID) (bool, error) {
	var n int
	if err := t.GetContext(ctx, &n, sqlPromptOpen, contract, party); err != nil {
		return false, fmt.Errorf("look for open prompts: %w", err)
	}
	return n > 0, nil
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/escrow"
)

// queryer is what reads: the database, or a transaction on it.
type queryer = sqlx.QueryerContext

type contractRow struct {
	ID           uuid.UUID `db:"id"`
	Ref          string    `db:"ref"`
	State        string    `db:"state"`
	Version      int64     `db:"version"`
	Proposer     string    `db:"proposer"`
	Buyer        partyRow  `db:"buyer"`
	Seller       partyRow  `db:"seller"`
	Item         string    `db:"item"`
	Place        string    `db:"place"`
	Quality      string    `db:"quality"`
	Amount       int64     `db:"amount"`
	Fee          int64     `db:"fee"`
	FeePayer     string    `db:"fee_payer"`
	DeliverBy    stamp     `db:"deliver_by"`
	TermsHash    []byte    `db:"terms_hash"`
	DisputedFrom string    `db:"disputed_from"`
	DisputedBy   string    `db:"disputed_by"`
	Reason       string    `db:"reason"`
	CodeTries    int       `db:"code_tries"`
	ChainSeq     int64     `db:"chain_seq"`
	ChainHead    []byte    `db:"chain_head"`
	DueKind      string    `db:"due_kind"`
	DueAt        *stamp    `db:"due_at"`
	DueEnd       *stamp    `db:"due_end"`
	DueArmed     *stamp    `db:"due_armed"`
	DueCounted   int64     `db:"due_counted"`
	DueFrozen    *stamp    `db:"due_frozen"`
	CancelBy     string    `db:"cancel_by"`
	CancelAt     *stamp    `db:"cancel_at"`
	CancelTries  int       `db:"cancel_tries"`
	RemindedAt   *stamp    `db:"reminded_at"`
	CreatedAt    stamp     `db:"created_at"`
	UpdatedAt    stamp     `db:"updated_at"`
}

func (s *Store) contract(row contractRow) (escrow.Contract, error) {
	state, err := escrow.ParseState(row.State)
	if err != nil {
		return escrow.Contract{}, err
	}
	buyer, err := s.party(row.Buyer)
	if err != nil {
		return escrow.Contract{}, err
	}
	seller, err := s.party(row.Seller)
	if err != nil {
		return escrow.Contract{}, err
	}
	return escrow.Contract{
		ID: row.ID, Ref: escrow.Ref(row.Ref), State: state, Version: row.Version,
		Proposer: escrow.Role(row.Proposer), Buyer: buyer, Seller: seller,
		Item: row.Item, Place: row.Place, Quality: row.Quality, Amount: escrow.Cents(row.Amount),
		Fee: escrow.Cents(row.Fee), FeePayer: escrow.Role(row.FeePayer),
		DeliverBy: time.Time(row.DeliverBy).In(escrow.EAT), TermsHash: row.TermsHash,
		DisputedFrom: escrow.State(row.DisputedFrom), DisputedBy: escrow.Role(row.DisputedBy),
		Reason: row.Reason, CodeTries: row.CodeTries, Due: row.due(),
		CancelBy: escrow.Role(row.CancelBy), CancelAt: orNever(row.CancelAt), CancelTries: row.CancelTries,
		RemindedAt: orNever(row.RemindedAt),
		ChainSeq:   row.ChainSeq, ChainHead: row.ChainHead,
		CreatedAt: time.Time(row.CreatedAt), UpdatedAt: time.Time(row.UpdatedAt),
	}, nil
}

func (r contractRow) due() escrow.Due {
	return escrow.Due{
		Kind: escrow.DueKind(r.DueKind), At: orNever(r.DueAt), End: orNever(r.DueEnd), Armed: orNever(r.DueArmed),
		Counted: time.Duration(r.DueCounted) * time.Microsecond, Frozen: orNever(r.DueFrozen),
	}
}

func (s *Store) contracts(rows []contractRow) ([]escrow.Contract, error) {
	list := make([]escrow.Contract, 0, len(rows))
	for _, row := range rows {
		contract, err := s.contract(row)
		if err != nil {
			return nil, fmt.Errorf("contract %s: %w", row.ID, err)
		}
		list = append(list, contract)
	}
	return list, nil
}

const contractColumns = `
    c.id, c.ref, c.state, c.version, c.proposer, c.item, c.place, c.quality, c.amount, c.fee, c.fee_payer,
    c.deliver_by, c.terms_hash,
    c.disputed_from, c.disputed_by, c.reason, c.code_tries, c.chain_seq, c.chain_head,
    c.due_kind, c.due_at, c.due_end, c.due_armed, c.due_counted, c.due_frozen, c.cancel_by, c.cancel_at, c.cancel_tries,
    c.reminded_at,
    c.created_at, c.updated_at,
    b.id AS "buyer.id", b.phone_sealed AS "buyer.phone_sealed",
    b.name_sealed AS "buyer.name_sealed", b.language AS "buyer.language",
    b.pin_set_at AS "buyer.pin_set_at", b.pin_trusted_at AS "buyer.pin_trusted_at",
    b.pin_locked_at AS "buyer.pin_locked_at", b.pin_reset_at AS "buyer.pin_reset_at",
    b.pin_tries AS "buyer.pin_tries", b.pin_reset_tries AS "buyer.pin_reset_tries",
    s.id AS "seller.id", s.phone_sealed AS "seller.phone_sealed",
    s.name_sealed AS "seller.name_sealed", s.language AS "seller.language",
    s.pin_set_at AS "seller.pin_set_at", s.pin_trusted_at AS "seller.pin_trusted_at",
    s.pin_locked_at AS "seller.pin_locked_at", s.pin_reset_at AS "seller.pin_reset_at",
    s.pin_tries AS "seller.pin_tries", s.pin_reset_tries AS "seller.pin_reset_tries"`

const contractTables = `
FROM contracts c
JOIN parties b ON b.id = c.buyer_id
JOIN parties s ON s.id = c.seller_id`

const sqlContract = `SELECT` + contractColumns + contractTables + `
WHERE c.id = $1`

// Contract implements [escrow.Tx].
func (t *tx) Contract(ctx context.Context, id uuid.UUID) (escrow.Contract, error) {
	var row contractRow
	if err := get(ctx, t, "contract", &row, sqlContract+t.store.dialect.lockContract, id); err != nil {
		return escrow.Contract{}, err
	}
	return t.store.contract(row)
}

const sqlContractByRef = `SELECT` + contractColumns + contractTables + `
WHERE c.id = (SELECT contract_id FROM contract_refs WHERE ref = $1)`

// ContractByRef implements [escrow.Tx].
func (t *tx) ContractByRef(ctx context.Context, ref escrow.Ref) (escrow.Contract, error) {
	var row contractRow
	err := get(ctx, t, "contract", &row, sqlContractByRef+t.store.dialect.lockContract, string(ref))
	if err != nil {
		return escrow.Contract{}, err
	}
	return t.store.contract(row)
}

const sqlAddContract = `
INSERT INTO contracts (id, ref, state, version, proposer, buyer_id, seller_id, item, amount, deliver_by,
    terms_hash, disputed_from, disputed_by, reason, code_tries, chain_seq, chain_head, created_at, updated_at, fee, fee_payer,
    place, quality)
VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, NULL, '', '', '', 0, 0, NULL, $10, $10, $11, $12, $13, $14)`

// AddContract implements [escrow.Tx].
func (t *tx) AddContract(ctx context.Context, c escrow.Contract) (escrow.Ref, error) {
	ref, err := t.takeRef(ctx, c.ID)
	if err != nil {
		return "", err
	}
	err = t.one(ctx, "add contract", sqlAddContract,
		c.ID, string(ref), string(c.State), string(c.Proposer), c.Buyer.ID, c.Seller.ID,
		c.Item, int64(c.Amount), stamp(c.DeliverBy), stamp(c.CreatedAt), int64(c.Fee), string(c.FeePayer),
		c.Place, c.Quality)
	return ref, err
}

const sqlSaveContract = `
UPDATE contracts SET state = $3, version = version + 1, terms_hash = $4, disputed_from = $5, disputed_by = $6,
    reason = $7, code_tries = $8, chain_seq = $9, chain_head = $10, updated_at = $11,
    due_kind = $12, due_at = $13, due_end = $14, due_armed = $15, due_counted = $16, due_frozen = $17,
    cancel_by = $18, cancel_at = $19, cancel_tries = $20, reminded_at = $21
WHERE id = $1 AND version = $2`

// SaveContract implements [escrow.Tx].
func (t *tx) SaveContract(ctx context.Context, c escrow.Contract) error {
	err := t.one(ctx, "save contract", sqlSaveContract,
		c.ID, c.Version, string(c.State), c.TermsHash, string(c.DisputedFrom), string(c.DisputedBy),
		c.Reason, c.CodeTries, c.ChainSeq, c.ChainHead, stamp(c.UpdatedAt),
		string(c.Due.Kind), orNoTime(c.Due.At), orNoTime(c.Due.End), orNoTime(c.Due.Armed),
		c.Due.Counted.Microseconds(), orNoTime(c.Due.Frozen),
		string(c.CancelBy), orNoTime(c.CancelAt), c.CancelTries, orNoTime(c.RemindedAt))
	if err != nil || !c.State.Terminal() {
		return err
	}
	return t.retireRef(ctx, c)
}

const openStates = `('pending', 'confirmed', 'payment_locked', 'delivered', 'accepted', 'disputed')`

// The two halves of the union use one partial index each.
const sqlOpenContracts = `SELECT` + contractColumns + contractTables + `
WHERE c.id IN (
    SELECT id FROM contracts WHERE state IN ` + openStates + `
        AND buyer_id = (SELECT id FROM parties WHERE phone_hash = $1)
    UNION ALL
    SELECT id FROM contracts WHERE state IN ` + openStates + `
        AND seller_id = (SELECT id FROM parties WHERE phone_hash = $1))
ORDER BY c.updated_at DESC, c.id
LIMIT $2`

// FindParty implements [escrow.Store]. A party with open contracts is read with
// them; only one without any costs a second statement.
func (s *Store) FindParty(ctx context.Context, phone escrow.Phone, limit int) (escrow.Party, []escrow.Contract, error) {
	var rows []contractRow
	err := s.db.SelectContext(ctx, &rows, sqlOpenContracts, s.sealer.hash(phone), limit)
	if err != nil {
		return escrow.Party{}, nil, fmt.Errorf("read open contracts: %w", err)
	}
	open, err := s.contracts(rows)
	if err != nil {
		return escrow.Party{}, nil, err
	}
	if len(open) > 0 {
		role, _ := open[0].RoleOf(phone)
		return open[0].Party(role), open, nil
	}
	party, err := s.partyByPhone(ctx, s.db, phone)
	if escrow.IsNotFound(err) {
		return escrow.Party{}, nil, nil
	}
	return party, nil, err
}

// paymentStatus selects the status of the payment that counts: the one that
// holds or released money, else the one under way, else the newest.
const paymentStatus = `,
    COALESCE((SELECT p.status FROM payments p WHERE p.contract_id = c.id
        ORDER BY CASE p.status WHEN 'locked' THEN 0 WHEN 'released' THEN 0 WHEN 'pending' THEN 1
            WHEN 'refunded' THEN 2 ELSE 3 END, p.created_at DESC
        LIMIT 1), '') AS payment_status`

// paidRow is a contract with [paymentStatus].
type paidRow struct {
	contractRow
	Payment string `db:"payment_status"`
}

const sqlFindContract = `SELECT` + contractColumns + paymentStatus + contractTables + `
WHERE c.id = (SELECT contract_id FROM contract_refs WHERE ref = $1)`

// FindContract implements [escrow.Store].
func (s *Store) FindContract(ctx context.Context, ref escrow.Ref) (escrow.Contract, escrow.PaymentStatus, error) {
	var row paidRow
	if err := get(ctx, s.db, "contract", &row, sqlFindContract, string(ref)); err != nil {
		return escrow.Contract{}, "", err
	}
	contract, err := s.contract(row.contractRow)
	return contract, escrow.PaymentStatus(row.Payment), err
}

const sqlFindContracts = `SELECT` + contractColumns + paymentStatus + contractTables + `
WHERE c.id IN (
    SELECT id FROM contracts WHERE buyer_id = (SELECT id FROM parties WHERE phone_hash = $1)
    UNION ALL
    SELECT id FROM contracts WHERE seller_id = (SELECT id FROM parties WHERE phone_hash = $1))
ORDER BY c.created_at DESC, c.id
LIMIT $2 OFFSET $3`

// FindContracts implements [escrow.Store].
func (s *Store) FindContracts(ctx context.Context, phone escrow.Phone, offset, limit int) ([]escrow.View, error) {
	var rows []paidRow
	err := s.db.SelectContext(ctx, &rows, sqlFindContracts, s.sealer.hash(phone), limit, offset)
	if err != nil {
		return nil, fmt.Errorf("read contracts: %w", err)
	}
	views := make([]escrow.View, 0, len(rows))
	for _, row := range rows {
		contract, err := s.contract(row.contractRow)
		if err != nil {
			return nil, fmt.Errorf("contract %s: %w", row.ID, err)
		}
		role, _ := contract.RoleOf(phone)
		views = append(views, escrow.View{Contract: contract, Role: role, Payment: escrow.PaymentStatus(row.Payment)})
	}
	return views, nil
}

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

type messageRow struct {
	ID         uuid.UUID     `db:"id"`
	To         partyRow      `db:"party"`
	ContractID uuid.NullUUID `db:"contract_id"`
	Template   string        `db:"template"`
	Params     []byte        `db:"params"`
	State      string        `db:"state"`
	ProviderID string        `db:"provider_id"`
	Cost       string        `db:"cost"`
	Note       string        `db:"note"`
	Batch      uuid.NullUUID `db:"batch"`
	Silent     bool          `db:"silent"`
	CreatedAt  stamp         `db:"created_at"`
	UpdatedAt  stamp         `db:"updated_at"`
}

func (s *Store) message(r messageRow) (escrow.Message, error) {
	to, err := s.party(r.To)
	if err != nil {
		return escrow.Message{}, err
	}
	m := escrow.Message{
		ID: r.ID, To: to, ContractID: r.ContractID.UUID, Template: escrow.Template(r.Template),
		State: escrow.MessageState(r.State), ProviderID: r.ProviderID, Cost: r.Cost, Note: r.Note,
		Batch: r.Batch.UUID, Silent: r.Silent,
		CreatedAt: time.Time(r.CreatedAt), UpdatedAt: time.Time(r.UpdatedAt),
	}
	if err := json.Unmarshal(r.Params, &m.Params); err != nil {
		return escrow.Message{}, fmt.Errorf("message %s: %w", r.ID, err)
	}
	return m, nil
}

const sqlAddMessage = `
INSERT INTO messages (id, party_id, contract_id, template, params, state, provider_id, cost, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, '', '', $7, $7)`

// AddMessage implements [escrow.Tx].
func (t *tx) AddMessage(ctx context.Context, m escrow.Message) error {
	params, err := json.Marshal(m.Params)
	if err != nil {
		return fmt.Errorf("message params: %w", err)
	}
	return t.one(ctx, "add message", sqlAddMessage,
		m.ID, m.To.ID, optional(m.ContractID), string(m.Template), string(params), string(m.State), stamp(m.CreatedAt))
}

const selectMessage = `
SELECT m.id, m.contract_id, m.template, m.params, m.state, m.provider_id, m.cost, m.note, m.batch,
    m.created_at, m.updated_at, p.silent_since IS NOT NULL AS silent,
    p.id AS "party.id", p.phone_sealed AS "party.phone_sealed",
    p.name_sealed AS "party.name_sealed", p.language AS "party.language",
    p.pin_set_at AS "party.pin_set_at", p.pin_trusted_at AS "party.pin_trusted_at",
    p.pin_locked_at AS "party.pin_locked_at", p.pin_reset_at AS "party.pin_reset_at",
    p.pin_tries AS "party.pin_tries", p.pin_reset_tries AS "party.pin_reset_tries"
FROM messages m
JOIN parties p ON p.id = m.party_id
WHERE `

// SQLite uses the partial index only where the statement repeats its condition.
const (
	sqlMessage           = selectMessage + `m.id = $1`
	sqlMessageByProvider = selectMessage + `m.provider_id = $1 AND m.provider_id <> ''`
)

// Message implements [escrow.Tx].
func (t *tx) Message(ctx context.Context, id uuid.UUID) (escrow.Message, error) {
	return t.store.findMessage(ctx, t, sqlMessage+t.store.dialect.lockMessage, id)
}

// MessageByProvider implements [escrow.Tx].
func (t *tx) MessageByProvider(ctx context.Context, providerID string) (escrow.Message, error) {
	return t.store.findMessage(ctx, t, sqlMessageByProvider+t.store.dialect.lockMessage, providerID)
}

// FindMessage implements [escrow.Store].
func (s *Store) FindMessage(ctx context.Context, id uuid.UUID) (escrow.Message, error) {
	return s.findMessage(ctx, s.db, sqlMessage, id)
}

func (s *Store) findMessage(ctx context.Context, q queryer, statement string, key any) (escrow.Message, error) {
	var row messageRow
	if err := get(ctx, q, "message", &row, statement, key); err != nil {
		return escrow.Message{}, err
	}
	return s.message(row)
}

const sqlMessagesAlike = selectMessage + `m.state = 'queued' AND m.template = $1 AND m.params = $2
    AND p.language = $3 AND m.contract_id IS NULL AND m.id <> $4
ORDER BY m.created_at
LIMIT $5`

// Alike implements [escrow.Tx].
func (t *tx) Alike(ctx context.Context, m escrow.Message, most int) ([]escrow.Message, error) {
	params, err := json.Marshal(m.Params)
	if err != nil {
		return nil, fmt.Errorf("message params: %w", err)
	}
	var rows []messageRow
	err = t.SelectContext(ctx, &rows, sqlMessagesAlike+t.store.dialect.lockFree,
		string(m.Template), string(params), string(m.To.Language), m.ID, most)
	if err != nil {
		return nil, fmt.Errorf("messages alike: %w", err)
	}
	list := make([]escrow.Message, len(rows))
	for i, row := range rows {
		if list[i], err = t.store.message(row); err != nil {
			return nil, err
		}
	}
	return list, nil
}

const sqlMessagesDelivered = `
SELECT COUNT(DISTINCT template) FROM messages
WHERE contract_id = ? AND state = 'delivered' AND template IN (?)`

// MessagesDelivered implements [escrow.Tx].
func (t *tx) MessagesDelivered(ctx context.Context, contract uuid.UUID, templates []escrow.Template) (int, error) {
	query, args, err := sqlx.In(sqlMessagesDelivered, contract, templates)
	if err != nil {
		return 0, fmt.Errorf("count messages: %w", err)
	}
	var n int
	if err := t.GetContext(ctx, &n, sqlx.Rebind(sqlx.DOLLAR, query), args...); err != nil {
		return 0, fmt.Errorf("count messages: %w", err)
	}
	return n, nil
}

const sqlSaveMessage = `
UPDATE messages SET state = $2, provider_id = $3, cost = $4, updated_at = $5, note = $6, batch = $7
WHERE id = $1`

// SaveMessage implements [escrow.Tx].
func (t *tx) SaveMessage(ctx context.Context, m escrow.Message) error {
	return t.one(ctx, "save message", sqlSaveMessage,
		m.ID, string(m.State), m.ProviderID, m.Cost, stamp(m.UpdatedAt), m.Note, optional(m.Batch))
}

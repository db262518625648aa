package store

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

const sqlClaim = `
INSERT INTO idempotency_keys (key, input_hash, contract_id, refusal, at)
VALUES ($1, $2, $3, '', $4)
ON CONFLICT (key) DO NOTHING`

const sqlClaimed = `
SELECT input_hash FROM idempotency_keys
WHERE key = $1`

// Claim implements [escrow.Tx]. On PostgreSQL a second claim of a key waits for
// the transaction that holds it, and then sees what it committed.
func (t *tx) Claim(ctx context.Context, key string, hash []byte, contract uuid.UUID) (bool, error) {
	hash = t.store.sealer.keyed("input:", hash) // the input holds numbers and codes
	result, err := t.ExecContext(ctx, sqlClaim, key, hash, optional(contract), stamp(t.store.now()))
	if err != nil {
		return false, fmt.Errorf("claim key: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return n == 1, err
	}
	var before []byte
	if err := get(ctx, t, "idempotency key", &before, sqlClaimed, key); err != nil {
		return false, err
	}
	if !bytes.Equal(before, hash) {
		return false, escrow.Refuse(escrow.KeyConflict)
	}
	return false, nil
}

const sqlNoteRefusal = `
UPDATE idempotency_keys SET refusal = $2
WHERE key = $1`

// NoteRefusal implements [escrow.Tx].
func (t *tx) NoteRefusal(ctx context.Context, key string, code escrow.Code) error {
	return t.one(ctx, "note refusal", sqlNoteRefusal, key, string(code))
}

const sqlNotedRefusal = `
SELECT refusal FROM idempotency_keys
WHERE key = $1`

// NotedRefusal implements [escrow.Tx].
func (t *tx) NotedRefusal(ctx context.Context, key string) (escrow.Code, error) {
	var code escrow.Code
	err := get(ctx, t, "idempotency key", &code, sqlNotedRefusal, key)
	return code, err
}

const sqlAddEvent = `
INSERT INTO audit_events (contract_id, seq, id, at, actor, channel, evidence, event, from_state, to_state,
    detail, prev, hash, signature, signed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

// AddEvent implements [escrow.Tx].
func (t *tx) AddEvent(ctx context.Context, e escrow.AuditEvent) error {
	return t.one(ctx, "add audit event", sqlAddEvent,
		e.ContractID, e.Seq, e.ID, stamp(e.At), e.Actor, string(e.Channel), e.Evidence,
		e.Event, e.From, e.To, e.Detail, e.Prev, e.Hash, e.Signature, e.SignedBy)
}

const sqlAddPosting = `
INSERT INTO postings (id, contract_id, transfer_id, reason, at)
VALUES ($1, $2, $3, $4, $5)`

const sqlAddEntries = `
INSERT INTO entries (posting_id, line, account, amount)
VALUES ($1, 1, $2, $3), ($1, 2, $4, $5)`

// AddPosting implements [escrow.Tx]. Every posting so far has two entries.
func (t *tx) AddPosting(ctx context.Context, p escrow.Posting) error {
	if len(p.Entries) != 2 {
		return fmt.Errorf("posting %s has %d entries, want 2", p.Reason, len(p.Entries))
	}
	err := t.one(ctx, "add posting", sqlAddPosting,
		p.ID, optional(p.ContractID), optional(p.TransferID), p.Reason, stamp(p.At))
	if err != nil {
		return err
	}
	debit, credit := p.Entries[0], p.Entries[1]
	_, err = t.ExecContext(ctx, sqlAddEntries,
		p.ID, string(debit.Account), int64(debit.Amount), string(credit.Account), int64(credit.Amount))
	if err != nil {
		return fmt.Errorf("add ledger entries: %w", err)
	}
	return nil
}

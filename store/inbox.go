package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// Callback is one kept inbound request.
type Callback struct {
	ID   uuid.UUID
	Kind string // "stk", "b2c", "sms", "dlr", …
	Key  string
	Body []byte
	At   time.Time // of the arrival
}

const sqlKeep = `
INSERT INTO inbox (id, kind, key, body_hash, body_sealed, received_at, worked_at)
VALUES ($1, $2, $3, $4, $5, $6, NULL)
ON CONFLICT (kind, key) DO NOTHING`

const sqlKept = `
SELECT body_hash FROM inbox
WHERE kind = $1 AND key = $2`

// Keep stores a callback and the job that works it, before the caller answers
// 200. The same kind, key and body again changes nothing. Another body under a
// key that is taken is kept beside the first and put before an operator: one of
// the two is a forgery or a provider's mistake, and neither is dropped.
func (s *Store) Keep(ctx context.Context, kind, key string, body []byte) error {
	sum := sha256.Sum256(body)
	sealed, err := s.sealer.seal(body)
	if err != nil {
		return err
	}
	return s.InTx(ctx, func(ctx context.Context, etx escrow.Tx) error {
		t, ok := etx.(*tx)
		if !ok {
			return fmt.Errorf("transaction is a %T", etx)
		}
		id := uuid.Must(uuid.NewV7())
		fresh, err := t.keep(ctx, id, kind, key, sum[:], sealed)
		if err != nil {
			return err
		}
		if fresh {
			return t.Enqueue(ctx, WorkInbox{Inbox: id.String()}, s.now())
		}
		return t.quarantine(ctx, id, kind, key, sum[:], sealed)
	})
}

func (t *tx) keep(ctx context.Context, id uuid.UUID, kind, key string, sum, sealed []byte) (bool, error) {
	result, err := t.ExecContext(ctx, sqlKeep, id, kind, key, sum, sealed, stamp(t.store.now()))
	if err != nil {
		return false, fmt.Errorf("keep callback: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// itemQuarantine is the operator item of a callback that contradicts an earlier one.
const itemQuarantine escrow.ItemKind = "callback_conflict"

func (t *tx) quarantine(ctx context.Context, id uuid.UUID, kind, key string, sum, sealed []byte) error {
	var before []byte
	if err := get(ctx, t, "callback", &before, sqlKept, kind, key); err != nil {
		return err
	}
	if bytes.Equal(before, sum) {
		return nil
	}
	aside := key + "#" + hex.EncodeToString(sum[:8])
	fresh, err := t.keep(ctx, id, kind, aside, sum, sealed)
	if err != nil || !fresh {
		return err
	}
	// The keys of callbacks about money begin with the transfer's id; an item about
	// another one is about nothing but the callback.
	about, _, _ := strings.Cut(key, ":")
	transfer, err := uuid.Parse(about)
	if err != nil {
		transfer = id
	}
	return t.AddItem(ctx, escrow.Item{
		ID: uuid.Must(uuid.NewV7()), Kind: itemQuarantine, TransferID: transfer,
		Note:     "another body came under the key of an earlier " + kind + " callback; it is kept as " + id.String(),
		OpenedAt: t.store.now(),
	})
}

const sqlCallback = `
SELECT id, kind, key, body_sealed, received_at FROM inbox
WHERE id = $1`

// Callback reads a kept callback.
func (s *Store) Callback(ctx context.Context, id string) (Callback, error) {
	var row struct {
		ID   uuid.UUID `db:"id"`
		Kind string    `db:"kind"`
		Key  string    `db:"key"`
		Body []byte    `db:"body_sealed"`
		At   stamp     `db:"received_at"`
	}
	if err := get(ctx, s.db, "callback", &row, sqlCallback, id); err != nil {
		return Callback{}, err
	}
	body, err := s.sealer.open(row.Body)
	if err != nil {
		return Callback{}, err
	}
	return Callback{ID: row.ID, Kind: row.Kind, Key: row.Key, Body: body, At: time.Time(row.At)}, nil
}

const sqlWorked = `
UPDATE inbox SET worked_at = $2
WHERE id = $1`

// Worked notes that a callback has had its effect.
func (s *Store) Worked(ctx context.Context, id uuid.UUID) error {
	if _, err := s.db.ExecContext(ctx, sqlWorked, id, stamp(s.now())); err != nil {
		return fmt.Errorf("note callback as worked: %w", err)
	}
	return nil
}

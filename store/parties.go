package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

type partyRow struct {
	ID       uuid.UUID `db:"id"`
	Phone    []byte    `db:"phone_sealed"`
	Name     []byte    `db:"name_sealed"`
	Language string    `db:"language"`
	pinRow
}

func (s *Store) party(row partyRow) (escrow.Party, error) {
	if s.sealer == nil { // an audit knows people by their id
		return escrow.Party{ID: row.ID, Language: escrow.Language(row.Language), PIN: row.status()}, nil
	}
	phone, err := s.sealer.open(row.Phone)
	if err != nil {
		return escrow.Party{}, err
	}
	name, err := s.sealer.open(row.Name)
	if err != nil {
		return escrow.Party{}, err
	}
	return escrow.Party{
		ID: row.ID, Phone: escrow.Phone(phone), Name: string(name), Language: escrow.Language(row.Language),
		PIN: row.status(),
	}, nil
}

const sqlAddParty = `
INSERT INTO parties (id, phone_hash, phone_sealed, name_sealed, language, created_at, updated_at)
VALUES ($1, $2, $3, $4, '', $5, $5)
ON CONFLICT (phone_hash) DO NOTHING`

const sqlPartyByPhone = `
SELECT id, phone_sealed, name_sealed, language, ` + pinColumns + `
FROM parties
WHERE phone_hash = $1`

// EnsureParty implements [escrow.Tx].
func (t *tx) EnsureParty(ctx context.Context, phone escrow.Phone) (escrow.Party, error) {
	found, err := t.store.partyByPhone(ctx, t, phone)
	if !escrow.IsNotFound(err) {
		return found, err
	}
	sealed, err := t.store.sealer.seal([]byte(phone))
	if err != nil {
		return escrow.Party{}, err
	}
	noName, err := t.store.sealer.seal(nil)
	if err != nil {
		return escrow.Party{}, err
	}
	_, err = t.ExecContext(ctx, sqlAddParty,
		uuid.Must(uuid.NewV7()), t.store.sealer.hash(phone), sealed, noName, stamp(t.store.now()))
	if err != nil {
		return escrow.Party{}, t.store.fault("add party", err)
	}
	return t.store.partyByPhone(ctx, t, phone)
}

func (s *Store) partyByPhone(ctx context.Context, q queryer, phone escrow.Phone) (escrow.Party, error) {
	var row partyRow
	if err := get(ctx, q, "party", &row, sqlPartyByPhone, s.sealer.hash(phone)); err != nil {
		return escrow.Party{}, err
	}
	return s.party(row)
}

const sqlSilence = `UPDATE parties SET silent_since = $2, updated_at = $3 WHERE id = $1`

// Silence implements [escrow.Tx].
func (t *tx) Silence(ctx context.Context, party uuid.UUID, since time.Time) error {
	return t.one(ctx, "silence party", sqlSilence, party, orNoTime(since), stamp(t.store.now()))
}

const sqlSaveParty = `
UPDATE parties SET name_sealed = $2, language = $3, updated_at = $4
WHERE id = $1`

// SaveParty implements [escrow.Tx].
func (t *tx) SaveParty(ctx context.Context, p escrow.Party) error {
	name, err := t.store.sealer.seal([]byte(p.Name))
	if err != nil {
		return err
	}
	return t.one(ctx, "save party", sqlSaveParty, p.ID, name, string(p.Language), stamp(t.store.now()))
}

package store

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/argon2"

	"github.com/voicepact/gateway/escrow"
)

// How a PIN is hashed, version 1: Argon2id with 19 MiB, two passes and one lane,
// the least that OWASP's password storage cheat sheet names, and some 50 ms of one
// core. No hash makes 10,000 PINs many; what keeps them from whoever has stolen the
// database is the look-up key, which is not in it and without which the hash cannot
// be begun.
const (
	pinVersion = 1
	pinPasses  = 2
	pinKiB     = 19 * 1024
	pinLanes   = 1
	pinSalt    = 16
	pinTag     = 32
)

// maxHashing is how many PINs one process hashes at a time: memory for more would
// be taken by whoever dials often enough. The others wait their turn.
const maxHashing = 4

func newHashing() chan struct{} { return make(chan struct{}, min(runtime.GOMAXPROCS(0), maxHashing)) }

// SealPIN implements [escrow.Store].
func (s *Store) SealPIN(ctx context.Context, phone escrow.Phone, pin escrow.PIN) ([]byte, error) {
	salt := make([]byte, pinSalt)
	if _, err := rand.Read(salt); err != nil {
		return nil, fmt.Errorf("salt: %w", err)
	}
	tag, err := s.pinTag(ctx, phone, pin, salt)
	return slices.Concat([]byte{pinVersion}, salt, tag), err
}

var errPINSealed = errors.New("what is kept of a PIN is damaged, or of a later version")

// MatchPIN implements [escrow.Store]. It compares in constant time.
func (s *Store) MatchPIN(ctx context.Context, phone escrow.Phone, pin escrow.PIN, sealed []byte) (bool, error) {
	if len(sealed) != 1+pinSalt+pinTag || sealed[0] != pinVersion {
		return false, errPINSealed
	}
	tag, err := s.pinTag(ctx, phone, pin, sealed[1:1+pinSalt])
	return err == nil && subtle.ConstantTimeCompare(tag, sealed[1+pinSalt:]) == 1, err
}

// pinTag is the slow hash, for whoever has our key, of a PIN at a phone: that of
// one person proves nothing about another.
func (s *Store) pinTag(ctx context.Context, phone escrow.Phone, pin escrow.PIN, salt []byte) ([]byte, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a PIN: %w", ctx.Err())
	}
	secret := s.sealer.keyed("pin:", []byte(string(phone)+"\x00"+string(pin)))
	return argon2.IDKey(secret, salt, pinPasses, pinKiB, pinLanes, pinTag), nil
}

// pinRow is what is known of a party's PIN.
type pinRow struct {
	SetAt      *stamp `db:"pin_set_at"`
	TrustedAt  *stamp `db:"pin_trusted_at"`
	LockedAt   *stamp `db:"pin_locked_at"`
	ResetAt    *stamp `db:"pin_reset_at"`
	Tries      int    `db:"pin_tries"`
	ResetTries int    `db:"pin_reset_tries"`
}

const pinColumns = `pin_set_at, pin_trusted_at, pin_locked_at, pin_reset_at, pin_tries, pin_reset_tries`

func (r pinRow) status() escrow.PINStatus {
	return escrow.PINStatus{
		SetAt: orNever(r.SetAt), TrustedAt: orNever(r.TrustedAt), LockedAt: orNever(r.LockedAt),
		ResetAt: orNever(r.ResetAt), Tries: r.Tries, ResetTries: r.ResetTries,
	}
}

const sqlFindPIN = `
SELECT id, phone_sealed, name_sealed, language, ` + pinColumns + `, pin_sealed
FROM parties
WHERE phone_hash = $1`

// FindPIN implements [escrow.Store].
func (s *Store) FindPIN(ctx context.Context, phone escrow.Phone) (escrow.Party, []byte, error) {
	var row struct {
		partyRow
		Sealed []byte `db:"pin_sealed"`
	}
	if err := get(ctx, s.db, "party", &row, sqlFindPIN, s.sealer.hash(phone)); err != nil {
		return escrow.Party{}, nil, err
	}
	party, err := s.party(row.partyRow)
	return party, row.Sealed, err
}

const sqlLockPIN = `
SELECT ` + pinColumns + `, pin_sealed
FROM parties
WHERE id = $1`

// LockPIN implements [escrow.Tx].
func (t *tx) LockPIN(ctx context.Context, party uuid.UUID) (escrow.PINStatus, []byte, error) {
	var row struct {
		pinRow
		Sealed []byte `db:"pin_sealed"`
	}
	err := get(ctx, t, "party", &row, sqlLockPIN+t.store.dialect.lockParty, party)
	return row.status(), row.Sealed, err
}

const sqlSavePIN = `
UPDATE parties SET pin_sealed = $2, pin_set_at = $3, pin_trusted_at = $4, pin_locked_at = $5, pin_reset_at = $6,
    pin_tries = $7, pin_reset_tries = $8, updated_at = $9
WHERE id = $1`

// SavePIN implements [escrow.Tx].
func (t *tx) SavePIN(ctx context.Context, party uuid.UUID, p escrow.PINStatus, sealed []byte) error {
	return t.one(ctx, "save PIN", sqlSavePIN, party, sealed, orNoTime(p.SetAt), orNoTime(p.TrustedAt), orNoTime(p.LockedAt),
		orNoTime(p.ResetAt), p.Tries, p.ResetTries, stamp(t.store.now()))
}

const sqlAddPINEvent = `
INSERT INTO pin_events (id, party_id, contract_id, at, channel, evidence, event, tries, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// AddPINEvent implements [escrow.Tx].
func (t *tx) AddPINEvent(ctx context.Context, e escrow.PINEvent) error {
	return t.one(ctx, "add PIN event", sqlAddPINEvent, e.ID, e.Party, optional(e.Contract), stamp(e.At),
		string(e.Channel), e.Evidence, string(e.Event), e.Tries, e.Detail)
}

const sqlPINEvents = `
SELECT id, party_id, contract_id, at, channel, evidence, event, tries, detail
FROM pin_events
WHERE party_id = (SELECT id FROM parties WHERE phone_hash = $1)
ORDER BY at, id`

// PINEvents returns the history of a person's PIN, oldest first.
func (s *Store) PINEvents(ctx context.Context, phone escrow.Phone) ([]escrow.PINEvent, error) {
	var rows []struct {
		ID       uuid.UUID     `db:"id"`
		Party    uuid.UUID     `db:"party_id"`
		Contract uuid.NullUUID `db:"contract_id"`
		At       stamp         `db:"at"`
		Channel  string        `db:"channel"`
		Evidence string        `db:"evidence"`
		Event    string        `db:"event"`
		Tries    int           `db:"tries"`
		Detail   string        `db:"detail"`
	}
	if err := s.db.SelectContext(ctx, &rows, sqlPINEvents, s.sealer.hash(phone)); err != nil {
		return nil, fmt.Errorf("read PIN events: %w", err)
	}
	list := make([]escrow.PINEvent, len(rows))
	for i, r := range rows {
		list[i] = escrow.PINEvent{
			ID: r.ID, Party: r.Party, Contract: r.Contract.UUID, At: time.Time(r.At), Channel: escrow.Channel(r.Channel),
			Evidence: r.Evidence, Event: escrow.PINEventKind(r.Event), Tries: r.Tries, Detail: r.Detail,
		}
	}
	return list, nil
}

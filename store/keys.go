package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/voicepact/gateway/escrow"
)

// The errors of a store that is opened with other keys than it was begun with.
// To go on would make strangers of everybody, or answer them with a fault.
var (
	ErrOtherDataKey   = errors.New("DATA_KEY is not the key that this database was begun with")
	ErrOtherLookupKey = errors.New("LOOKUP_KEY is not the key that this database was begun with")
	// ErrOtherSigningKey is no loss of data, but what one service signed under two
	// keys is believed by nobody who knows only one.
	ErrOtherSigningKey = errors.New("SIGNING_KEY is not the key that this database signs with: " +
		"to replace that one, name its public half in SIGNING_KEYS_BEFORE")
)

// The rows of key_checks.
const (
	checkData    = "data"
	checkLookup  = "lookup"
	checkSigning = "signing"
)

const sqlAddKeyCheck = `
INSERT INTO key_checks (name, value)
VALUES ($1, $2)
ON CONFLICT (name) DO NOTHING`

const sqlKeyCheck = `
SELECT value FROM key_checks
WHERE name = $1`

// CheckKeys compares the keys with those of the first start, which it notes.
func (s *Store) CheckKeys(ctx context.Context) error {
	sealed, err := s.sealer.seal([]byte(checkData))
	if err != nil {
		return err
	}
	return s.InTx(ctx, func(ctx context.Context, etx escrow.Tx) error {
		t, ok := etx.(*tx)
		if !ok {
			return fmt.Errorf("transaction is a %T", etx)
		}
		known, err := t.keyCheck(ctx, checkData, sealed)
		if err != nil {
			return err
		}
		if _, err := s.sealer.open(known); err != nil {
			return ErrOtherDataKey
		}
		own := s.sealer.keyed("check:", nil)
		if known, err = t.keyCheck(ctx, checkLookup, own); err != nil {
			return err
		}
		if !bytes.Equal(known, own) {
			return ErrOtherLookupKey
		}
		return nil
	})
}

const sqlReplaceKeyCheck = `
UPDATE key_checks SET value = $2
WHERE name = $1`

// CheckSigningKey compares the public half of the signing key with that of the
// first start, which it notes. A key that takes the place of one of those named
// as earlier is noted instead.
func (s *Store) CheckSigningKey(ctx context.Context, public []byte, earlier ...[]byte) error {
	return s.InTx(ctx, func(ctx context.Context, etx escrow.Tx) error {
		t, ok := etx.(*tx)
		if !ok {
			return fmt.Errorf("transaction is a %T", etx)
		}
		known, err := t.keyCheck(ctx, checkSigning, public)
		if err != nil || bytes.Equal(known, public) {
			return err
		}
		if !slices.ContainsFunc(earlier, func(key []byte) bool { return bytes.Equal(key, known) }) {
			return ErrOtherSigningKey
		}
		return t.one(ctx, "replace signing key", sqlReplaceKeyCheck, checkSigning, public)
	})
}

// keyCheck returns the value of the first start, which is now where there is none.
func (t *tx) keyCheck(ctx context.Context, name string, value []byte) ([]byte, error) {
	if _, err := t.ExecContext(ctx, sqlAddKeyCheck, name, value); err != nil {
		return nil, fmt.Errorf("note key check: %w", err)
	}
	var known []byte
	err := get(ctx, t, "key check", &known, sqlKeyCheck, name)
	return known, err
}

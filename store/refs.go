package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/escrow"
)

const (
	// refRest is how long a reference stays unused after its contract ended.
	refRest = 90 * 24 * time.Hour
	// shortestRef and longestRef bound the digits before the check digit.
	shortestRef, longestRef = 3, 9
	// refTries is how many references of each length are tried at once.
	refTries = 4
)

const sqlTakenRefs = `
SELECT ref FROM contract_refs
WHERE ref IN (?) AND (free_after IS NULL OR free_after >= ?)`

const sqlTakeRef = `
INSERT INTO contract_refs (ref, contract_id, free_after)
VALUES ($1, $2, NULL)
ON CONFLICT (ref) DO UPDATE SET contract_id = excluded.contract_id, free_after = NULL
WHERE contract_refs.free_after < $3`

// takeRef reserves the shortest free reference among random ones of every
// length: while few contracts are open nearly all are four digits, and no count
// of open contracts is needed to know when to grow.
func (t *tx) takeRef(ctx context.Context, contract uuid.UUID) (escrow.Ref, error) {
	for range maxRuns {
		candidates, err := randomRefs()
		if err != nil {
			return "", err
		}
		taken, err := t.takenRefs(ctx, candidates)
		if err != nil {
			return "", err
		}
		for _, ref := range candidates {
			if taken[ref] {
				continue
			}
			result, err := t.ExecContext(ctx, sqlTakeRef, string(ref), contract, stamp(t.store.now()))
			if err != nil {
				return "", fmt.Errorf("take reference: %w", err)
			}
			if n, err := result.RowsAffected(); err == nil && n == 1 {
				return ref, nil
			}
			break // somebody else was faster: look again
		}
	}
	return "", fmt.Errorf("no free reference: %w", escrow.ErrConflict)
}

func (t *tx) takenRefs(ctx context.Context, candidates []escrow.Ref) (map[escrow.Ref]bool, error) {
	query, args, err := sqlx.In(sqlTakenRefs, candidates, stamp(t.store.now()))
	if err != nil {
		return nil, fmt.Errorf("look for references: %w", err)
	}
	var found []escrow.Ref
	if err := t.SelectContext(ctx, &found, sqlx.Rebind(sqlx.DOLLAR, query), args...); err != nil {
		return nil, fmt.Errorf("look for references: %w", err)
	}
	taken := make(map[escrow.Ref]bool, len(found))
	for _, ref := range found {
		taken[ref] = true
	}
	return taken, nil
}

// randomRefs returns candidates, the shortest first. The first digit is never
// zero, which people drop.
func randomRefs() ([]escrow.Ref, error) {
	var refs []escrow.Ref
	low := int64(1)
	for range shortestRef - 1 {
		low *= 10
	}
	for digits := shortestRef; digits <= longestRef; digits++ {
		for range refTries {
			n, err := rand.Int(rand.Reader, big.NewInt(9*low))
			if err != nil {
				return nil, fmt.Errorf("random reference: %w", err)
			}
			refs = append(refs, escrow.NewRef(n.Add(n, big.NewInt(low)).String()))
		}
		low *= 10
	}
	return refs, nil
}

const sqlRetireRef = `
UPDATE contract_refs SET free_after = $3
WHERE ref = $1 AND contract_id = $2 AND free_after IS NULL`

func (t *tx) retireRef(ctx context.Context, c escrow.Contract) error {
	_, err := t.ExecContext(ctx, sqlRetireRef, string(c.Ref), c.ID, stamp(c.UpdatedAt.Add(refRest)))
	if err != nil {
		return fmt.Errorf("retire reference: %w", err)
	}
	return nil
}

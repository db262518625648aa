package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/escrow"
)

const sqlHalted = `
SELECT kind, since, reason, probed_at
FROM halts
WHERE lifted_at IS NULL
ORDER BY kind`

// Halted implements [escrow.Tx].
func (t *tx) Halted(ctx context.Context) ([]escrow.Halt, error) { return halted(ctx, t) }

// Halts implements [escrow.Store].
func (s *Store) Halts(ctx context.Context) ([]escrow.Halt, error) { return halted(ctx, s.db) }

func halted(ctx context.Context, q queryer) ([]escrow.Halt, error) {
	var rows []struct {
		Kind     string `db:"kind"`
		Since    stamp  `db:"since"`
		Reason   string `db:"reason"`
		ProbedAt stamp  `db:"probed_at"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, sqlHalted); err != nil {
		return nil, fmt.Errorf("read halts: %w", err)
	}
	list := make([]escrow.Halt, len(rows))
	for i, r := range rows {
		list[i] = escrow.Halt{
			Kind: escrow.HaltKind(r.Kind), Since: time.Time(r.Since), Reason: r.Reason, ProbedAt: time.Time(r.ProbedAt),
		}
	}
	return list, nil
}

const sqlAddHalt = `
INSERT INTO halts (kind, since, reason, probed_at, lifted_at, lifted_by)
VALUES ($1, $2, $3, $4, NULL, '')
ON CONFLICT (kind) DO UPDATE SET since = excluded.since, reason = excluded.reason,
    probed_at = excluded.probed_at, lifted_at = NULL, lifted_by = ''
WHERE halts.lifted_at IS NOT NULL`

// AddHalt implements [escrow.Tx].
func (t *tx) AddHalt(ctx context.Context, h escrow.Halt) error {
	_, err := t.ExecContext(ctx, sqlAddHalt, string(h.Kind), stamp(h.Since), h.Reason, stamp(h.ProbedAt))
	if err != nil {
		return fmt.Errorf("add halt: %w", err)
	}
	return nil
}

const sqlProbe = `
UPDATE halts SET probed_at = $3
WHERE kind = $1 AND probed_at = $2 AND lifted_at IS NULL`

// Probe implements [escrow.Tx].
func (t *tx) Probe(ctx context.Context, h escrow.Halt, now time.Time) error {
	return t.one(ctx, "probe", sqlProbe, string(h.Kind), stamp(h.ProbedAt), stamp(now))
}

const sqlLiftHalt = `
UPDATE halts SET lifted_at = $3, lifted_by = $2
WHERE kind = $1 AND lifted_at IS NULL`

// LiftHalt implements [escrow.Tx].
func (t *tx) LiftHalt(ctx context.Context, kind escrow.HaltKind, by string, now time.Time) error {
	if _, err := t.ExecContext(ctx, sqlLiftHalt, string(kind), by, stamp(now)); err != nil {
		return fmt.Errorf("lift halt: %w", err)
	}
	return nil
}

const sqlOldestWaiting = selectTransfer + `WHERE t.state = 'created' AND t.method = 'b2c'
    AND (t.not_before IS NULL OR t.not_before <= $1)
ORDER BY t.created_at
LIMIT 1`

// OldestWaiting implements [escrow.Tx].
func (t *tx) OldestWaiting(ctx context.Context, now time.Time) (escrow.Transfer, error) {
	var row transferRow
	if err := get(ctx, t, "waiting transfer", &row, sqlOldestWaiting, stamp(now)); err != nil {
		return escrow.Transfer{}, err
	}
	return t.store.transfer(row)
}

const sqlAddBalance = `
INSERT INTO provider_balances (account, at, current, available)
VALUES ($1, $2, $3, $4)
ON CONFLICT (account, at) DO NOTHING`

// AddBalance implements [escrow.Tx]. The same report may come twice.
func (t *tx) AddBalance(ctx context.Context, b escrow.Balance) error {
	for _, line := range b.Accounts {
		_, err := t.ExecContext(ctx, sqlAddBalance, line.Name, stamp(b.At), int64(line.Current), int64(line.Available))
		if err != nil {
			return fmt.Errorf("add balance: %w", err)
		}
	}
	return nil
}

const sqlProviderBalances = `
SELECT account, at, current, available
FROM provider_balances b
WHERE at = (SELECT MAX(at) FROM provider_balances WHERE account = b.account)
ORDER BY account`

// ProviderBalances returns what the provider last said of each of our accounts,
// and when.
func (s *Store) ProviderBalances(ctx context.Context) (map[string]escrow.Balance, error) {
	var rows []struct {
		Account   string `db:"account"`
		At        stamp  `db:"at"`
		Current   int64  `db:"current"`
		Available int64  `db:"available"`
	}
	if err := s.db.SelectContext(ctx, &rows, sqlProviderBalances); err != nil {
		return nil, fmt.Errorf("read provider balances: %w", err)
	}
	balances := make(map[string]escrow.Balance, len(rows))
	for _, r := range rows {
		balances[r.Account] = escrow.Balance{At: time.Time(r.At), Accounts: []escrow.BalanceLine{{
			Name: r.Account, Current: escrow.Cents(r.Current), Available: escrow.Cents(r.Available),
		}}}
	}
	return balances, nil
}

const sqlTariff = `
SELECT fee FROM tariffs
WHERE service = $1 AND valid_from <= $2 AND min_amount <= $3 AND max_amount >= $3
ORDER BY valid_from DESC
LIMIT 1`

// Tariff implements [escrow.Tx]. An amount in no row costs nothing that we know.
func (t *tx) Tariff(ctx context.Context, service escrow.Tariff, amount escrow.Cents, at time.Time) (escrow.Cents, error) {
	var fee int64
	err := get(ctx, t, "tariff", &fee, sqlTariff, string(service), stamp(at), int64(amount))
	if escrow.IsNotFound(err) {
		return 0, nil
	}
	return escrow.Cents(fee), err
}

const sqlSettleItems = `
UPDATE operator_items SET closed_at = $3, closed_by = $4, closed_why = $5
WHERE kind = $1 AND transfer_id = $2 AND closed_at IS NULL`

// SettleItems implements [escrow.Tx].
func (t *tx) SettleItems(ctx context.Context, kind escrow.ItemKind, subject uuid.UUID, c escrow.Closing) error {
	if _, err := t.ExecContext(ctx, sqlSettleItems, string(kind), subject, stamp(c.At), c.By, c.Why); err != nil {
		return fmt.Errorf("settle operator items: %w", err)
	}
	return nil
}

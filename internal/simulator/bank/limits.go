package bank

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Limits of M-PESA, in cents: per transaction, per day and customer, and for
// the balance of a wallet (Daraja portal, M-PESA Express FAQ; Central Bank of
// Kenya, September 2023).
const (
	MinPayout = 10_00
	MaxAmount = 250_000_00
	MaxDay    = 500_000_00
	MaxWallet = 500_000_00
)

// EastAfrica is the zone of every M-PESA time. A fixed offset, because Kenya
// has no daylight saving and a small machine may have no zone database.
func EastAfrica() *time.Location { return time.FixedZone("EAT", 3*60*60) }

// Sent is what a customer paid to businesses on the day of at, in cents. Days
// begin at midnight in Nairobi. A payment that was given back still counts.
func Sent(ctx context.Context, tx *sqlx.Tx, number string, at time.Time) (int64, error) {
	return ofDay(ctx, tx,
		`SELECT coalesce(sum(cents), 0) FROM movements WHERE debit = $1 AND at >= $2 AND kind IN ('stk', 'paybill')`,
		Wallet(number), at)
}

// Received is what a customer was paid out on the day of at, in cents.
func Received(ctx context.Context, tx *sqlx.Tx, number string, at time.Time) (int64, error) {
	return ofDay(ctx, tx,
		`SELECT coalesce(sum(cents), 0) FROM movements WHERE credit = $1 AND at >= $2 AND kind = 'b2c'`,
		Wallet(number), at)
}

func ofDay(ctx context.Context, tx *sqlx.Tx, query, account string, at time.Time) (int64, error) {
	local := at.In(EastAfrica())
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	var cents int64
	if err := tx.GetContext(ctx, &cents, query, account, midnight.UnixMicro()); err != nil {
		return 0, fmt.Errorf("sum the day: %w", err)
	}
	return cents, nil
}

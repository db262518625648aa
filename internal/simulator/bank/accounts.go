package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
)

// The accounts that belong to nobody with a SIM card or a short code.
const (
	// Agents is the cash that agents and banks took for what was paid in, the
	// ledger's only source of money and therefore negative.
	Agents = "agents"
	// Tariff is what M-PESA earned in fees.
	Tariff = "tariff"
)

const (
	walletPrefix  = "wallet:"
	utilityPrefix = "utility:"
	workingPrefix = "working:"
	chargesPrefix = "charges:"
)

// Wallet is the account of a customer, whose number is in E.164.
func Wallet(number string) string { return walletPrefix + number }

// Utility is an organisation's account that customers pay into and payouts draw
// on.
func Utility(shortCode string) string { return utilityPrefix + shortCode }

// Working is where an organisation keeps what is not for payouts: a payout
// fails for want of money although the portal shows plenty of it here.
func Working(shortCode string) string { return workingPrefix + shortCode }

// Charges is an organisation's "charges paid" account. Its balance is negative:
// M-PESA collects it later, apart from the utility account.
func Charges(shortCode string) string { return chargesPrefix + shortCode }

// Schema creates the tables; it only ever creates. Times are microseconds since
// 1970 UTC.
const Schema = `
CREATE TABLE IF NOT EXISTS bank_accounts (
	name  TEXT PRIMARY KEY,
	cents INTEGER NOT NULL,
	CONSTRAINT no_overdraft CHECK (cents >= 0 OR name = 'agents' OR name LIKE 'charges:%')
) STRICT;

CREATE TABLE IF NOT EXISTS movements (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	at        INTEGER NOT NULL,
	kind      TEXT NOT NULL,
	debit     TEXT NOT NULL,
	credit    TEXT NOT NULL,
	cents     INTEGER NOT NULL CHECK (cents > 0),
	receipt   TEXT NOT NULL UNIQUE CHECK (length(receipt) = 10),
	reference TEXT NOT NULL,
	CHECK (debit <> credit)
) STRICT;
CREATE INDEX IF NOT EXISTS movements_debit ON movements (debit, at);
CREATE INDEX IF NOT EXISTS movements_credit ON movements (credit, at);
`

// Adopt brings a file of the time when there was one organisation without a
// name to that of shortCode; it does nothing to any other file.
func Adopt(ctx context.Context, tx *sqlx.Tx, shortCode string) error {
	old := 0
	if err := tx.GetContext(ctx, &old,
		`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'accounts'`); err != nil {
		return fmt.Errorf("look for old accounts: %w", err)
	}
	if old == 0 {
		return nil
	}
	const named = `CASE %[1]s WHEN 'utility' THEN 'utility:' || $1 WHEN 'charges' THEN 'charges:' || $1 ELSE %[1]s END`
	for _, step := range []string{
		`INSERT INTO bank_accounts (name, cents) SELECT ` + fmt.Sprintf(named, "name") + `, cents FROM accounts`,
		`UPDATE movements SET debit = ` + fmt.Sprintf(named, "debit") + `, credit = ` + fmt.Sprintf(named, "credit"),
	} {
		if _, err := tx.ExecContext(ctx, step, shortCode); err != nil {
			return fmt.Errorf("adopt old accounts: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `DROP TABLE accounts`); err != nil {
		return fmt.Errorf("drop old accounts: %w", err)
	}
	return nil
}

// Open makes sure that an account is there, with nothing in it.
func Open(ctx context.Context, tx *sqlx.Tx, account string) error {
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO bank_accounts (name, cents) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING`, account); err != nil {
		return fmt.Errorf("open account: %w", err)
	}
	return nil
}

// Balance is in cents; 0 for an account that no movement has touched.
func Balance(ctx context.Context, tx *sqlx.Tx, account string) (int64, error) {
	var cents int64
	err := tx.GetContext(ctx, &cents, `SELECT cents FROM bank_accounts WHERE name = $1`, account)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read balance: %w", err)
	}
	return cents, nil
}

// owner is the number or the short code of an account, "" for the others.
func owner(account, prefix string) (string, bool) { return strings.CutPrefix(account, prefix) }

package simulator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// The bank's accounts besides the wallets, which are named wallet:<number>.
const (
	// accountUtility holds what customers paid in and payouts draw on.
	accountUtility = "utility"
	// accountCharges is the merchant's "charges paid" account. Its balance is
	// negative: M-PESA collects it later, apart from the utility account.
	accountCharges = "charges"
	// accountAgents is the cash that agents took for opening balances, the
	// bank's only source of money and therefore negative.
	accountAgents = "agents"
	// accountTariff is what M-PESA earned in fees.
	accountTariff = "tariff"

	walletPrefix = "wallet:"
)

// The kinds of movement.
const (
	movementOpening = "opening"
	movementSTK     = "stk"
	movementB2C     = "b2c"
	movementB2CFee  = "b2c_fee"
)

// Limits of M-PESA, in cents: per transaction and for the balance of a wallet
// (Daraja portal, M-PESA Express FAQ; Central Bank of Kenya, September 2023).
const (
	minB2CCents    = 10_00
	maxAmountCents = 250_000_00
	maxWalletCents = 500_000_00
)

// Movement is one line of the bank's ledger: Cents leave Debit and reach
// Credit, so that it cannot but sum to zero.
type Movement struct {
	ID        int64
	At        time.Time
	Kind      string // opening, stk, b2c or b2c_fee
	Debit     string // account debited
	Credit    string // account credited
	Cents     int64
	Receipt   string // 10 characters [A-Z0-9], unique
	Reference string // CheckoutRequestID, OriginatorConversationID, or for a fee the receipt that caused it
}

// Statement is the bank's own account of what happened, for comparison with
// the gateway's ledger. All amounts are cents.
type Statement struct {
	Wallets map[string]int64 // number in E.164 → balance
	// UtilityCents is the collection account that payouts draw on.
	UtilityCents int64
	// ChargesCents is the charges paid account: minus the B2C fees so far.
	ChargesCents int64
	// Accounts holds every balance by account name; they sum to zero.
	Accounts  map[string]int64
	Movements []Movement // oldest first
}

// Statement reads balances and movements at one instant.
func (s *Sim) Statement() (Statement, error) {
	ctx := context.Background()
	st := Statement{Wallets: map[string]int64{}, Accounts: map[string]int64{}}
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		var accounts []struct {
			Name  string `db:"name"`
			Cents int64  `db:"cents"`
		}
		if err := tx.SelectContext(ctx, &accounts, `SELECT name, cents FROM accounts`); err != nil {
			return fmt.Errorf("read accounts: %w", err)
		}
		for _, a := range accounts {
			st.Accounts[a.Name] = a.Cents
			if number, ok := strings.CutPrefix(a.Name, walletPrefix); ok {
				st.Wallets[number] = a.Cents
			}
		}
		var err error
		st.Movements, err = readMovements(ctx, tx)
		return err
	})
	if err != nil {
		return Statement{}, fmt.Errorf("simulator: statement: %w", err)
	}
	st.UtilityCents = st.Accounts[accountUtility]
	st.ChargesCents = st.Accounts[accountCharges]
	return st, nil
}

func readMovements(ctx context.Context, tx *sqlx.Tx) ([]Movement, error) {
	rows, err := tx.QueryContext(ctx,
		`SELECT id, at, kind, debit, credit, cents, receipt, reference FROM movements ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read movements: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []Movement
	for rows.Next() {
		var m Movement
		var at int64
		if err := rows.Scan(&m.ID, &at, &m.Kind, &m.Debit, &m.Credit, &m.Cents, &m.Receipt, &m.Reference); err != nil {
			return nil, fmt.Errorf("scan movement: %w", err)
		}
		m.At = fromMicros(at)
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read movements: %w", err)
	}
	return all, nil
}

// move books m, which names its accounts, cents, kind, reference and time, and
// returns the receipt it was given. Callers check funds first; the table's
// no_overdraft constraint is the second lock on the same door.
func move(ctx context.Context, tx *sqlx.Tx, m Movement) (string, error) {
	m.Receipt = newReceipt(m.At)
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO movements (at, kind, debit, credit, cents, receipt, reference)
		 VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		micros(m.At), m.Kind, m.Debit, m.Credit, m.Cents, m.Receipt, m.Reference); err != nil {
		return "", fmt.Errorf("book %s: %w", m.Kind, err)
	}
	if err := adjust(ctx, tx, m.Debit, -m.Cents); err != nil {
		return "", err
	}
	if err := adjust(ctx, tx, m.Credit, m.Cents); err != nil {
		return "", err
	}
	return m.Receipt, nil
}

// adjust is not an upsert: SQLite checks constraints on the row that an upsert
// would insert, so that a legal debit would be refused as an overdraft.
func adjust(ctx context.Context, tx *sqlx.Tx, account string, cents int64) error {
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO accounts (name, cents) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING`, account); err != nil {
		return fmt.Errorf("open account: %w", err)
	}
	if _, err := tx.ExecContext(ctx,
		`UPDATE accounts SET cents = cents + $1 WHERE name = $2`, cents, account); err != nil {
		return fmt.Errorf("adjust balance: %w", err)
	}
	return nil
}

// balance is 0 for an account that no movement has touched.
func balance(ctx context.Context, tx *sqlx.Tx, account string) (int64, error) {
	var cents int64
	err := tx.GetContext(ctx, &cents, `SELECT cents FROM accounts WHERE name = $1`, account)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read balance: %w", err)
	}
	return cents, nil
}

// b2cFee is what the business pays for a payout to a registered customer
// (Safaricom, M-PESA bulk payment tariff, rows since the July 2023 excise
// change; the rows above Ksh 15,000 are inferred from the earlier tariff).
func b2cFee(cents int64) int64 {
	switch {
	case cents <= 100_00:
		return 0
	case cents <= 1_500_00:
		return 5_00
	case cents <= 5_000_00:
		return 9_00
	case cents <= 20_000_00:
		return 11_00
	default:
		return 13_00
	}
}

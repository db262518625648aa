package bank

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Statement is the bank's own account of what happened, for comparison with
// the gateway's ledger. All amounts are cents.
type Statement struct {
	Wallets map[string]int64 `json:"wallets"` // number in E.164 → balance
	// UtilityCents is what all organisations have for payouts and reversals; with
	// one of them, its collection account.
	UtilityCents int64 `json:"utilityCents"`
	// WorkingCents is what they keep apart from that.
	WorkingCents int64 `json:"workingCents"`
	// ChargesCents is minus the fees that they bore so far.
	ChargesCents int64 `json:"chargesCents"`
	// Accounts holds every balance by account name; they sum to zero.
	Accounts  map[string]int64 `json:"accounts"`
	Movements []Movement       `json:"lines"` // oldest first
}

// Read reads balances and movements at one instant.
func Read(ctx context.Context, tx *sqlx.Tx) (Statement, error) {
	st := Statement{Wallets: map[string]int64{}, Accounts: map[string]int64{}}
	var accounts []struct {
		Name  string `db:"name"`
		Cents int64  `db:"cents"`
	}
	if err := tx.SelectContext(ctx, &accounts, `SELECT name, cents FROM bank_accounts`); err != nil {
		return st, fmt.Errorf("read accounts: %w", err)
	}
	for _, a := range accounts {
		add(&st, a.Name, a.Cents)
	}
	var err error
	st.Movements, err = readMovements(ctx, tx)
	return st, err
}

func add(st *Statement, account string, cents int64) {
	st.Accounts[account] = cents
	if number, ok := owner(account, walletPrefix); ok {
		st.Wallets[number] = cents
	}
	for prefix, total := range map[string]*int64{
		utilityPrefix: &st.UtilityCents, workingPrefix: &st.WorkingCents, chargesPrefix: &st.ChargesCents,
	} {
		if _, ok := owner(account, prefix); ok {
			*total += cents
		}
	}
}

// Check reports everything about a statement that does not add up: an account
// that is not the sum of its lines, accounts that do not sum to zero, a receipt
// given twice.
func (st Statement) Check() error {
	var problems []error
	booked, receipts, total := map[string]int64{}, map[string]bool{}, int64(0)
	for _, m := range st.Movements {
		booked[m.Debit] -= m.Cents
		booked[m.Credit] += m.Cents
		if receipts[m.Receipt] {
			problems = append(problems, fmt.Errorf("receipt %s was given twice", m.Receipt))
		}
		receipts[m.Receipt] = true
	}
	for name, cents := range st.Accounts {
		total += cents
		if booked[name] != cents {
			problems = append(problems, fmt.Errorf("%s holds %d cents, its lines say %d", name, cents, booked[name]))
		}
	}
	if total != 0 {
		problems = append(problems, fmt.Errorf("the accounts sum to %d cents", total))
	}
	return errors.Join(problems...)
}

func readMovements(ctx context.Context, tx *sqlx.Tx) ([]Movement, error) {
	rows, err := tx.QueryContext(ctx,
		`SELECT id, at, kind, debit, credit, cents, receipt, reference FROM movements ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read movements: %w", err)
	}
	defer func() { _ = rows.Close() }()
	all := []Movement{}
	for rows.Next() {
		var m Movement
		var at int64
		if err := rows.Scan(&m.ID, &at, &m.Kind, &m.Debit, &m.Credit, &m.Cents, &m.Receipt, &m.Reference); err != nil {
			return nil, fmt.Errorf("scan movement: %w", err)
		}
		m.At = time.UnixMicro(at).UTC()
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read movements: %w", err)
	}
	return all, nil
}

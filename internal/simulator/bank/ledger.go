package bank

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// The kinds of movement.
const (
	KindOpening    = "opening"     // cash for a wallet or for an organisation's float
	KindSTK        = "stk"         // paid on a prompt
	KindPayBill    = "paybill"     // paid by the phone's own M-PESA menu
	KindPayBillFee = "paybill_fee" // the share of the payer, the payee, or one of each
	KindB2C        = "b2c"         // paid out
	KindB2CFee     = "b2c_fee"     // to the charges paid account
	KindReversal   = "reversal"    // a payment given back; its fee is not
	KindFloat      = "float"       // between an organisation's own accounts
)

// Movement is one line of the statement: Cents leave Debit and reach Credit, so
// that it cannot but sum to zero.
type Movement struct {
	ID     int64     `json:"id"`
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Debit  string    `json:"debit"`  // account debited
	Credit string    `json:"credit"` // account credited
	Cents  int64     `json:"cents"`
	// Receipt has 10 characters [A-Z0-9] and is unique.
	Receipt string `json:"receipt"`
	// Reference is the CheckoutRequestID, the account number of a PayBill
	// payment, the OriginatorConversationID, or for a fee and for a reversal the
	// receipt that caused it.
	Reference string `json:"reference"`
}

// Ledger books movements. It draws receipts from Draw, which returns a number
// below n: with a seeded source the same story has the same receipts.
type Ledger struct {
	Draw func(n int) int
}

// Move books m and returns its receipt, which it makes unless m has one.
// Callers check funds and limits first, to answer in M-PESA's words; the
// table's no_overdraft constraint is the second lock on the same door.
func (l Ledger) Move(ctx context.Context, tx *sqlx.Tx, m Movement) (string, error) {
	if m.Receipt == "" {
		var err error
		if m.Receipt, err = l.NewReceipt(ctx, tx, m.At); err != nil {
			return "", err
		}
	}
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO movements (at, kind, debit, credit, cents, receipt, reference)
		 VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		m.At.UnixMicro(), m.Kind, m.Debit, m.Credit, m.Cents, m.Receipt, m.Reference); err != nil {
		return "", fmt.Errorf("book %s: %w", m.Kind, err)
	}
	if err := adjust(ctx, tx, m.Debit, -m.Cents); err != nil {
		return "", err
	}
	if err := adjust(ctx, tx, m.Credit, m.Cents); err != nil {
		return "", err
	}
	return m.Receipt, balanced(ctx, tx)
}

// adjust is not an upsert: SQLite checks constraints on the row that an upsert
// would insert, so that a legal debit would be refused as an overdraft.
func adjust(ctx context.Context, tx *sqlx.Tx, account string, cents int64) error {
	if err := Open(ctx, tx, account); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx,
		`UPDATE bank_accounts SET cents = cents + $1 WHERE name = $2`, cents, account); err != nil {
		return fmt.Errorf("adjust balance: %w", err)
	}
	return nil
}

// balanced looks at all accounts after every movement: a bank that serves as
// proof must not itself be believed.
func balanced(ctx context.Context, tx *sqlx.Tx) error {
	var total int64
	if err := tx.GetContext(ctx, &total, `SELECT coalesce(sum(cents), 0) FROM bank_accounts`); err != nil {
		return fmt.Errorf("sum accounts: %w", err)
	}
	if total != 0 {
		return fmt.Errorf("the simulated bank's accounts sum to %d cents", total)
	}
	return nil
}

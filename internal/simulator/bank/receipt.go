package bank

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Letters are the characters of an M-PESA receipt.
const Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

const (
	receiptPrefix = 3
	receiptLength = 10
	// receiptEpoch is the year whose receipts began with A; observed receipts
	// of October 2026 begin with UJ.
	receiptEpoch = 2006
)

// NewReceipt starts with letters for year, month and day, as real ones do, and
// goes on at random until it is one that was never given.
func (l Ledger) NewReceipt(ctx context.Context, tx *sqlx.Tx, at time.Time) (string, error) {
	for {
		var b strings.Builder
		b.WriteString(receiptDay(at))
		for b.Len() < receiptLength {
			b.WriteByte(Letters[l.Draw(len(Letters))])
		}
		taken := 0
		if err := tx.GetContext(ctx, &taken, `SELECT count(*) FROM movements WHERE receipt = $1`, b.String()); err != nil {
			return "", fmt.Errorf("look for a receipt: %w", err)
		}
		if taken == 0 {
			return b.String(), nil
		}
	}
}

// GenericReceipt is what M-PESA reports for a transaction that never came to
// be; it repeats all day, so nobody may treat it as unique.
func GenericReceipt(at time.Time) string {
	return receiptDay(at) + strings.Repeat("0", receiptLength-receiptPrefix)
}

func receiptDay(at time.Time) string {
	at = at.In(EastAfrica())
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	year := (at.Year() - receiptEpoch) % len(alphabet)
	if year < 0 {
		year += len(alphabet)
	}
	return string([]byte{alphabet[year], alphabet[at.Month()-1], Letters[at.Day()]})
}

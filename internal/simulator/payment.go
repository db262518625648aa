package simulator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// payment is money that a customer paid to a short code, by prompt or by PayBill.
type payment struct {
	Receipt      string `db:"receipt"`
	OriginatorID string `db:"originator_id"`
	ShortCode    string `db:"short_code"`
	Number       string `db:"number"`
	Cents        int64  `db:"cents"`
	FeeCents     int64  `db:"fee_cents"` // the payer's share
	Account      string `db:"account"`   // as it was typed
	Reason       string `db:"reason"`    // what the portal calls it
	ThirdParty   string `db:"third_party"`
	Started      int64  `db:"started_at"`
	Paid         int64  `db:"paid_at"`
	ReversedBy   string `db:"reversed_by"` // a receipt, "" unless given back
}

const paymentColumns = `receipt, originator_id, short_code, number, cents, fee_cents, account, reason, third_party,
	started_at, paid_at, reversed_by`

// findPayment looks for a receipt, which is never "".
func findPayment(ctx context.Context, tx *sqlx.Tx, receipt string) (payment, bool, error) {
	var p payment
	err := tx.GetContext(ctx, &p, `SELECT `+paymentColumns+` FROM payments WHERE receipt = $1`, receipt)
	if errors.Is(err, sql.ErrNoRows) {
		return payment{}, false, nil
	}
	if err != nil {
		return payment{}, false, fmt.Errorf("look for a payment: %w", err)
	}
	return p, true, nil
}

// judgePayment is M-PESA's decision about a payer who gave the right PIN. The
// fee comes on top of the amount and does not count towards the limits.
func (s *Sim) judgePayment(ctx context.Context, tx *sqlx.Tx, p payment) (outcome, error) {
	funds, err := bank.Balance(ctx, tx, bank.Wallet(p.Number))
	if err != nil {
		return outcome{}, err
	}
	sent, err := bank.Sent(ctx, tx, p.Number, s.now())
	if err != nil {
		return outcome{}, err
	}
	fee, _ := bank.PayBillFee(s.cfg.Bouquet, p.Cents)
	switch {
	case p.Cents > bank.MaxAmount:
		return outcome{resultTooMuch, "The amount is more than the maximum allowed."}, nil
	case sent+p.Cents > bank.MaxDay:
		return outcome{resultDayFull, "The transaction would exceed the daily transfer limit."}, nil
	case funds < p.Cents+fee:
		return outcome{resultFunds, "The balance is insufficient for the transaction."}, nil
	}
	return done(), nil
}

// takePayment moves the money and the fees if they are there, tells the payer,
// and keeps the payment for whoever asks later. kind and cause are the
// statement's words for it. p gets its receipt unless it has one.
func (s *Sim) takePayment(ctx context.Context, tx *sqlx.Tx, p *payment, kind, cause string) (outcome, error) {
	o, err := s.judgePayment(ctx, tx, *p)
	if err != nil || o != done() {
		return o, err
	}
	at, wallet, organisation := s.now(), bank.Wallet(p.Number), s.organisation(p.ShortCode)
	p.Paid = micros(at)
	if p.Receipt, err = s.bank.Move(ctx, tx, Movement{
		At: at, Kind: kind, Debit: wallet, Credit: bank.Utility(organisation), Cents: p.Cents,
		Receipt: p.Receipt, Reference: cause,
	}); err != nil {
		return outcome{}, err
	}
	customer, business := bank.PayBillFee(s.cfg.Bouquet, p.Cents)
	p.FeeCents = customer
	for account, cents := range map[string]int64{wallet: customer, bank.Charges(organisation): business} {
		if cents == 0 {
			continue
		}
		if _, err := s.bank.Move(ctx, tx, Movement{
			At: at, Kind: bank.KindPayBillFee, Debit: account, Credit: bank.Tariff, Cents: cents, Reference: p.Receipt,
		}); err != nil {
			return outcome{}, err
		}
	}
	if _, err := tx.NamedExecContext(ctx,
		`INSERT INTO payments (receipt, originator_id, short_code, number, cents, fee_cents, account, reason,
			third_party, started_at, paid_at)
		 VALUES (:receipt, :originator_id, :short_code, :number, :cents, :fee_cents, :account, :reason,
			:third_party, :started_at, :paid_at)`, p); err != nil {
		return outcome{}, fmt.Errorf("store payment: %w", err)
	}
	left, err := bank.Balance(ctx, tx, wallet)
	if err != nil {
		return outcome{}, err
	}
	return done(), s.notifyPaid(ctx, tx, *p, left)
}

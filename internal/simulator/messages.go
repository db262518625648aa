package simulator

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// Delivery states, in Africa's Talking's words (delivery reports page).
const (
	statusSuccess  = "Success"  // on the handset
	statusBuffered = "Buffered" // handset absent
	statusSent     = "Sent"
	statusFailed   = "Failed"
	statusSending  = "Sending" // ours: a phone's text not yet taken by the gateway

	mpesaSender = "MPESA"
	// inboxKept is how many messages a phone shows.
	inboxKept = 50
)

// message is a text in a phone.
type message struct {
	ID       string // provider's message id
	Number   string // the phone
	Sender   string
	Body     string
	Outgoing bool
	Status   string
}

func (s *Sim) storeMessage(ctx context.Context, tx *sqlx.Tx, m message) error {
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO messages (message_id, number, at, sender, body, outgoing, status)
		 VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		m.ID, m.Number, micros(s.now()), m.Sender, m.Body, boolInt(m.Outgoing), m.Status); err != nil {
		return fmt.Errorf("store message: %w", err)
	}
	return nil
}

func setMessageStatus(ctx context.Context, tx *sqlx.Tx, id, status string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE messages SET status = $1 WHERE message_id = $2`, status, id); err != nil {
		return fmt.Errorf("set message status: %w", err)
	}
	return nil
}

// notifyPaid is M-PESA's text to a payer, who has left in the wallet.
func (s *Sim) notifyPaid(ctx context.Context, tx *sqlx.Tx, p payment, left int64) error {
	return s.mpesaText(ctx, tx, p.Number, fmt.Sprintf(
		"%s Confirmed. %s sent to %s for account %s on %s New M-PESA balance is %s. Transaction cost, %s.",
		p.Receipt, ksh(p.Cents), businessName, p.Account, smsTime(s.now()), ksh(left), ksh(p.FeeCents)))
}

// notifyRefused is M-PESA's text to a payer whose payment was not made.
func (s *Sim) notifyRefused(ctx context.Context, tx *sqlx.Tx, number, why string) error {
	return s.mpesaText(ctx, tx, number, "Failed. "+why+" No money was taken.")
}

// notifyReversed is M-PESA's text to a payer who has now so much in the wallet.
func (s *Sim) notifyReversed(ctx context.Context, tx *sqlx.Tx, r reversal, now int64) error {
	return s.mpesaText(ctx, tx, r.Number, fmt.Sprintf(
		"%s Confirmed. Transaction %s has been reversed on %s and %s is credited to your M-PESA account. "+
			"New M-PESA balance is %s.",
		r.Receipt, r.Original, smsTime(s.now()), ksh(r.Cents), ksh(now)))
}

// notifyReceived is M-PESA's text to a payee.
func (s *Sim) notifyReceived(ctx context.Context, tx *sqlx.Tx, p payout, now int64) error {
	return s.mpesaText(ctx, tx, p.Number, fmt.Sprintf(
		"%s Confirmed. You have received %s from %s on %s New M-PESA balance is %s.",
		p.Receipt, ksh(p.Cents), businessName, smsTime(s.now()), ksh(now)))
}

// mpesaText reaches the phone past the gateway, as the operator's own texts do.
func (s *Sim) mpesaText(ctx context.Context, tx *sqlx.Tx, number, body string) error {
	return s.deliverText(ctx, tx, message{
		ID: s.newMessageID(), Number: number, Sender: mpesaSender, Body: body,
	}, false)
}

func (s *Sim) newMessageID() string { return "ATXid_" + s.dice.hex32() }

// smsTime is the date in M-PESA's texts: 23/11/26 at 3:30 PM.
func smsTime(t time.Time) string { return t.In(bank.EastAfrica()).Format("2/1/06 at 3:04 PM") }

// boolInt is how STRICT tables hold a boolean.
func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

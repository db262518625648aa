package simulator

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// prompt is an M-PESA request for a PIN and what became of it.
type prompt struct {
	ID          string     `db:"id"` // CheckoutRequestID
	MerchantID  string     `db:"merchant_id"`
	Number      string     `db:"number"`
	Cents       int64      `db:"cents"`
	Account     string     `db:"account"`
	CallbackURL string     `db:"callback_url"`
	Open        int        `db:"open"`
	Code        resultCode `db:"code"`
	Description string     `db:"description"`
	Receipt     string     `db:"receipt"` // "" unless paid
	Created     int64      `db:"created_at"`
	Expires     int64      `db:"expires_at"`
	Closed      int64      `db:"closed_at"`
}

const promptColumns = `id, merchant_id, number, cents, account, callback_url, open, code, description, receipt,
	created_at, expires_at, closed_at`

func insertPrompt(ctx context.Context, tx *sqlx.Tx, p *prompt) error {
	if _, err := tx.NamedExecContext(ctx,
		`INSERT INTO prompts (id, merchant_id, number, cents, account, callback_url, open, created_at, expires_at)
		 VALUES (:id, :merchant_id, :number, :cents, :account, :callback_url, :open, :created_at, :expires_at)`,
		p); err != nil {
		return fmt.Errorf("store prompt: %w", err)
	}
	return nil
}

// readPrompt also takes a database, for reading outside of a transaction.
func readPrompt(ctx context.Context, q sqlx.QueryerContext, id string) (prompt, bool, error) {
	var p prompt
	err := sqlx.GetContext(ctx, q, &p, `SELECT `+promptColumns+` FROM prompts WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return prompt{}, false, nil
	}
	if err != nil {
		return prompt{}, false, fmt.Errorf("read prompt: %w", err)
	}
	return p, true, nil
}

// promptOpen is false for an id that is no prompt's.
func (s *Sim) promptOpen(ctx context.Context, id string) (bool, error) {
	p, found, err := readPrompt(ctx, s.db, id)
	return found && p.Open == 1, err
}

// answerPrompt settles the open prompt of a phone: with a PIN, or cancelled.
func (s *Sim) answerPrompt(ctx context.Context, number, pin string, cancel bool) error {
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		var p prompt
		err := tx.GetContext(ctx, &p,
			`SELECT `+promptColumns+` FROM prompts WHERE number = $1 AND open = 1 AND expires_at > $2`, number, micros(s.now()))
		if errors.Is(err, sql.ErrNoRows) {
			return refuse(http.StatusConflict, "There is no M-PESA request on this phone.")
		}
		if err != nil {
			return fmt.Errorf("read open prompt: %w", err)
		}
		if cancel {
			return s.closePrompt(ctx, tx, &p, outcome{resultCancelled, "Request cancelled by user"})
		}
		return s.payPrompt(ctx, tx, &p, pin)
	})
	if err != nil {
		return fmt.Errorf("answer prompt: %w", err)
	}
	s.changed()
	return nil
}

// payPrompt moves the money if PIN and balance allow it. The code for a wrong
// PIN is the one that means a wrong initiator elsewhere; its words are those
// of the initiator too.
func (s *Sim) payPrompt(ctx context.Context, tx *sqlx.Tx, p *prompt, pin string) error {
	owner, _, err := readPhone(ctx, tx, p.Number)
	if err != nil {
		return err
	}
	if !same(pin, owner.PIN) {
		return s.closePrompt(ctx, tx, p, outcome{resultInitiator, initiatorWrong})
	}
	paid := payment{
		OriginatorID: p.MerchantID, ShortCode: s.cfg.BusinessShortCode, Number: p.Number, Cents: p.Cents,
		Account: p.Account, Reason: "Pay Bill Online", Started: p.Created,
	}
	o, err := s.takePayment(ctx, tx, &paid, bank.KindSTK, p.ID)
	if err != nil {
		return err
	}
	p.Receipt = paid.Receipt
	if err := s.closePrompt(ctx, tx, p, o); err != nil || o != done() || s.CurrentFaults().NoC2BForSTK {
		return err
	}
	return s.oweConfirmation(ctx, tx, paid)
}

// closePrompt records the outcome and owes its callback, unless a fault eats
// or multiplies it.
func (s *Sim) closePrompt(ctx context.Context, tx *sqlx.Tx, p *prompt, o outcome) error {
	p.Open, p.Code, p.Description, p.Closed = 0, o.code, o.description, micros(s.now())
	if _, err := tx.NamedExecContext(ctx,
		`UPDATE prompts SET open = 0, code = :code, description = :description, receipt = :receipt,
		 closed_at = :closed_at WHERE id = :id`, p); err != nil {
		return fmt.Errorf("close prompt: %w", err)
	}
	network, err := readNetwork(ctx, tx, p.Number)
	if err != nil {
		return err
	}
	faults := s.CurrentFaults()
	body, err := json.Marshal(newSTKCallback(*p, faults.MaskPayer))
	if err != nil {
		return fmt.Errorf("encode stk callback: %w", err)
	}
	cb := callback{
		Kind: kindSTKCallback, Who: mask(p.Number), URL: p.CallbackURL, Body: body, Ref: p.ID,
		Summary: "Result: " + paymentWords(o.code), late: network.late(),
	}
	return s.owe(ctx, tx, cb, faults.DropSTKCallback, faults.DuplicateSTKCallback+network.extra())
}

// expirePrompts closes the prompts that nobody answered.
func (s *Sim) expirePrompts(ctx context.Context) error {
	expired := 0
	// Looked at without a write transaction first: this runs many times a second.
	if err := s.db.GetContext(ctx, &expired,
		`SELECT count(*) FROM prompts WHERE open = 1 AND expires_at <= $1`, micros(s.now())); err != nil {
		return fmt.Errorf("count expired prompts: %w", err)
	}
	if expired == 0 {
		return nil
	}
	end := outcome{resultUnreachable, "No response from user."}
	if s.CurrentFaults().PromptExpires {
		end = outcome{resultExpired, "Transaction has expired"}
	}
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error {
		var over []prompt
		if err := tx.SelectContext(ctx, &over,
			`SELECT `+promptColumns+` FROM prompts WHERE open = 1 AND expires_at <= $1`, micros(s.now())); err != nil {
			return fmt.Errorf("read expired prompts: %w", err)
		}
		for i := range over {
			if err := s.closePrompt(ctx, tx, &over[i], end); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("expire prompts: %w", err)
	}
	s.changed()
	return nil
}

// stkItem is one metadata item; Balance is sent without a value.
type stkItem struct {
	Name  string `json:"Name"`
	Value any    `json:"Value,omitempty"`
}

type stkMetadata struct {
	Item []stkItem `json:"Item"`
}

type stkResult struct {
	MerchantRequestID string       `json:"MerchantRequestID"`
	CheckoutRequestID string       `json:"CheckoutRequestID"`
	ResultCode        resultCode   `json:"ResultCode"`
	ResultDesc        string       `json:"ResultDesc"`
	CallbackMetadata  *stkMetadata `json:"CallbackMetadata,omitempty"` // on success only
}

type stkBody struct {
	STKCallback stkResult `json:"stkCallback"`
}

type stkCallback struct {
	Body stkBody `json:"Body"`
}

// newSTKCallback has the payment's items, date and number as JSON numbers, as
// in the samples of the M-PESA Express page.
func newSTKCallback(p prompt, masked bool) stkCallback {
	r := stkResult{
		MerchantRequestID: p.MerchantID, CheckoutRequestID: p.ID,
		ResultCode: p.Code, ResultDesc: p.Description,
	}
	if p.Code == resultDone {
		payer := any(json.Number(strings.TrimPrefix(p.Number, "+")))
		if masked {
			payer = maskPayer(p.Number)
		}
		r.CallbackMetadata = &stkMetadata{Item: []stkItem{
			{"Amount", decimal(p.Cents)},
			{"MpesaReceiptNumber", p.Receipt},
			{Name: "Balance"},
			{"TransactionDate", json.Number(mpesaTime(fromMicros(p.Closed)))},
			{"PhoneNumber", payer},
		}}
	}
	return stkCallback{Body: stkBody{STKCallback: r}}
}

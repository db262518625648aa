package simulator

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// statusRequest is POST /mpesa/transactionstatus/v1/query.
type statusRequest struct {
	asyncFields
	TransactionID          scalar `json:"TransactionID"`
	OriginalConversationID scalar `json:"OriginalConversationID"`
	PartyA                 scalar `json:"PartyA"`
	IdentifierType         scalar `json:"IdentifierType"`
	Occasion               scalar `json:"Occasion"`
}

func (r statusRequest) check() error {
	return firstBroken(append(r.rules("TransactionStatusQuery"),
		rule{r.TransactionID != "" || r.OriginalConversationID != "", "TransactionID"},
		rule{shortCodePattern.MatchString(string(r.PartyA)), "PartyA"},
		rule{slices.Contains([]scalar{"1", "2", "4"}, r.IdentifierType), "IdentifierType"},
		rule{len(r.Occasion) <= maxOccasion, "Occasion"},
	)...)
}

// transactionStatus answers by callback. The ids in the envelope are the
// query's own; those of its subject are among the parameters.
func (s *Sim) transactionStatus(ctx context.Context, body []byte) (acceptance, error) {
	req, err := payload[statusRequest](body)
	if err != nil {
		return acceptance{}, err
	}
	if err := req.check(); err != nil {
		return acceptance{}, err
	}
	faults := s.CurrentFaults()
	c := s.converse(kindStatusResult, req.asyncFields, body)
	if a, refused := s.refusedAtOnce(c, faults.NoStatusRole); refused {
		return a, nil
	}
	err = s.db.tx(ctx, func(tx *sqlx.Tx) error {
		o, err := s.operator(ctx, tx, req.Initiator, req.SecurityCredential, faults.NoStatusRole)
		if err != nil {
			return err
		}
		r := s.newResult(o, c, reference("Occasion", string(req.Occasion)))
		if o == done() {
			if c.who, err = s.fillStatus(ctx, tx, &r, req); err != nil {
				return err
			}
		}
		c.words = statusWords(r.ResultCode)
		return s.oweResult(ctx, tx, c, r, fate{drop: faults.DropAnswerResult})
	})
	if err != nil {
		return acceptance{}, fmt.Errorf("transaction status: %w", err)
	}
	return acceptance{who: c.who, summary: "Transaction status query", body: c.accepted()}, nil
}

// fillStatus looks the subject up, by receipt or by either of its conversation
// ids, and returns whom it concerns, masked.
func (s *Sim) fillStatus(ctx context.Context, tx *sqlx.Tx, r *result, req statusRequest) (string, error) {
	for _, look := range []func(context.Context, *sqlx.Tx, statusRequest) (string, []keyValue, error){
		s.payoutSubject, s.reversalSubject, s.paymentSubject,
	} {
		number, facts, err := look(ctx, tx, req)
		if err != nil {
			return "", err
		}
		if number != "" {
			r.ResultParameters = &resultParameters{facts}
			return mask(number), nil
		}
	}
	// Seen on another country's M-PESA; Kenya's answer is not documented.
	r.ResultCode, r.ResultDesc = resultNoReceipt, "The transaction receipt number does not exist."
	return "", nil
}

func (s *Sim) payoutSubject(ctx context.Context, tx *sqlx.Tx, req statusRequest) (string, []keyValue, error) {
	var p payout
	found, err := findSubject(ctx, tx, &p, `SELECT `+payoutColumns+` FROM payouts`, req)
	if err != nil || !found {
		return "", nil, err
	}
	payee, err := s.partyName(ctx, tx, p.Number)
	return p.Number, s.payoutStatus(p, payee), err
}

func (s *Sim) reversalSubject(ctx context.Context, tx *sqlx.Tx, req statusRequest) (string, []keyValue, error) {
	var v reversal
	found, err := findSubject(ctx, tx, &v, `SELECT `+reversalColumns+` FROM reversals`, req)
	if err != nil || !found {
		return "", nil, err
	}
	payer, err := s.partyName(ctx, tx, v.Number)
	return v.Number, reversalStatus(v, payer), err
}

// paymentSubject finds payments by receipt only: whether a push is found by its
// MerchantRequestID is not known.
func (s *Sim) paymentSubject(ctx context.Context, tx *sqlx.Tx, req statusRequest) (string, []keyValue, error) {
	p, found, err := findPayment(ctx, tx, string(req.TransactionID))
	if err != nil || !found {
		return "", nil, err
	}
	payer, err := s.partyName(ctx, tx, p.Number)
	return p.Number, s.paymentStatus(p, payer), err
}

// findSubject fills one of the records that M-PESA made on our order.
func findSubject(ctx context.Context, tx *sqlx.Tx, into any, query string, req statusRequest) (bool, error) {
	err := tx.GetContext(ctx, into, query+
		` WHERE ($1 <> '' AND (originator_id = $1 OR conversation_id = $1)) OR ($2 <> '' AND receipt = $2)`,
		string(req.OriginalConversationID), string(req.TransactionID))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for a transaction: %w", err)
	}
	return true, nil
}

// partyName names a customer even when no phone here has the number.
func (s *Sim) partyName(ctx context.Context, tx *sqlx.Tx, number string) (string, error) {
	p, known, err := readPhone(ctx, tx, number)
	if err != nil || !known {
		return strings.TrimPrefix(number, "+"), err
	}
	return publicName(p), nil
}

// payoutStatus describes a payout, made or not, in the keys of the transaction
// status page. One that was not has neither receipt nor charges.
func (s *Sim) payoutStatus(p payout, payee string) []keyValue {
	charges, receipt := any("Fee For B2C Payment|KES|"+decimal(p.FeeCents).String()), any(p.Receipt)
	if p.Code != resultDone {
		charges, receipt = nil, nil
	}
	at := json.Number(mpesaTime(fromMicros(p.Created)))
	return []keyValue{
		{"DebitPartyName", s.cfg.B2CShortCode + " - " + businessName},
		{"CreditPartyName", payee},
		{"OriginatorConversationID", p.OriginatorID},
		{"InitiatedTime", at},
		{"DebitAccountType", "Utility Account"},
		{"DebitPartyCharges", charges},
		{Key: "TransactionReason"},
		{"ReasonType", "Business Payment to Customer via API"},
		{"TransactionStatus", transactionState(p.Code)},
		{"FinalisedTime", at},
		{"Amount", whole(p.Cents)},
		{"ConversationID", p.ConversationID},
		{"ReceiptNo", receipt},
	}
}

// reversalStatus describes a reversal, made or not.
func reversalStatus(v reversal, payer string) []keyValue {
	receipt := any(v.Receipt)
	if v.Code != resultDone {
		receipt = nil
	}
	at := json.Number(mpesaTime(fromMicros(v.Created)))
	return []keyValue{
		{"DebitPartyName", v.ShortCode + " - " + businessName},
		{"CreditPartyName", payer},
		{"OriginatorConversationID", v.OriginatorID},
		{"InitiatedTime", at},
		{"DebitAccountType", "Utility Account"},
		{Key: "DebitPartyCharges"},
		{"TransactionReason", v.Original},
		{"ReasonType", "Transaction Reversal via API"},
		{"TransactionStatus", transactionState(v.Code)},
		{"FinalisedTime", at},
		{"Amount", whole(v.Cents)},
		{"ConversationID", v.ConversationID},
		{"ReceiptNo", receipt},
	}
}

// transactionState is one of the final states of the transaction status page.
func transactionState(code resultCode) string {
	switch code {
	case resultDone:
		return "Completed"
	case resultBusy:
		return "Expired"
	default:
		return "Declined"
	}
}

// paymentStatus describes a payment, found by its receipt. How one that was
// given back is described is not documented; here it stays completed, which to a
// reader is the least help.
func (s *Sim) paymentStatus(p payment, payer string) []keyValue {
	charges, state := any(nil), transactionState(resultDone)
	if word := s.CurrentFaults().ReversedWord; word != "" && p.ReversedBy != "" {
		state = word
	}
	if p.FeeCents > 0 {
		charges = "Pay Bill Charge|KES|" + decimal(p.FeeCents).String()
	}
	return []keyValue{
		{"DebitPartyName", payer},
		{"CreditPartyName", p.ShortCode + " - " + businessName},
		{"OriginatorConversationID", p.OriginatorID},
		{"InitiatedTime", json.Number(mpesaTime(fromMicros(p.Started)))},
		{"DebitAccountType", "MMF Account For Customer"},
		{"DebitPartyCharges", charges},
		{Key: "TransactionReason"},
		{"ReasonType", p.Reason},
		{"TransactionStatus", state},
		{"FinalisedTime", json.Number(mpesaTime(fromMicros(p.Paid)))},
		{"Amount", whole(p.Cents)},
		{Key: "ConversationID"},
		{"ReceiptNo", p.Receipt},
	}
}

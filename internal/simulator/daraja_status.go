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
	Initiator              scalar `json:"Initiator"`
	SecurityCredential     scalar `json:"SecurityCredential"`
	CommandID              scalar `json:"CommandID"`
	TransactionID          scalar `json:"TransactionID"`
	OriginalConversationID scalar `json:"OriginalConversationID"`
	PartyA                 scalar `json:"PartyA"`
	IdentifierType         scalar `json:"IdentifierType"`
	ResultURL              scalar `json:"ResultURL"`
	QueueTimeOutURL        scalar `json:"QueueTimeOutURL"`
	Remarks                scalar `json:"Remarks"`
	Occasion               scalar `json:"Occasion"`
}

func (r statusRequest) check() error {
	for _, rule := range []struct {
		ok    bool
		field string
	}{
		{r.Initiator != "", "Initiator"},
		{r.SecurityCredential != "", "SecurityCredential"},
		{r.CommandID == "TransactionStatusQuery", "CommandID"},
		{r.TransactionID != "" || r.OriginalConversationID != "", "TransactionID"},
		{shortCodePattern.MatchString(string(r.PartyA)), "PartyA"},
		{slices.Contains([]scalar{"1", "2", "4"}, r.IdentifierType), "IdentifierType"},
		{callbackURL(r.ResultURL), "ResultURL"},
		{callbackURL(r.QueueTimeOutURL), "QueueTimeOutURL"},
		{r.Remarks != "" && len(r.Remarks) <= maxRemarks, "Remarks"},
	} {
		if !rule.ok {
			return invalid(rule.field)
		}
	}
	return nil
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
	originator, conversation := requestID(), s.newConversationID()
	who := ""
	err = s.db.tx(ctx, func(tx *sqlx.Tx) error {
		r := s.newResult(outcome{resultDone, processed}, originator, conversation)
		r.Result.ReferenceData = reference("Occasion", string(req.Occasion))
		var err error
		if who, err = s.fillStatus(ctx, tx, &r.Result, req); err != nil {
			return err
		}
		encoded, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("encode status result: %w", err)
		}
		return s.enqueue(ctx, tx, callback{
			Kind: kindStatusResult, Who: who, URL: string(req.ResultURL), Body: encoded, Ref: originator,
			Summary: "Result: " + statusWords(r.Result.ResultCode),
		}, s.cfg.CallbackDelay)
	})
	if err != nil {
		return acceptance{}, fmt.Errorf("transaction status: %w", err)
	}
	return acceptance{
		who: who, summary: "Transaction status query",
		body: conversationAnswer{conversation, originator, "0", acceptedB2C},
	}, nil
}

// fillStatus looks the subject up and returns whom it concerns, masked.
func (s *Sim) fillStatus(ctx context.Context, tx *sqlx.Tx, r *result, req statusRequest) (string, error) {
	if !s.initiator(req.Initiator, req.SecurityCredential) {
		r.ResultCode, r.ResultDesc = resultInitiator, initiatorWrong
		return "", nil
	}
	p, found, err := findPayout(ctx, tx, req)
	if err != nil {
		return "", err
	}
	if found {
		payee, err := s.partyName(ctx, tx, p.Number)
		if err != nil {
			return "", err
		}
		r.ResultParameters = &resultParameters{s.payoutStatus(p, payee)}
		return mask(p.Number), nil
	}
	var paid prompt
	err = tx.GetContext(ctx, &paid,
		`SELECT `+promptColumns+` FROM prompts WHERE receipt = $1 AND receipt <> ''`, string(req.TransactionID))
	if errors.Is(err, sql.ErrNoRows) {
		// Seen on another country's M-PESA; Kenya's answer is not documented.
		r.ResultCode, r.ResultDesc = resultNoReceipt, "The transaction receipt number does not exist."
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for a payment: %w", err)
	}
	payer, err := s.partyName(ctx, tx, paid.Number)
	if err != nil {
		return "", err
	}
	r.ResultParameters = &resultParameters{s.paymentStatus(paid, payer)}
	return mask(paid.Number), nil
}

func findPayout(ctx context.Context, tx *sqlx.Tx, req statusRequest) (payout, bool, error) {
	var p payout
	err := tx.GetContext(ctx, &p,
		`SELECT `+payoutColumns+` FROM payouts WHERE originator_id = $1 OR (receipt <> '' AND receipt = $2)`,
		string(req.OriginalConversationID), string(req.TransactionID))
	if errors.Is(err, sql.ErrNoRows) {
		return payout{}, false, nil
	}
	if err != nil {
		return payout{}, false, fmt.Errorf("look for a payout: %w", err)
	}
	return p, true, nil
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
// status page. A failed one is Declined and has neither receipt nor charges.
func (s *Sim) payoutStatus(p payout, payee string) []keyValue {
	status, charges, receipt := "Completed", any("Fee For B2C Payment|KES|"+decimal(p.FeeCents).String()), any(p.Receipt)
	if p.Code != 0 {
		status, charges, receipt = "Declined", nil, nil
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
		{"TransactionStatus", status},
		{"FinalisedTime", at},
		{"Amount", strings.TrimSuffix(decimal(p.Cents).String(), ".00")},
		{"ConversationID", p.ConversationID},
		{"ReceiptNo", receipt},
	}
}

// paymentStatus describes a settled STK payment, found by its receipt.
func (s *Sim) paymentStatus(p prompt, payer string) []keyValue {
	return []keyValue{
		{"DebitPartyName", payer},
		{"CreditPartyName", s.cfg.BusinessShortCode + " - " + businessName},
		{"OriginatorConversationID", p.MerchantID},
		{"InitiatedTime", json.Number(mpesaTime(fromMicros(p.Created)))},
		{"DebitAccountType", "MMF Account For Customer"},
		{Key: "DebitPartyCharges"},
		{Key: "TransactionReason"},
		{"ReasonType", "Pay Bill Online"},
		{"TransactionStatus", "Completed"},
		{"FinalisedTime", json.Number(mpesaTime(fromMicros(p.Closed)))},
		{"Amount", strings.TrimSuffix(decimal(p.Cents).String(), ".00")},
		{Key: "ConversationID"},
		{"ReceiptNo", p.Receipt},
	}
}

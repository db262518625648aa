package mobilemoney

import (
	"context"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

const pathReversal = "/mpesa/reversal/v1/request"

const (
	reversalCommand = "TransactionReversal"
	// byOrganisation is the identifier type of a reversal, and of nothing else.
	byOrganisation = "11"
)

// reversalRequest undoes a customer's payment. The spelling of its
// identifier type is Daraja's; the right one is refused.
type reversalRequest struct {
	Initiator              string `json:"Initiator"`
	SecurityCredential     string `json:"SecurityCredential"`
	CommandID              string `json:"CommandID"`
	TransactionID          string `json:"TransactionID"` // receipt of the payment
	Amount                 string `json:"Amount"`        // whole shillings
	ReceiverParty          string `json:"ReceiverParty"` // who received the payment, and gives it back
	RecieverIdentifierType string `json:"RecieverIdentifierType"`
	ResultURL              string `json:"ResultURL"`
	QueueTimeOutURL        string `json:"QueueTimeOutURL"`
	Remarks                string `json:"Remarks"`
	Occasion               string `json:"Occasion"`
}

// reverse gives a payment back to the wallet that it came from. It has no id of
// ours: sent twice it is two requests, of which M-Pesa refuses the second with
// R000001 if the first was done. If the first fails the second may be done late, when
// the money has gone back another way; so one that may have been taken is never sent
// again. It is for the whole amount of a payment: about parts nothing is documented.
//
// The id of the transfer at the provider is the OriginatorConversationID that
// Daraja makes, because a status query takes that one.
func (c *Client) reverse(ctx context.Context, t escrow.Transfer) escrow.Submission {
	credential, err := seal(c.key, c.cfg.InitiatorPassword)
	if err != nil {
		return unsealed(err)
	}
	a, err := c.post(ctx, c.reversal, pathReversal, reversalRequest{
		Initiator: c.cfg.InitiatorName, SecurityCredential: credential, CommandID: reversalCommand,
		TransactionID: t.Original, Amount: shillings(t.Amount),
		ReceiverParty: c.cfg.ShortCode, RecieverIdentifierType: byOrganisation,
		ResultURL: c.callbackURL(kindReversal, t.ID), QueueTimeOutURL: c.callbackURL(kindReversalTimeout, t.ID),
		Remarks: remarks(t), Occasion: string(t.Ref),
	})
	if err != nil {
		return failure(err)
	}
	return a.reversing()
}

// reversing reads the immediate answer to a reversal.
func (a answer) reversing() escrow.Submission {
	id := a.OriginatorConversationID
	if id == "" {
		id = a.ConversationID
	}
	return a.submission(id, reversalMeaning)
}

func decodeReversal(transfer uuid.UUID, body []byte) statement {
	r, ok := readResult(body)
	if !ok {
		return garbled("a reversal result cannot be read")
	}
	s := statement{id: string(r.ConversationID), finding: r.said(transfer, reversalMeaning)}
	// What was reversed before is not told again: neither receipt nor amount.
	if s.finding.Verdict == escrow.Moved && s.finding.Cause != escrow.CauseDone {
		items := r.ResultParameters.ResultParameter
		s.finding.Payee = name(items.one("CreditPartyPublicName"))
		s.finding.At = items.one("TransCompletedTime").moment()
		s.finding = withMoney(s.finding, r.TransactionID, items.one("Amount"))
	}
	return s
}

// decodeOriginal reads what M-Pesa says about a payment whose reversal was never
// answered. A payment that stands as completed was not undone, as far as M-Pesa
// knows yet: that settles nothing, because the reversal may still be done. It is asked
// about again, and a person is called when that takes long. How M-Pesa words a
// payment that was undone is not documented, so every other word calls one at once.
func decodeOriginal(body []byte) statement {
	r, ok := readResult(body)
	if !ok {
		return garbled("a status result cannot be read")
	}
	s := statement{id: string(r.ConversationID)}
	code := shortCode(r.ResultCode)
	switch {
	case !r.final():
		s.finding = escrow.Finding{Verdict: escrow.Processing, Code: code, Reason: words(r.ResultDesc)}
	case code == codeNoReceipt:
		s.finding = alarm(code, "M-Pesa does not know the payment that is to be reversed")
	case code != codeDone:
		s.finding = unaskable(code, words(r.ResultDesc))
	default:
		s.finding = originalOf(r.ResultParameters.ResultParameter)
	}
	return s
}

func originalOf(items parameters) escrow.Finding {
	payment := subjectOf(items)
	switch payment.Verdict {
	case escrow.Moved:
		return escrow.Finding{Verdict: escrow.NeverSeen, Code: codeDone, Reason: "the payment stands as it was"}
	case escrow.Processing:
		return nothing(payment.Code, payment.Reason)
	default:
		return alarm(payment.Code, payment.Reason)
	}
}

package mobilemoney

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

const pathStatus = "/mpesa/transactionstatus/v1/query"

const (
	statusCommand = "TransactionStatusQuery"
	// byShortCode is the identifier type of an organisation.
	byShortCode = "4"
)

// statusRequest asks by the id that we gave a payout, so it can be asked even
// when the payout was never answered; or by the receipt of a payment.
type statusRequest struct {
	Initiator              string `json:"Initiator"` // B2C says InitiatorName
	SecurityCredential     string `json:"SecurityCredential"`
	CommandID              string `json:"CommandID"`
	TransactionID          string `json:"TransactionID,omitempty"`
	OriginalConversationID string `json:"OriginalConversationID,omitempty"`
	PartyA                 string `json:"PartyA"`
	IdentifierType         string `json:"IdentifierType"`
	ResultURL              string `json:"ResultURL"`
	QueueTimeOutURL        string `json:"QueueTimeOutURL"`
	Remarks                string `json:"Remarks"`
	Occasion               string `json:"Occasion"`
}

// askPayout asks what became of a payout.
func (c *Client) askPayout(ctx context.Context, t escrow.Transfer) escrow.Finding {
	return c.askStatus(ctx, t, kindStatus, statusRequest{OriginalConversationID: t.ID.String(), PartyA: c.cfg.B2CShortCode})
}

// askReceipt asks about a payment that people made themselves.
func (c *Client) askReceipt(ctx context.Context, t escrow.Transfer) escrow.Finding {
	if t.Receipt == "" {
		return nothing(codeLocal, "there is no receipt to ask about")
	}
	return c.askStatus(ctx, t, kindStatus, statusRequest{TransactionID: t.Receipt, PartyA: c.cfg.ShortCode})
}

// askReversal asks what became of a reversal. Daraja makes its id, so where the
// request was never answered only the payment that it undoes can be asked about.
//
// Not certain: that the status of a reversal is found under the id in its
// answer. The portal says so of OriginatorConversationID in general, and its
// sample shows it for a payout.
func (c *Client) askReversal(ctx context.Context, t escrow.Transfer) escrow.Finding {
	if t.ProviderID == "" {
		return c.askStatus(ctx, t, kindOriginal, statusRequest{TransactionID: t.Original, PartyA: c.cfg.ShortCode})
	}
	return c.askStatus(ctx, t, kindStatus, statusRequest{OriginalConversationID: t.ProviderID, PartyA: c.cfg.ShortCode})
}

// askStatus completes and puts a question. The answer comes to the callback of
// the kind.
func (c *Client) askStatus(ctx context.Context, t escrow.Transfer, kind string, q statusRequest) escrow.Finding {
	credential, err := seal(c.key, c.cfg.InitiatorPassword)
	if err != nil {
		return escrow.Finding{Verdict: escrow.NotAsked, Code: codeLocal, Reason: err.Error(), Alarm: true}
	}
	q.Initiator, q.SecurityCredential, q.CommandID = c.cfg.InitiatorName, credential, statusCommand
	q.IdentifierType, q.Remarks, q.Occasion = byShortCode, "VoicePact "+string(t.Ref)+" status", string(t.Ref)
	q.ResultURL, q.QueueTimeOutURL = c.callbackURL(kind, t.ID), c.callbackURL(kind+timedOut, t.ID)
	a, err := c.post(ctx, c.status, pathStatus, q)
	if err != nil {
		return unanswered(err)
	}
	return a.asked()
}

// asked reads the immediate answer to a status query, which is never about the
// payout yet.
func (a answer) asked() escrow.Finding {
	switch {
	case a.accepted():
		return escrow.Finding{Verdict: escrow.Processing, Code: codeDone, Reason: a.reason}
	case a.ok() && a.ResponseCode != "":
		return unaskable(a.code(), a.reason)
	default:
		return a.unread()
	}
}

// unaskable is a question that M-Pesa refuses with a code, which says nothing
// about its subject.
func unaskable(code, reason string) escrow.Finding {
	f, m := nothing(code, reason), initiatorMeaning(code)
	f.Cause, f.Alarm = m.cause, m.alarm
	return f
}

// decodeStatus reads the answer to a status query. The envelope is about the
// query; its subject is in the parameters.
func decodeStatus(transfer uuid.UUID, body []byte) statement {
	r, ok := readResult(body)
	if !ok {
		return garbled("a status result cannot be read")
	}
	s := statement{id: string(r.ConversationID)}
	items := r.ResultParameters.ResultParameter
	code := shortCode(r.ResultCode)
	switch {
	case !r.final():
		s.finding = escrow.Finding{Verdict: escrow.Processing, Code: code, Reason: words(r.ResultDesc)}
	case !about(items.one("OriginatorConversationID"), transfer), !about(items.one("Originator Conversation ID"), transfer):
		s.finding = alarm(codeGarbled, "a status result is about another transfer than its address")
	case code == codeNoReceipt:
		s.finding = escrow.Finding{Verdict: escrow.NeverSeen, Code: code, Reason: words(r.ResultDesc)}
	case code != codeDone:
		s.finding = unaskable(code, words(r.ResultDesc))
	default:
		s.finding = subjectOf(items)
	}
	return s
}

// codeNoReceipt answers a query about a payout that M-Pesa does not know, seen
// in Ethiopia; Kenya's code is not documented. The payout may still be queued, so
// this is no failure: what makes it safe to send the payout again is only that
// M-Pesa refuses an OriginatorConversationID that it has seen.
const codeNoReceipt = "2032"

// subjectOf reads the state of the payment that was asked about.
func subjectOf(items parameters) escrow.Finding {
	state := strings.ToLower(string(items.one("TransactionStatus")))
	f := escrow.Finding{
		Verdict: escrow.NoAnswer, Code: shortCode(scalar(state)), Reason: "transaction status " + words(scalar(state)),
	}
	switch state {
	case "completed":
		f.Verdict, f.Code = escrow.Moved, codeDone
		f.Payee, f.Fee, f.At = payee(items), fee(items.one("DebitPartyCharges")), items.one("FinalisedTime").moment()
		return withMoney(f, items.one("ReceiptNo"), items.one("Amount"))
	case "cancelled", "declined", "expired":
		f.Verdict = escrow.NotMoved
	case "initiated", "authorised", "authorized", "pending authorised", "pending authorized":
		f.Verdict = escrow.Processing
	default:
		f.Alarm = true
	}
	return f
}

// payee is the receiver's name. The portal's sample calls both sides
// DebitPartyName; there the receiver is the one that begins with a number.
func payee(items parameters) string {
	if party := items.one("CreditPartyName"); party != "" {
		return name(party)
	}
	for _, each := range items {
		if each.Key == "DebitPartyName" && payer(each.Value[:min(len(each.Value), msisdnDigits)]) != "" {
			return name(each.Value)
		}
	}
	return ""
}

// fee adds up "Fee For B2C Payment|KES|5.00", of which there may be several.
func fee(charges scalar) escrow.Cents {
	var sum escrow.Cents
	for charge := range strings.SplitSeq(string(charges), "&") {
		amount, _ := scalar(charge[strings.LastIndex(charge, "|")+1:]).cents()
		sum += amount
	}
	return sum
}

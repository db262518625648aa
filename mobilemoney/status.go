package mobilemoney

import (
	"context"

	"github.com/voicepact/gateway/escrow"
)

const pathStatus = "/mpesa/transactionstatus/v1/query"

const (
	statusCommand = "TransactionStatusQuery"
	// byShortCode is the identifier type of an organisation.
	byShortCode = "4"
)

// statusRequest asks by the id that we gave the payout, so it can be asked even
// when the payout was never answered.
type statusRequest struct {
	Initiator              string `json:"Initiator"` // B2C says InitiatorName
	SecurityCredential     string `json:"SecurityCredential"`
	CommandID              string `json:"CommandID"`
	OriginalConversationID string `json:"OriginalConversationID"`
	PartyA                 string `json:"PartyA"`
	IdentifierType         string `json:"IdentifierType"`
	ResultURL              string `json:"ResultURL"`
	QueueTimeOutURL        string `json:"QueueTimeOutURL"`
	Remarks                string `json:"Remarks"`
	Occasion               string `json:"Occasion"`
}

// askStatus asks what became of a payout. The answer comes to the status
// callback.
func (c *Client) askStatus(ctx context.Context, t escrow.Transfer) escrow.Finding {
	credential, err := seal(c.key, c.cfg.InitiatorPassword)
	if err != nil {
		return escrow.Finding{Verdict: escrow.NotAsked, Code: codeLocal, Reason: err.Error(), Alarm: true}
	}
	a, err := c.post(ctx, c.status, pathStatus, statusRequest{
		Initiator: c.cfg.InitiatorName, SecurityCredential: credential, CommandID: statusCommand,
		OriginalConversationID: t.ID.String(), PartyA: c.cfg.B2CShortCode, IdentifierType: byShortCode,
		ResultURL: c.callbackURL(kindStatus, t.ID), QueueTimeOutURL: c.callbackURL(kindStatusTimeout, t.ID),
		Remarks: "VoicePact " + string(t.Ref) + " status", Occasion: string(t.Ref),
	})
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
		f := nothing(a.code(), a.reason)
		f.Alarm = b2cMeaning(string(a.ResponseCode)).alarm
		return f
	default:
		return a.unread()
	}
}

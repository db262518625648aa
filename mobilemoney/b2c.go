package mobilemoney

import (
	"context"
	"strings"

	"github.com/voicepact/gateway/escrow"
)

// pathB2C is version 3: version 1 has no id of ours, and so nothing that keeps
// a repeated request from paying twice.
const pathB2C = "/mpesa/b2c/v3/paymentrequest"

// businessPayment is the command for money that is neither salary nor prize.
const businessPayment = "BusinessPayment"

// b2cRequest pays a person. The double s of Occassion is Daraja's.
type b2cRequest struct {
	OriginatorConversationID string `json:"OriginatorConversationID"`
	InitiatorName            string `json:"InitiatorName"`
	SecurityCredential       string `json:"SecurityCredential"`
	CommandID                string `json:"CommandID"`
	Amount                   string `json:"Amount"` // whole shillings
	PartyA                   string `json:"PartyA"`
	PartyB                   string `json:"PartyB"`
	Remarks                  string `json:"Remarks"` // 2 to 100 characters
	QueueTimeOutURL          string `json:"QueueTimeOutURL"`
	ResultURL                string `json:"ResultURL"`
	Occasion                 string `json:"Occassion"`
}

// payOut pays a seller, or a buyer back. The transfer's id is the
// OriginatorConversationID: M-Pesa refuses it the second time, which means that
// the first was taken.
func (c *Client) payOut(ctx context.Context, t escrow.Transfer) escrow.Submission {
	credential, err := seal(c.key, c.cfg.InitiatorPassword)
	if err != nil {
		return unsealed(err)
	}
	a, err := c.post(ctx, c.b2c, pathB2C, b2cRequest{
		OriginatorConversationID: t.ID.String(), InitiatorName: c.cfg.InitiatorName, SecurityCredential: credential,
		CommandID: businessPayment, Amount: shillings(t.Amount), PartyA: c.cfg.B2CShortCode,
		PartyB: t.Party.Phone.MSISDN(), Remarks: remarks(t), Occasion: string(t.Ref),
		QueueTimeOutURL: c.callbackURL(kindB2CTimeout, t.ID), ResultURL: c.callbackURL(kindB2C, t.ID),
	})
	if err != nil {
		return failure(err)
	}
	return a.ordered()
}

// unsealed is a request that was not made because the initiator's password could
// not be encrypted.
func unsealed(err error) escrow.Submission {
	return escrow.Submission{
		Outcome: escrow.NotSent, Cause: escrow.CauseConfig, Code: codeLocal, Reason: err.Error(), Alarm: true, RetryAfter: afterToken,
	}
}

// ordered reads the immediate answer to a payout.
func (a answer) ordered() escrow.Submission {
	if a.duplicate() {
		return escrow.Submission{Outcome: escrow.Taken, Code: a.code(), Reason: a.reason}
	}
	s := a.submission(a.ConversationID, b2cMeaning)
	if s.Outcome == escrow.Refused && a.says(fieldReceiver) {
		s.Cause, s.Alarm = escrow.CauseNumber, false // it is about this receiver, not about our set-up
	}
	return s
}

// fieldReceiver is the field of a payout that names who is paid, in lower case.
const fieldReceiver = "partyb"

// duplicate reports that an earlier request with this id was taken. It has come
// under several codes, one of which also says "System internal error.", so that
// the words decide.
func (a answer) duplicate() bool { return a.says(textDup) && !a.accepted() }

// remarks are for the statement of the service's account. Money that belongs to
// no contract goes back without a reference.
func remarks(t escrow.Transfer) string {
	what := "release"
	if t.Kind == escrow.Refund {
		what = "refund"
	}
	return strings.Join(strings.Fields("VoicePact "+string(t.Ref)+" "+what), " ")
}

package mobilemoney

import (
	"context"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/voicepact/gateway/escrow"
)

const pathPush = "/mpesa/stkpush/v1/processrequest"

const (
	// payBill is the transaction type of a PayBill number; a till has another.
	payBill = "CustomerPayBillOnline"
	// description is at most 13 characters, without special ones.
	description = "VoicePact"
)

// pushRequest puts a PIN prompt on the buyer's phone. All values are strings:
// the portal's sample mixes, and strings are what everyone's code sends.
type pushRequest struct {
	BusinessShortCode string `json:"BusinessShortCode"`
	Password          string `json:"Password"`
	Timestamp         string `json:"Timestamp"`
	TransactionType   string `json:"TransactionType"`
	Amount            string `json:"Amount"` // whole shillings
	PartyA            string `json:"PartyA"`
	PartyB            string `json:"PartyB"`
	PhoneNumber       string `json:"PhoneNumber"`
	CallBackURL       string `json:"CallBackURL"`
	AccountReference  string `json:"AccountReference"` // printed in the buyer's receipt
	TransactionDesc   string `json:"TransactionDesc"`
}

// stkPush asks the buyer's phone for the money. Daraja knows no idempotency
// key for it: sent twice it asks twice, so it is sent once, and the address of
// the callback is the only thing that ties a result to this transfer when the
// answer is lost.
func (c *Client) stkPush(ctx context.Context, t escrow.Transfer) escrow.Submission {
	at := timestamp(c.now())
	number := t.Party.Phone.MSISDN()
	a, err := c.post(ctx, c.push, pathPush, pushRequest{
		BusinessShortCode: c.cfg.ShortCode, Password: c.password(at), Timestamp: at, TransactionType: payBill,
		Amount: shillings(t.Amount), PartyA: number, PartyB: c.cfg.ShortCode, PhoneNumber: number,
		CallBackURL: c.callbackURL(kindSTK, t.ID), AccountReference: string(t.Ref), TransactionDesc: description,
	})
	if err != nil {
		return failure(err)
	}
	return a.pushed()
}

// pushed reads the immediate answer to a push.
func (a answer) pushed() escrow.Submission {
	s := a.submission(a.CheckoutRequestID, stkMeaning)
	if s.Outcome != escrow.Unknown || string(a.ErrorCode) != errSTK {
		return s
	}
	// One code stands for our mistakes, for the buyer's other session and for
	// trouble at Safaricom; only the message tells them apart.
	switch {
	case a.says(textLock):
		s.Outcome, s.RetryAfter, s.Cause = escrow.NotSent, afterLock, escrow.CauseBusy
	case a.says(textMerchant), a.says(textPasskey):
		s.Outcome, s.Cause, s.Alarm = escrow.Refused, escrow.CauseConfig, true
	}
	return s
}

// timestamp is East Africa Time, whatever the machine's zone. A request reads
// the clock once: the password contains the same digits.
func timestamp(now time.Time) string { return now.In(escrow.EAT).Format("20060102150405") }

// password proves to Daraja that we are the merchant.
func (c *Client) password(at string) string {
	return base64.StdEncoding.EncodeToString([]byte(c.cfg.ShortCode + c.cfg.Passkey + at))
}

// shillings is an amount as M-Pesa takes it: whole, without separators.
func shillings(amount escrow.Cents) string { return strconv.FormatInt(amount.Shillings(), 10) }

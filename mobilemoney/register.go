package mobilemoney

import (
	"context"

	"github.com/voicepact/gateway/escrow"
)

const pathRegister = "/mpesa/c2b/v2/registerurl"

// refuseUnheard is what M-Pesa does with a payment whose validation is not
// answered: it cancels it. Only these spellings are taken: Completed, Cancelled.
const refuseUnheard = "Cancelled"

type registerRequest struct {
	ShortCode       string `json:"ShortCode"`
	ResponseType    string `json:"ResponseType"`
	ConfirmationURL string `json:"ConfirmationURL"`
	ValidationURL   string `json:"ValidationURL"`
}

// RegisterURLs tells M-Pesa where payments to the short code are validated and
// confirmed. In production that works once: known reports that addresses were
// registered before, which may be other ones, for instance of a callback key that
// has been replaced. Then they have to be deleted in M-Pesa's portal first. M-Pesa
// validates only where Safaricom has switched that on for the short code.
//
// Errors are [AnswerError] and those of the way there.
func (c *Client) RegisterURLs(ctx context.Context) (known bool, err error) {
	a, err := c.post(ctx, c.c2b, pathRegister, registerRequest{
		ShortCode: c.cfg.ShortCode, ResponseType: refuseUnheard,
		ConfirmationURL: c.tillURL(actConfirm), ValidationURL: c.tillURL(actValidate),
	})
	switch {
	case err != nil:
		return false, err
	case a.accepted():
		return false, nil
	case string(a.ErrorCode) == errInternal && (a.says("already registered") || a.says("duplicate notification")):
		return true, nil
	default:
		return false, a.trouble("register PayBill addresses", initiatorMeaning)
	}
}

// AnswerError is an answer of M-Pesa that is not what was asked for. Its text
// holds no secret.
type AnswerError struct {
	Act    string // what was tried
	Code   string // the provider's, or one of ours
	Reason string // the provider's words, with secrets removed
	Cause  escrow.Cause
}

// Error implements error.
func (e *AnswerError) Error() string { return "M-Pesa: " + e.Act + ": " + e.Code + " " + e.Reason }

// trouble makes an error of an answer to a call that moves nothing.
func (a answer) trouble(act string, table func(string) meaning) *AnswerError {
	e := &AnswerError{Act: act, Code: a.code(), Reason: a.reason}
	switch {
	case a.busy():
		e.Cause = escrow.CauseBusy
	case a.tokenRejected(), a.gatewayRefused():
		e.Cause = escrow.CauseConfig
	case a.ok() && a.ResponseCode != "":
		e.Cause = table(string(a.ResponseCode)).cause
	}
	return e
}

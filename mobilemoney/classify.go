package mobilemoney

import (
	"net/http"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
)

// How long to wait before a transfer that was certainly not taken is sent again.
const (
	afterNetwork = 10 * time.Second
	afterBusy    = 15 * time.Second
	// afterLock is the official pause for a subscriber with another session open.
	afterLock  = time.Minute
	afterQuota = 2 * time.Minute
	// afterToken gives an operator time to set credentials right.
	afterToken = time.Minute
)

// The synchronous error codes that are looked at (Daraja portal, error tables).
const (
	errBusy      = "500.003.02"
	errQuota     = "500.003.03"
	errSTK       = "500.001.1001"
	errB2C       = "500.002.1001"
	errInternal  = "500.003.1001"
	errBadField  = "400.002.02"
	faultRate    = "policies.ratelimit."
	textDup      = "duplicate"
	textLock     = "unable to lock subscriber"
	textMerchant = "merchant does not exist"
	textPasskey  = "wrong credentials" //nolint:gosec // words of an error message, not a credential
	textInFlight = "being processed"
)

// submission reads the immediate answer to a request that moves money. What it
// does not know for certain is unknown.
func (a answer) submission(id scalar, code func(string) meaning) escrow.Submission {
	s := escrow.Submission{Outcome: escrow.Unknown, Code: a.code(), Reason: a.reason}
	switch {
	case a.busy():
		s.Outcome, s.RetryAfter, s.Cause = escrow.NotSent, afterBusy, escrow.CauseBusy
		if string(a.ErrorCode) == errQuota {
			s.RetryAfter = afterQuota
		}
	case a.tokenRejected():
		s.Outcome, s.RetryAfter, s.Cause, s.Alarm = escrow.NotSent, afterToken, escrow.CauseConfig, true
	case a.accepted():
		s.Outcome, s.ProviderID = escrow.Taken, string(id)
	case a.ok() && a.ResponseCode != "":
		return a.refusal(s, code(string(a.ResponseCode)))
	case a.gatewayRefused():
		s.Outcome, s.Cause, s.Alarm = escrow.Refused, escrow.CauseConfig, true
	}
	return s
}

// refusal is a request that M-Pesa itself answered with a code of its own.
func (a answer) refusal(s escrow.Submission, m meaning) escrow.Submission {
	if m.verdict == escrow.NotMoved {
		s.Outcome, s.Cause = escrow.Refused, m.cause
	}
	s.Alarm = m.alarm
	return s
}

// failure is what becomes of a request that got no answer at all.
func failure(err error) escrow.Submission {
	s := escrow.Submission{Outcome: escrow.Unknown, Code: codeNetwork, Reason: err.Error()}
	if untoken, ok := tokenFailure(err); ok {
		s.Outcome, s.Code, s.RetryAfter, s.Alarm = escrow.NotSent, codeToken, afterToken, untoken.alarm
		if untoken.alarm {
			s.Cause = escrow.CauseConfig
		}
	} else if outcall.NotSent(err) {
		s.Outcome, s.RetryAfter = escrow.NotSent, afterNetwork
	}
	return s
}

// Codes of ours, where the provider gave none.
const (
	codeNetwork = "network"
	codeToken   = "token"
	codeGarbled = "garbled"
	codeSlots   = "slots"
)

// ok reports a status of success.
func (a answer) ok() bool { return a.status >= http.StatusOK && a.status < http.StatusMultipleChoices }

// accepted reports that the request was taken, which is not yet money.
func (a answer) accepted() bool { return a.ok() && a.ResponseCode == codeDone }

// busy reports a refusal by the gateway in front of M-Pesa: nothing was done. An
// answer that also accepts is none.
func (a answer) busy() bool {
	if a.accepted() {
		return false
	}
	return a.status == http.StatusTooManyRequests || strings.HasPrefix(string(a.Fault.Detail.Code), faultRate) ||
		string(a.ErrorCode) == errBusy || string(a.ErrorCode) == errQuota
}

// tokenRejected knows all the spellings of a token that is no longer good. The
// gateway refuses those before M-Pesa sees anything.
func (a answer) tokenRejected() bool {
	if a.accepted() {
		return false
	}
	switch a.ErrorCode {
	case "404.001.03", "400.003.01", "401.002.01", "401.003.01", "401.001":
		return true
	default:
		return a.status == http.StatusUnauthorized || a.says("invalid access token")
	}
}

// gatewayRefused reports a request that was turned away for what it is: a bad
// field, a missing product, a wrong path. The firewall answers 4xx too, without
// an error code, and proves nothing.
func (a answer) gatewayRefused() bool {
	if a.status < http.StatusBadRequest || a.status >= http.StatusInternalServerError {
		return false
	}
	for _, class := range []string{"400.", "401.", "403.", "404.", "405."} {
		if strings.HasPrefix(string(a.ErrorCode), class) {
			return true
		}
	}
	return false
}

// troubled says which answers count against a breaker. Daraja also answers 500
// where only this one request was refused.
func troubled(r outcall.Reply) bool {
	if r.Status == http.StatusTooManyRequests {
		return true
	}
	if r.Status < http.StatusInternalServerError {
		return false
	}
	a := readAnswer(r)
	return string(a.ErrorCode) != errSTK && !a.says(textDup)
}

package mobilemoney

import (
	"net/http"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
)

// meaning is what a result code says about the money of a transfer.
type meaning struct {
	verdict escrow.Verdict
	alarm   bool // an operator must act
}

func moved() meaning    { return meaning{verdict: escrow.Moved} }
func notMoved() meaning { return meaning{verdict: escrow.NotMoved} }

// broken is money that did not move, nor will the next: a credential, the
// configuration or the float needs an operator.
func broken() meaning { return meaning{verdict: escrow.NotMoved, alarm: true} }

// open is a code after which the provider has to be asked.
func open() meaning { return meaning{verdict: escrow.NoAnswer} }

// unheard is a code in no table. It may mean anything, so nothing follows from
// it but that a person looks.
func unheard() meaning { return meaning{verdict: escrow.NoAnswer, alarm: true} }

// The codes that are named more than once.
const (
	codeDone       = "0"
	codeProcessing = "4999" // STK query only; not documented, observed in 2026
	codeNoOperator = "SFC_IC0003"
)

// stkMeaning reads the result codes of STK push (Daraja portal, M-Pesa Express
// page). The same numbers mean other things in other APIs: 2001 is the buyer's
// wrong PIN here and our wrong password in B2C.
func stkMeaning(code string) meaning {
	switch code {
	case codeDone:
		return moved()
	case codeProcessing:
		return meaning{verdict: escrow.Processing}
	case "1", // not enough money, Fuliza included
		"3", "4", // above the limit of one transaction, of one day
		"11",       // the buyer's account is in no state to pay
		"17", "26", // the same amount again within two minutes; busy
		"1001",         // another session is open on the phone
		"1019", "1031", // ran out
		"1025",         // the prompt could not be sent
		"1032", "1037", // cancelled; no answer from the phone
		"2001", "8006": // wrong PIN; PIN locked
		return notMoved()
	case "2", // below the minimum, which we refuse long before
		"8",                    // our account may hold no more
		"2028", codeNoOperator: // short code and transaction type do not match
		return broken()
	case "1036", "9999": // could not be pushed, perhaps
		return open()
	default:
		return unheard()
	}
}

// b2cMeaning reads the result codes of B2C (Daraja portal, B2C and account
// balance pages).
func b2cMeaning(code string) meaning {
	switch code {
	case codeDone:
		return moved()
	case "4", "8", // the receiver's day or wallet is full
		"2040", codeNoOperator: // the receiver is not on M-Pesa
		return notMoved()
	case "1", // not enough money in the utility account
		"2", "3", // outside the limits, which we refuse long before
		"11", "2006", // our account is not active
		"18", "20", "21", "22", "24", "25", "29", "100000005", "100000010", // credential, role, command
		"2001", "8006", // wrong initiator; locked
		"2028": // our short code may not pay out
		return broken()
	case "15", // this id was used before: what became of that one is the answer
		"17", "19", "26", "100000000", "100000001", "100000002", "100000004", "100000007",
		"100000009", "100000011": // internal, overloaded
		return open()
	default:
		return unheard()
	}
}

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
		s.Outcome, s.RetryAfter = escrow.NotSent, afterBusy
		if string(a.ErrorCode) == errQuota {
			s.RetryAfter = afterQuota
		}
	case a.tokenRejected():
		s.Outcome, s.RetryAfter, s.Alarm = escrow.NotSent, afterToken, true
	case a.accepted():
		s.Outcome, s.ProviderID = escrow.Taken, string(id)
	case a.ok() && a.ResponseCode != "":
		return a.refusal(s, code(string(a.ResponseCode)))
	case a.gatewayRefused():
		s.Outcome, s.Alarm = escrow.Refused, true
	}
	return s
}

// refusal is a request that M-Pesa itself answered with a code of its own.
func (a answer) refusal(s escrow.Submission, m meaning) escrow.Submission {
	if m.verdict == escrow.NotMoved {
		s.Outcome = escrow.Refused
	}
	s.Alarm = m.alarm
	return s
}

// failure is what becomes of a request that got no answer at all.
func failure(err error) escrow.Submission {
	s := escrow.Submission{Outcome: escrow.Unknown, Code: codeNetwork, Reason: err.Error()}
	if untoken, ok := tokenFailure(err); ok {
		s.Outcome, s.Code, s.RetryAfter, s.Alarm = escrow.NotSent, codeToken, afterToken, untoken.alarm
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

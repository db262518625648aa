package sms

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/gsm7"
	"github.com/voicepact/gateway/internal/outcall"
)

// How long a message that was not taken waits.
const (
	soon        = 30 * time.Second // nothing was reached, or the gateway stumbled
	afterLimit  = time.Minute      // too many requests
	afterTopUp  = 10 * time.Minute // somebody has to pay in
	afterNewKey = 20 * time.Minute // a new API key needs so long to become valid
	maxWait     = time.Hour        // whatever Retry-After asks for
)

// answer is what the gateway said about one message. With alarm, somebody has
// to look at the account before anything can be sent. With elsewhere, it was not
// taken, and another route may take it.
type answer struct {
	escrow.Dispatch
	alarm, elsewhere bool
}

// received is the gateway's answer, wherever it took the request. Fields that
// it has been seen to write as a number and as a text are raw.
type received struct {
	Data *struct {
		Message    string      `json:"Message"`
		Recipients []recipient `json:"Recipients"`
	} `json:"SMSMessageData"`
}

type recipient struct {
	Code      json.RawMessage `json:"statusCode"`
	Status    string          `json:"status"`
	Number    string          `json:"number"`
	MessageID string          `json:"messageId"`
	Cost      json.RawMessage `json:"cost"`
}

// read understands an answer to a message for some phones, in their order.
func read(reply outcall.Reply, to []escrow.Phone) []answer {
	body, refusal := readStatus(reply)
	answers := make([]answer, len(to))
	for i, phone := range to {
		if answers[i] = refusal; body != nil {
			answers[i] = body.about(phone)
		}
	}
	return answers
}

// about is what became of the message for one phone.
func (b *received) about(to escrow.Phone) answer {
	for _, r := range b.Data.Recipients {
		if r.isFor(to, len(b.Data.Recipients)) {
			return r.read()
		}
	}
	return unknown("the answer is about another number")
}

// readStatus returns the body of an answer that tells of recipients, or else what
// the answer means for all of them. The status says little: 201 may come with
// nobody served, and every error is plain text.
func readStatus(reply outcall.Reply) (*received, answer) {
	status := "HTTP " + strconv.Itoa(reply.Status)
	switch {
	case reply.Status == http.StatusUnauthorized:
		return nil, answer{escrow.Dispatch{Outcome: escrow.NotSent, Reason: status, RetryAfter: afterNewKey}, true, true}
	case reply.Status == http.StatusTooManyRequests:
		return nil, answer{Dispatch: escrow.Dispatch{Outcome: escrow.NotSent, Reason: status, RetryAfter: retryAfter(reply)}}
	case reply.Status >= http.StatusInternalServerError:
		return nil, unknown(status)
	case reply.Status >= http.StatusBadRequest:
		return nil, answer{Dispatch: escrow.Dispatch{Outcome: escrow.Refused, Reason: status}}
	case reply.Status >= http.StatusMultipleChoices, reply.Status < http.StatusOK:
		return nil, unknown(status)
	}
	var body received
	if err := json.Unmarshal(reply.Body, &body); err != nil || body.Data == nil {
		return nil, unknown(status + " without SMSMessageData")
	}
	if len(body.Data.Recipients) == 0 {
		return nil, readNobody(body.Data.Message)
	}
	return &body, answer{}
}

func unknown(reason string) answer {
	return answer{Dispatch: escrow.Dispatch{Outcome: escrow.Unknown, Reason: reason}}
}

// readNobody is an answer that served nobody: the message says why.
func readNobody(message string) answer {
	a := answer{Dispatch: escrow.Dispatch{Outcome: escrow.Refused, Reason: "nobody served: " + plain(message)}, alarm: true}
	if strings.Contains(strings.ToLower(message), "balance") {
		a.elsewhere = true
		a.Outcome, a.RetryAfter = escrow.NotSent, afterTopUp
	}
	return a
}

// isFor matches a recipient by number, however it is written. Short answers
// carry no number: with one recipient there is no doubt.
func (r recipient) isFor(to escrow.Phone, recipients int) bool {
	if r.Number == "" {
		return recipients == 1
	}
	phone, err := escrow.ParsePhone(r.Number)
	return err == nil && phone == to
}

// Statuses of one recipient (SMS sending page; 409 is sent for Nigeria only).
const (
	statusProcessed           = 100
	statusSent                = 101
	statusQueued              = 102
	statusRiskHold            = 401
	statusInvalidSenderID     = 402
	statusInvalidPhoneNumber  = 403
	statusUnsupportedNumber   = 404
	statusInsufficientBalance = 405
	statusUserInBlacklist     = 406
	statusCouldNotRoute       = 407
	statusDoNotDisturb        = 409
	statusInternalServerError = 500
	statusGatewayError        = 501
	statusRejectedByGateway   = 502
)

// read understands what became of one recipient's message.
func (r recipient) read() answer {
	code := r.code()
	a := answer{Dispatch: escrow.Dispatch{Reason: strings.TrimSpace(strconv.Itoa(code) + " " + plain(r.Status))}}
	switch code {
	case statusProcessed, statusSent, statusQueued:
		a.Outcome, a.Reason, a.ProviderID, a.Cost = escrow.Taken, "", r.id(), r.cost()
	case statusRiskHold, statusInvalidSenderID:
		a.Outcome, a.alarm = escrow.Refused, true
	case statusInvalidPhoneNumber, statusUnsupportedNumber, statusUserInBlacklist, statusCouldNotRoute, statusDoNotDisturb:
		a.Outcome = escrow.Refused
	case statusInsufficientBalance:
		a.Outcome, a.RetryAfter, a.alarm, a.elsewhere = escrow.NotSent, afterTopUp, true, true
	case statusInternalServerError, statusGatewayError, statusRejectedByGateway:
		a.Outcome, a.RetryAfter = escrow.NotSent, soon
	default:
		a.Outcome = escrow.Unknown
	}
	return a
}

// code is the numeric status, taken from the words where it is missing.
func (r recipient) code() int {
	code, err := strconv.Atoi(strings.Trim(string(r.Code), `"`))
	if err == nil {
		return code
	}
	switch strings.ToLower(r.Status) {
	case "success", "sent", "processed", "queued":
		return statusSent
	case "insufficientbalance":
		return statusInsufficientBalance
	case "userinblacklist":
		return statusUserInBlacklist
	case "invalidphonenumber":
		return statusInvalidPhoneNumber
	case "failed":
		return statusCouldNotRoute
	default:
		return 0
	}
}

// id is the gateway's id of the message; what was not taken has "None".
func (r recipient) id() string {
	if strings.EqualFold(r.MessageID, "none") {
		return ""
	}
	return r.MessageID
}

// cost is kept as the gateway wrote it: "KES 0.8000", or "0" for premium.
func (r recipient) cost() string { return strings.Trim(string(r.Cost), `"`) }

// retryAfter reads the header in seconds, within reason.
func retryAfter(reply outcall.Reply) time.Duration {
	seconds, err := strconv.Atoi(reply.Header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return afterLimit
	}
	return min(time.Duration(seconds)*time.Second, maxWait)
}

// reasonLength is how much of the provider's words is kept.
const reasonLength = 60

// number is what might be somebody's phone.
var number = regexp.MustCompile(`\d[\d .-]{4,}\d`)

// plain makes the provider's words fit to be kept and logged.
func plain(words string) string {
	return gsm7.Cut(number.ReplaceAllString(tidy(words), "#"), reasonLength)
}

package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// resultCode is M-PESA's verdict: most are numbers and written as such, some
// are words such as R000001.
type resultCode string //nolint:recvcheck // written by value, read into a pointer

// MarshalJSON writes a number where it can.
func (c resultCode) MarshalJSON() ([]byte, error) {
	if _, err := strconv.Atoi(string(c)); err == nil {
		return []byte(c), nil
	}
	return strconv.AppendQuote(nil, string(c)), nil
}

// UnmarshalJSON accepts both.
func (c *resultCode) UnmarshalJSON(b []byte) error {
	var v scalar
	if err := v.UnmarshalJSON(b); err != nil {
		return err
	}
	*c = resultCode(v)
	return nil
}

// Scan reads a column, which is a number where all codes are.
func (c *resultCode) Scan(src any) error {
	*c = resultCode(fmt.Sprint(src))
	return nil
}

// outcome is a result code and its words.
type outcome struct {
	code        resultCode
	description string
}

func done() outcome { return outcome{resultDone, processed} }

// resultCallback is what the asynchronous APIs post to a ResultURL.
type resultCallback struct {
	Result result `json:"Result"`
}

type result struct {
	ResultType               int               `json:"ResultType"`
	ResultCode               resultCode        `json:"ResultCode"`
	ResultDesc               string            `json:"ResultDesc"`
	OriginatorConversationID string            `json:"OriginatorConversationID"`
	ConversationID           string            `json:"ConversationID"`
	TransactionID            string            `json:"TransactionID"`
	ResultParameters         *resultParameters `json:"ResultParameters,omitempty"`
	ReferenceData            referenceData     `json:"ReferenceData"`
}

type resultParameters struct {
	ResultParameter []keyValue `json:"ResultParameter"`
}

// keyValue may lack its value, as TransactionReason and Occasion often do.
type keyValue struct {
	Key   string `json:"Key"`
	Value any    `json:"Value,omitempty"`
}

// referenceData holds a single object where the parameters hold an array;
// both shapes are Daraja's.
type referenceData struct {
	ReferenceItem keyValue `json:"ReferenceItem"`
}

// conversation is an asynchronous request between its acceptance and its result.
type conversation struct {
	kind       kind   // of the result
	who, words string // for the log
	originator string // OriginatorConversationID
	id         string // ConversationID
	resultURL  string
	timeoutURL string
	raw        []byte // the request as it came
}

// fate is what the faults make of a result.
type fate struct {
	drop      bool
	copies    int  // beside the first
	timeout   bool // to the time-out URL instead
	andResult bool // and, after the time-out, the result
}

// newConversationID has the shape of M-PESA's own.
func (s *Sim) newConversationID() string {
	return "AG_" + s.now().In(bank.EastAfrica()).Format("20060102") + "_" + s.dice.hex32()[:20]
}

// newResult starts with the generic transaction id that failures carry.
func (s *Sim) newResult(o outcome, c conversation, reference referenceData) result {
	return result{
		ResultCode: o.code, ResultDesc: o.description,
		OriginatorConversationID: c.originator, ConversationID: c.id,
		TransactionID: bank.GenericReceipt(s.now()), ReferenceData: reference,
	}
}

// oweResult stores the callback, or the callbacks, that c ends in.
func (s *Sim) oweResult(ctx context.Context, tx *sqlx.Tx, c conversation, r result, f fate) error {
	faults := s.CurrentFaults()
	if f.timeout {
		if err := s.oweTimeout(ctx, tx, c, faults.TimeoutBody); err != nil || !f.andResult {
			return err
		}
	}
	if faults.Interim {
		interim := r
		interim.ResultType, interim.ResultParameters = 1, nil
		if err := s.owePosted(ctx, tx, c, interim, fate{}); err != nil {
			return err
		}
	}
	if faults.BareResults {
		r.ResultParameters = nil
	}
	if faults.GenericIDs {
		r.TransactionID = bank.GenericReceipt(s.now())
	}
	return s.owePosted(ctx, tx, c, r, f)
}

func (s *Sim) owePosted(ctx context.Context, tx *sqlx.Tx, c conversation, r result, f fate) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // balances are parted by &
	if err := encoder.Encode(resultCallback{r}); err != nil {
		return fmt.Errorf("encode %s: %w", c.kind, err)
	}
	return s.owe(ctx, tx, callback{
		Kind: c.kind, Who: c.who, URL: c.resultURL, Body: bytes.TrimSpace(body.Bytes()), Ref: c.originator,
		Summary: "Result: " + c.words,
	}, f.drop, f.copies)
}

// oweTimeout posts to the time-out URL. What it carries is not documented, and
// the claims differ: according to Safaricom's staff the request as it was,
// SecurityCredential and all.
func (s *Sim) oweTimeout(ctx context.Context, tx *sqlx.Tx, c conversation, variant int) error {
	const asResult, empty = 2, 3
	body := c.raw
	switch variant {
	case asResult:
		var err error
		body, err = json.Marshal(resultCallback{result{
			ResultCode: resultFunds, ResultDesc: "Request timeout", OriginatorConversationID: c.originator,
			ConversationID: c.id, ReferenceData: queueReference(c.kind),
		}})
		if err != nil {
			return fmt.Errorf("encode time-out: %w", err)
		}
	case empty:
		body = []byte("{}")
	}
	return s.owe(ctx, tx, callback{
		Kind: c.kind, Who: c.who, URL: c.timeoutURL, Body: body, Ref: c.originator, Summary: "Timed out in the queue",
	}, false, 0)
}

func reference(key, value string) referenceData {
	item := keyValue{Key: key}
	if value != "" {
		item.Value = value
	}
	return referenceData{ReferenceItem: item}
}

// queueReference names a URL of Safaricom's inside, as results do.
func queueReference(k kind) referenceData {
	inside := map[kind]string{
		kindB2CResult: "b2cresults", kindReversalResult: "reversalresults", kindBalanceResult: "abresults",
	}
	return reference("QueueTimeoutURL", "https://internalapi.safaricom.co.ke/mpesa/"+inside[k]+"/v1/submit")
}

// publicName is how M-PESA names a customer to a business.
func publicName(p phone) string {
	return strings.TrimPrefix(p.Number, "+") + " - " + strings.ToUpper(p.Name)
}

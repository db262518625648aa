package simulator

import (
	"strings"
)

// resultCallback is what the asynchronous APIs post to a ResultURL.
type resultCallback struct {
	Result result `json:"Result"`
}

type result struct {
	ResultType               int               `json:"ResultType"`
	ResultCode               int               `json:"ResultCode"`
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

// newResult starts with the generic transaction id that failures carry.
func (s *Sim) newResult(o outcome, originator, conversation string) resultCallback {
	return resultCallback{Result: result{
		ResultCode: o.code, ResultDesc: o.description,
		OriginatorConversationID: originator, ConversationID: conversation,
		TransactionID: genericTransactionID(s.now()),
	}}
}

func reference(key, value string) referenceData {
	item := keyValue{Key: key}
	if value != "" {
		item.Value = value
	}
	return referenceData{ReferenceItem: item}
}

// publicName is how M-PESA names a customer to a business.
func publicName(p phone) string {
	return strings.TrimPrefix(p.Number, "+") + " - " + strings.ToUpper(p.Name)
}

package mobilemoney

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// Decode reads a kept callback: kind and key are those it was kept under. It
// returns the transfer that the callback is about and what it says.
//
// A body that cannot be read is a finding too, one that calls an operator: the
// job that works it ends, instead of reading the same bytes again for weeks. An
// error means that kind or key are not of this package's making.
func Decode(kind, key string, body []byte) (uuid.UUID, escrow.Finding, error) {
	id, _, _ := strings.Cut(key, ":")
	transfer, err := uuid.Parse(id)
	if err != nil || !slices.Contains(kinds(), kind) {
		return uuid.Nil, escrow.Finding{}, fmt.Errorf("not a callback of M-Pesa: kind %q", kind)
	}
	return transfer, decode(kind, transfer, body).finding, nil
}

// statement is what a callback says, and what tells it from another one about
// the same transfer.
type statement struct {
	finding escrow.Finding
	id      string // MerchantRequestID or ConversationID, where it may stand in a key
}

func decode(kind string, transfer uuid.UUID, body []byte) statement {
	switch kind {
	case kindSTK:
		return decodeSTK(body)
	case kindB2C:
		return decodeB2C(transfer, body)
	case kindStatus:
		return decodeStatus(transfer, body)
	case kindReversal:
		return decodeReversal(transfer, body)
	case kindOriginal:
		return decodeOriginal(body)
	default:
		// What the queue gave up on may still have been paid, whatever the body
		// says; nobody has documented the body.
		return statement{finding: nothing("queue timeout", "M-Pesa's queue timed out, which leaves the outcome open")}
	}
}

// garbled is a callback that is not what its address is for.
func garbled(what string) statement {
	return statement{finding: alarm(codeGarbled, what)}
}

// stkCallback has metadata on success only.
type stkCallback struct {
	MerchantRequestID scalar `json:"MerchantRequestID"`
	CheckoutRequestID scalar `json:"CheckoutRequestID"`
	ResultCode        scalar `json:"ResultCode"`
	ResultDesc        scalar `json:"ResultDesc"`
	CallbackMetadata  struct {
		Item parameters `json:"Item"`
	} `json:"CallbackMetadata"`
}

func decodeSTK(body []byte) statement {
	var envelope struct {
		Body struct {
			Callback stkCallback `json:"stkCallback"`
		} `json:"Body"`
	}
	if !read(body, &envelope) {
		return garbled("an STK callback cannot be read")
	}
	callback := envelope.Body.Callback
	if callback.ResultCode == "" {
		return garbled("an STK callback has no result code")
	}
	code := shortCode(callback.ResultCode)
	m := stkMeaning(code)
	s := statement{id: impersonal(callback.MerchantRequestID), finding: escrow.Finding{
		Verdict: m.verdict, Cause: m.cause, Code: code, Reason: words(callback.ResultDesc), Alarm: m.alarm,
		ProviderID: string(callback.CheckoutRequestID),
	}}
	if m.verdict == escrow.Moved {
		items := callback.CallbackMetadata.Item
		s.finding.Payer, s.finding.At = payer(items.one("PhoneNumber")), items.one("TransactionDate").moment()
		s.finding = withMoney(s.finding, items.one("MpesaReceiptNumber"), items.one("Amount"))
	}
	return s
}

// personal is what a Kenyan mobile number has in every spelling.
var personal = regexp.MustCompile(`[17]\d{8}`)

// impersonal is an id that may stand in a key, where anybody reads it: a
// CheckoutRequestID, which ends in the payer's number, may not, whatever field it
// comes in.
func impersonal(id scalar) string {
	if personal.MatchString(string(id)) {
		return ""
	}
	return string(id)
}

// msisdnDigits is the length of a number as Safaricom writes it.
const msisdnDigits = 12

// payerLike is a number in full, or with a part hidden by asterisks. How many
// they are says nothing about how much they hide.
var payerLike = regexp.MustCompile(`^254(?:\d{9}|\d*\*+\d*)$`)

// payer is the number as M-Pesa shows it, without the spaces that it sets around
// a mask ("2547 ***** 126" in C2B). What is no such number, a hash for one, is no
// evidence that somebody else paid, and is left out.
func payer(shown scalar) string {
	text := strings.ReplaceAll(string(shown), " ", "")
	visible := len(text) - strings.Count(text, "*")
	if visible > msisdnDigits || !payerLike.MatchString(text) {
		return ""
	}
	return text
}

// withMoney completes a success. Without a receipt and an amount it is not
// money yet: a query can still find out what it was.
func withMoney(f escrow.Finding, receipt, amount scalar) escrow.Finding {
	var good, exact bool
	f.Receipt, good = receipt.receipt()
	f.Amount, exact = amount.cents()
	if !good || !exact {
		return alarm(f.Code, "M-Pesa reports a success without a receipt or without an amount")
	}
	return f
}

// result is what the asynchronous APIs post.
type result struct {
	ResultType               scalar `json:"ResultType"`
	ResultCode               scalar `json:"ResultCode"`
	ResultDesc               scalar `json:"ResultDesc"`
	OriginatorConversationID scalar `json:"OriginatorConversationID"`
	ConversationID           scalar `json:"ConversationID"`
	TransactionID            scalar `json:"TransactionID"` // of a failure "TKN0000000", not unique
	ResultParameters         struct {
		ResultParameter parameters `json:"ResultParameter"`
	} `json:"ResultParameters"`
}

func readResult(body []byte) (result, bool) {
	var envelope struct {
		Result result `json:"Result"`
	}
	ok := read(body, &envelope)
	return envelope.Result, ok && envelope.Result.ResultCode != ""
}

// final reports whether this is the last word. Type 1 announces more.
func (r result) final() bool { return r.ResultType == "" || r.ResultType == "0" }

// about reports whether an id that came back is the transfer's. Safaricom's
// samples show ids of its own making beside ours, so only another transfer's id
// is a contradiction.
func about(id scalar, transfer uuid.UUID) bool {
	other, err := uuid.Parse(string(id))
	return err != nil || other == transfer
}

func decodeB2C(transfer uuid.UUID, body []byte) statement {
	r, ok := readResult(body)
	if !ok {
		return garbled("a B2C result cannot be read")
	}
	s := statement{id: string(r.ConversationID), finding: r.said(transfer, b2cMeaning)}
	if s.finding.Verdict == escrow.Moved {
		items := r.ResultParameters.ResultParameter
		s.finding.Payee = name(items.one("ReceiverPartyPublicName"))
		s.finding.At = items.one("TransactionCompletedDateTime").moment()
		s.finding = withMoney(s.finding, items.one("TransactionReceipt"), items.one("TransactionAmount"))
	}
	return s
}

// said reads the code of a result about a transfer.
func (r result) said(transfer uuid.UUID, table func(string) meaning) escrow.Finding {
	code := shortCode(r.ResultCode)
	switch {
	case !about(r.OriginatorConversationID, transfer):
		return alarm(codeGarbled, "a result is about another transfer than its address")
	case !r.final():
		return escrow.Finding{Verdict: escrow.Processing, Code: code, Reason: words(r.ResultDesc)}
	default:
		m := table(code)
		return escrow.Finding{Verdict: m.verdict, Cause: m.cause, Code: code, Reason: words(r.ResultDesc), Alarm: m.alarm}
	}
}

// maxName keeps a name in its place.
const maxName = 80

// name takes the number from "254705912645 - JANE DOE".
func name(party scalar) string {
	if _, after, found := strings.Cut(string(party), " - "); found {
		party = scalar(after)
	}
	text := words(party)
	if strings.Contains(text, removed) {
		return "" // a number, not a name
	}
	if runes := []rune(text); len(runes) > maxName {
		return string(runes[:maxName])
	}
	return text
}

package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// The callbacks as Daraja writes them (portal, M-Pesa Express, B2C and
// transaction status pages).

// The words in the addresses that we give the bank.
const (
	kindSTK        = "stk"
	kindB2C        = "b2c"
	kindB2CTimeout = "b2c_timeout"
	kindStatus     = "status"
	kindReversal   = "reversal"
	kindOriginal   = "original"
)

// token is the end of the address that the gateway gave with the request.
func token(kind string, transfer uuid.UUID) string {
	mac := hmac.New(sha256.New, []byte(callbackKey))
	mac.Write([]byte("callback:" + kind + ":" + transfer.String()))
	return hex.EncodeToString(mac.Sum(nil))
}

type values = map[string]any

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// decimal writes cents as shillings with two places, 1500.00.
func decimal(c escrow.Cents) json.Number {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	return json.Number(fmt.Sprintf("%s%d.%02d", sign, c/100, c%100))
}

// moment writes a time as most of Daraja does.
func moment(at time.Time) json.Number { return json.Number(at.In(escrow.EAT).Format("20060102150405")) }

func stkPaid(o *order) []byte {
	return stkCallback(o, values{
		"ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
		"CallbackMetadata": values{"Item": []values{
			{"Name": "Amount", "Value": decimal(o.moved)},
			{"Name": "MpesaReceiptNumber", "Value": o.receipt},
			{"Name": "Balance"},
			{"Name": "TransactionDate", "Value": moment(o.at)},
			{"Name": "PhoneNumber", "Value": json.Number(o.payer.MSISDN())},
		}},
	})
}

func stkFailed(o *order, code string) []byte {
	return stkCallback(o, values{"ResultCode": json.Number(code), "ResultDesc": "The request failed."})
}

func stkCallback(o *order, body values) []byte {
	body["MerchantRequestID"], body["CheckoutRequestID"] = "29115-"+o.checkout[6:12], o.checkout
	return encode(values{"Body": values{"stkCallback": body}})
}

func result(o *order, conversation string, body values) []byte {
	body["ResultType"], body["OriginatorConversationID"], body["ConversationID"] = 0, o.ID.String(), conversation
	return encode(values{"Result": body})
}

// paidOut tells what is left, too.
func (b *bank) paidOut(o *order) []byte {
	return result(o, o.checkout, values{
		"ResultCode": 0, "ResultDesc": "The service request is processed successfully.", "TransactionID": o.receipt,
		"ResultParameters": values{"ResultParameter": []values{
			{"Key": "TransactionAmount", "Value": decimal(o.moved)},
			{"Key": "TransactionReceipt", "Value": o.receipt},
			{"Key": "ReceiverPartyPublicName", "Value": o.Party.Phone.MSISDN() + " - JOHN DOE"},
			{"Key": "TransactionCompletedDateTime", "Value": o.at.In(escrow.EAT).Format("02.01.2006 15:04:05")},
			{"Key": "B2CUtilityAccountAvailableFunds", "Value": decimal(b.accounts[bankUtility])},
			{"Key": "B2CChargesPaidAccountAvailableFunds", "Value": decimal(b.accounts[bankCharges])},
		}},
	})
}

func b2cFailed(o *order, code string) []byte {
	return result(o, o.checkout, values{
		"ResultCode": code, "ResultDesc": "The request failed.", "TransactionID": "TKN0000000",
	})
}

func reversed(o *order) []byte {
	return result(o, o.checkout, values{
		"ResultCode": 0, "ResultDesc": "The service request is processed successfully.", "TransactionID": o.receipt,
		"ResultParameters": values{"ResultParameter": []values{
			{"Key": "Amount", "Value": decimal(o.moved)},
			{"Key": "OriginalTransactionID", "Value": o.Original},
			{"Key": "CreditPartyPublicName", "Value": o.Party.Phone.MSISDN() + " - JOHN DOE"},
		}},
	})
}

// status answers the n-th status query. Its envelope is about the query.
func status(o *order, known bool, n int) []byte {
	query := fmt.Sprintf("AG_query_%06d", n)
	if !known {
		return result(o, query, values{"ResultCode": 2032, "ResultDesc": "The transaction receipt number does not exist."})
	}
	state, receipt := "Completed", o.receipt
	switch {
	case o.open:
		state = "Authorized"
	case !o.paid:
		state = "Declined"
	}
	return result(o, query, values{
		"ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
		"ResultParameters": values{"ResultParameter": []values{
			{"Key": "CreditPartyName", "Value": o.Party.Phone.MSISDN() + " - JOHN DOE"},
			{"Key": "OriginatorConversationID", "Value": o.ID.String()},
			{"Key": "TransactionStatus", "Value": state},
			{"Key": "Amount", "Value": decimal(o.Amount)},
			{"Key": "ReceiptNo", "Value": receipt},
		}},
	})
}

// original answers a query about the payment that a reversal is to undo. How
// M-Pesa words one that was undone is not documented.
func original(p *payin, o *order, n int) []byte {
	state := "Completed"
	if p.reversed {
		state = "Reversed"
	}
	return result(o, fmt.Sprintf("AG_query_%06d", n), values{
		"ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
		"ResultParameters": values{"ResultParameter": []values{
			{"Key": "TransactionStatus", "Value": state},
			{"Key": "Amount", "Value": decimal(p.amount)},
			{"Key": "ReceiptNo", "Value": p.receipt},
		}},
	})
}

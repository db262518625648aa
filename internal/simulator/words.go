package simulator

import "strconv"

// Result codes of M-PESA (Daraja portal, tables of each API). Some mean another
// thing to a payment than to a payout.
const (
	resultDone        = 0
	resultFunds       = 1
	resultTooLittle   = 2
	resultTooMuch     = 3
	resultWalletFull  = 8
	resultCancelled   = 1032
	resultUnreachable = 1037
	resultInitiator   = 2001
	resultProduct     = 2028
	resultNoReceipt   = 2032
	resultNoCustomer  = 2040
)

// paymentWords says what became of an STK payment, for somebody who reads along;
// the code itself goes over the wire only.
func paymentWords(code int) string {
	switch code {
	case resultDone:
		return "paid"
	case resultFunds:
		return "too little money in the wallet"
	case resultCancelled:
		return "cancelled by the buyer"
	case resultUnreachable:
		return "no answer from the phone"
	case resultInitiator:
		return "wrong PIN"
	default:
		return resultWords(code)
	}
}

// payoutWords says what became of a B2C payment.
func payoutWords(code int) string {
	switch code {
	case resultDone:
		return "paid out"
	case resultFunds:
		return "too little money in the account"
	case resultTooLittle:
		return "below the smallest amount"
	case resultWalletFull:
		return "the wallet would be too full"
	case resultNoCustomer:
		return "not an M-Pesa customer"
	default:
		return resultWords(code)
	}
}

// statusWords says whether a transaction was found.
func statusWords(code int) string {
	switch code {
	case resultDone:
		return "found"
	case resultNoReceipt:
		return "no such transaction"
	default:
		return resultWords(code)
	}
}

// resultWords holds what all APIs share. A code without words is shown as it is.
func resultWords(code int) string {
	switch code {
	case resultTooMuch:
		return "above the largest amount"
	case resultInitiator:
		return "wrong operator"
	case resultProduct:
		return "not permitted to this short code"
	default:
		return "code " + strconv.Itoa(code)
	}
}

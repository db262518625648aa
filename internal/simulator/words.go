package simulator

// Result codes of M-PESA (Daraja portal, tables of each API). Some mean another
// thing to a payment than to a payout.
const (
	resultDone        resultCode = "0"
	resultFunds       resultCode = "1"
	resultTooLittle   resultCode = "2"
	resultTooMuch     resultCode = "3"
	resultDayFull     resultCode = "4"
	resultWalletFull  resultCode = "8"
	resultSeen        resultCode = "15"
	resultRule        resultCode = "17"
	resultRole        resultCode = "21"
	resultBusy        resultCode = "26"
	resultLock        resultCode = "1001"
	resultExpired     resultCode = "1019"
	resultCancelled   resultCode = "1032"
	resultUnreachable resultCode = "1037"
	resultInitiator   resultCode = "2001"
	resultProduct     resultCode = "2028"
	resultNoReceipt   resultCode = "2032"
	resultNoCustomer  resultCode = "2040"
	resultLocked      resultCode = "8006"
	resultReversed    resultCode = "R000001"
	resultNoOriginal  resultCode = "R000002"
)

// paymentWords says what became of an STK payment, for somebody who reads along;
// the code itself goes over the wire only.
func paymentWords(code resultCode) string {
	switch code {
	case resultDone:
		return "paid"
	case resultFunds:
		return "too little money in the wallet"
	case resultRule:
		return "the same amount a moment ago"
	case resultLock:
		return "another request was open"
	case resultExpired:
		return "expired on the phone"
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
func payoutWords(code resultCode) string {
	switch code {
	case resultDone:
		return "paid out"
	case resultTooLittle:
		return "below the smallest amount"
	case resultWalletFull:
		return "the wallet would be too full"
	case resultSeen:
		return "that number was used before"
	case resultNoCustomer:
		return "not an M-Pesa customer"
	default:
		return resultWords(code)
	}
}

// reversalWords says what became of a reversal.
func reversalWords(code resultCode) string {
	switch code {
	case resultDone:
		return "given back"
	case resultReversed:
		return "given back before"
	case resultNoOriginal:
		return "no such payment"
	case resultTooLittle, resultTooMuch:
		return "not the amount that was paid"
	default:
		return resultWords(code)
	}
}

// statusWords says whether a transaction was found.
func statusWords(code resultCode) string {
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
func resultWords(code resultCode) string {
	switch code {
	case resultFunds:
		return "too little money in the account"
	case resultTooMuch:
		return "above the largest amount"
	case resultDayFull:
		return "above the limit of a day"
	case resultInitiator:
		return "wrong operator"
	case resultLocked:
		return "the operator is locked"
	case resultRole:
		return "the operator may not do that"
	case resultBusy:
		return "not done, the queue was full"
	case resultProduct:
		return "not permitted to this short code"
	default:
		return "code " + string(code)
	}
}

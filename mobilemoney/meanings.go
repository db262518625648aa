package mobilemoney

import "github.com/voicepact/gateway/escrow"

// meaning is what a result code says about the money of a transfer.
type meaning struct {
	verdict escrow.Verdict
	cause   escrow.Cause // with NotMoved, and with a reversal that was done before
	alarm   bool         // an operator must act
}

func moved() meaning { return meaning{verdict: escrow.Moved} }

// notMoved is money that did not move, for a reason of the people's.
func notMoved(cause escrow.Cause) meaning { return meaning{verdict: escrow.NotMoved, cause: cause} }

// broken is money that did not move, nor will the next: a credential, the
// configuration or the float needs an operator.
func broken(cause escrow.Cause) meaning {
	return meaning{verdict: escrow.NotMoved, cause: cause, alarm: true}
}

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
	codeReversed   = "R000001"
)

// Each API has a table of its own, because the same number means other things in
// another one: 2001 is the buyer's wrong PIN in STK push and our wrong password
// in B2C.

// stkMeaning reads the result codes of STK push (Daraja portal, M-Pesa Express
// page).
func stkMeaning(code string) meaning {
	switch code {
	case codeDone:
		return moved()
	case codeProcessing:
		return meaning{verdict: escrow.Processing}
	case "1": // not enough money, Fuliza included
		return notMoved(escrow.CauseFunds)
	case "3", "4": // above the limit of one transaction, of one day
		return notMoved(escrow.CauseLimit)
	case "8": // our own account may hold no more
		return broken(escrow.CauseLimit)
	case "17", "26", // the same amount again within two minutes; busy
		"1001", "1025": // another session is open on the phone; the prompt could not be sent
		return notMoved(escrow.CauseBusy)
	case "1019", "1031", // ran out
		"1032", "1037", // cancelled; no answer from the phone
		"2001", "8006": // wrong PIN; PIN locked
		return notMoved(escrow.CauseUser)
	case "11": // the buyer's account is in no state to pay
		return notMoved("")
	case "2", // below the minimum, which we refuse long before
		"2028", codeNoOperator: // short code and transaction type do not match
		return broken(escrow.CauseConfig)
	case "1036", "9999": // could not be pushed, perhaps
		return open()
	default:
		return unheard()
	}
}

// b2cMeaning reads the result codes of B2C (Daraja portal, B2C page).
func b2cMeaning(code string) meaning {
	switch code {
	case codeDone:
		return moved()
	case "1": // not enough money in the utility account
		return broken(escrow.CauseFloat)
	case "4", "8": // the receiver's day or wallet is full
		return notMoved(escrow.CauseLimit)
	case "2040", codeNoOperator: // the receiver is not on M-Pesa
		return notMoved(escrow.CauseNumber)
	case "2", "3": // outside the limits, which we refuse long before: of this one only
		return notMoved("")
	default:
		return initiatorMeaning(code)
	}
}

// reversalMeaning reads the result codes of a reversal (Daraja portal, Reversals
// page). Who reversed a payment that had been reversed before is not said: our
// own request that was never answered, or an operator in M-Pesa's portal. Either
// way the payer has the money.
func reversalMeaning(code string) meaning {
	switch code {
	case codeDone:
		return moved()
	case codeReversed:
		return meaning{verdict: escrow.Moved, cause: escrow.CauseDone}
	case "R000002": // M-Pesa does not know the receipt that we took money in under
		return broken("")
	case "1": // the payment was spent, or settled to the bank
		return broken(escrow.CauseFloat)
	// The rest is not on the page of reversals. In both tables of payments it means
	// the same, and never that money moved.
	case "4", "8": // the payer's day or wallet is full
		return notMoved(escrow.CauseLimit)
	case "2", "3": // less or more than the payment
		return broken(escrow.CauseConfig)
	default:
		return initiatorMeaning(code)
	}
}

// balanceMeaning reads the answer to a question for the balance. An initiator that
// lacks the role to put it may well pay: that locks nobody out.
func balanceMeaning(code string) meaning {
	if code == "21" {
		return broken(escrow.CauseConfig)
	}
	return initiatorMeaning(code)
}

// initiatorMeaning reads the codes that all calls of an initiator share (Daraja
// portal, Account Balance page): payouts, reversals and questions.
func initiatorMeaning(code string) meaning {
	switch code {
	case "2001", "8006", "18", "20", // wrong name, password or certificate; locked
		"21": // the initiator lacks the role
		return broken(escrow.CauseCredential)
	case "11", "2006", // our account is not active
		"2028",                                           // our short code may not do this
		"22", "24", "25", "29", "100000005", "100000010": // permission, parameters, command
		return broken(escrow.CauseConfig)
	case "15", // this id was used before: what became of that one is the answer
		"17", "19", "26", "100000000", "100000001", "100000002", "100000004", "100000007",
		"100000009", "100000011": // internal, overloaded
		return open()
	default:
		return unheard()
	}
}

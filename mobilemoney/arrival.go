package mobilemoney

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"unicode"

	"github.com/voicepact/gateway/escrow"
)

// c2bPayment is what the validation and the confirmation of a PayBill payment
// carry alike (Daraja portal, Customer To Business page). All of it is text.
type c2bPayment struct {
	TransID       scalar `json:"TransID"`
	TransTime     scalar `json:"TransTime"`
	TransAmount   scalar `json:"TransAmount"`
	BillRefNumber scalar `json:"BillRefNumber"` // typed by the payer, up to 20 characters
	MSISDN        scalar `json:"MSISDN"`        // masked in version 2, hashed in version 1
	FirstName     scalar `json:"FirstName"`
	MiddleName    scalar `json:"MiddleName"`
	LastName      scalar `json:"LastName"`
}

// DecodeArrival reads a kept confirmation of a PayBill payment. The money has
// arrived whatever becomes of this: an error is for a person, who has the body.
// Where M-Pesa gave no time that can be read, At is zero.
func DecodeArrival(body []byte) (escrow.Arrival, error) {
	var p c2bPayment
	if !read(body, &p) {
		return escrow.Arrival{}, errors.New("a PayBill confirmation cannot be read")
	}
	return p.arrival()
}

func (p c2bPayment) arrival() (escrow.Arrival, error) {
	receipt, good := p.TransID.receipt()
	amount, exact := p.TransAmount.cents()
	if !good || !exact {
		return escrow.Arrival{}, errors.New("a PayBill payment has no receipt or no amount")
	}
	return escrow.Arrival{
		Receipt: receipt, Amount: amount, Account: account(p.BillRefNumber), Payer: customer(p.MSISDN),
		Name: name(p.FirstName + " " + p.MiddleName + " " + p.LastName), At: p.TransTime.moment(),
		Channel: escrow.ByConfirmation,
	}, nil
}

// maxAccount is twice what M-Pesa lets people type.
const maxAccount = 40

// account is what the payer typed, as it came but for what no key types.
func account(typed scalar) string {
	text := strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, string(typed))
	if runes := []rune(text); len(runes) > maxAccount {
		return string(runes[:maxAccount])
	}
	return text
}

var (
	// hashed is the payer's number in version 1 of C2B: SHA-256 of 2547….
	hashed = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)
	// national is a number in the pulled statement's sample: without 254.
	national = regexp.MustCompile(`^[17]\d{8}$`)
)

// customer is the payer as C2B and the pulled statement show them.
func customer(shown scalar) string {
	switch text := string(shown); {
	case hashed.MatchString(text):
		return strings.ToLower(text)
	case national.MatchString(text):
		return payer("254" + shown)
	default:
		return payer(shown)
	}
}

// arrivalKey is what a confirmation is kept under: the receipt, which is the one
// key of money in, so that a repetition changes nothing and another body under
// the same receipt is put aside. Without a receipt the hash of the body serves.
func arrivalKey(body []byte) string {
	if arrival, err := DecodeArrival(body); err == nil {
		return arrival.Receipt
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/voicepact/gateway/escrow"
)

// refArg is the contract that a command is about.
type refArg struct {
	Ref reference `arg:"" name:"contract" help:"The contract's number."`
}

// reference is a contract's number as people type it.
type reference escrow.Ref

// UnmarshalText implements encoding.TextUnmarshaler: a slip of the finger is told
// before anything is looked for.
func (r *reference) UnmarshalText(text []byte) error {
	ref, err := escrow.ParseRef(string(text))
	if err != nil {
		return errors.New("no contract has that number: its last digit checks the others")
	}
	*r = reference(ref)
	return nil
}

// mpesaReceipt is M-Pesa's name of a payment, typed in either case.
type mpesaReceipt string

// receiptShape is that of every receipt (Daraja, STK callback: MpesaReceiptNumber).
var receiptShape = regexp.MustCompile(`^[A-Z0-9]{10}$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *mpesaReceipt) UnmarshalText(text []byte) error {
	*r = mpesaReceipt(strings.ToUpper(strings.TrimSpace(string(text))))
	if !receiptShape.MatchString(string(*r)) {
		return errors.New("a receipt is ten letters and digits, like UKP4UB394D")
	}
	return nil
}

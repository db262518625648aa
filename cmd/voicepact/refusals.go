package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/voicepact/gateway/escrow"
)

// explained puts a refusal into a sentence.
func explained(err error) error {
	refusal := escrow.RefusalOf(err)
	if refusal == nil {
		return err
	}
	sentence, ok := map[escrow.Code]string{
		escrow.UnknownContract: "there is no such contract",
		escrow.UnknownOperator: "OPERATOR_KEY is not the key of an operator who may act (voicepact operator list)",
		escrow.KeyConflict:     "that was booked before, and was not the same",
		escrow.UnknownItem:     "there is no such item",
		escrow.NoReason:        "a reason is needed",
		escrow.BadSplit:        "each share must be Ksh0 or at least Ksh10 in whole shillings, and both together what is held",
		escrow.RulingWaits:     "another ruling waits for its second operator: approve or reject it first",
		escrow.SameOperator:    "it takes another operator besides the first: approve with their key, or set SECOND_OPERATOR_KEY",
		escrow.LastItem:        "nobody would look after it any more: settle what it is about, which closes it too",
		escrow.Already:         "that was done before",
		escrow.PINNotSet:       "that number has no PIN",
		escrow.BadPhone:        "that is not a Kenyan mobile number",
		escrow.NotNow:          "there is nothing to decide",
		escrow.Closed:          "the contract has ended",
	}[refusal.Code]
	if !ok {
		return err
	}
	if refusal.Code == escrow.UnknownOperator && os.Getenv("OPERATOR_KEY") == "" {
		sentence = "OPERATOR_KEY is not set: `voicepact operator add NAME` makes a key"
	}
	if c := refusal.Contract; c != nil && refusal.Code == escrow.BadSplit {
		return fmt.Errorf("%s (contract %s holds %s)", sentence, c.Ref, c.Payable())
	} else if c != nil {
		return fmt.Errorf("%s (contract %s is %s)", sentence, c.Ref, c.State)
	}
	return errors.New(sentence)
}

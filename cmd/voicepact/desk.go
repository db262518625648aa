package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// desk is where an operator works: the database, and the rules on it. It works
// beside gateways that run, which send what it decides.
type desk struct {
	store   *store.Store
	service *escrow.Service
	key     string // the operator's
}

// atDesk opens the desk, lets fn work at it and closes it.
func (b books) atDesk(ctx context.Context, fn func(*desk) error) error {
	signing, err := b.signing()
	if err != nil {
		return err
	}
	signer, err := signing.signer()
	if err != nil {
		return err
	}
	ruling, err := readEnv[Ruling](os.Environ())
	if err != nil {
		return err
	}
	s, err := b.open(ctx)
	if err != nil {
		return err
	}
	policy := escrow.DefaultPolicy()
	policy.FourEyesAbove = escrow.Shillings(ruling.FourEyesAbove)
	d := &desk{store: s, key: os.Getenv("OPERATOR_KEY"), service: escrow.NewService(escrow.Deps{
		Store: s, Signer: signer, Policy: policy, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})}
	err = errors.Join(s.CheckSchema(ctx), signing.checkSigning(ctx, s))
	if err == nil {
		err = explained(fn(d))
	}
	return errors.Join(err, s.Close())
}

// mediation is an act of this operator, under a key of its own: a command that is
// given twice finds by the contract's state that it was done.
func (d *desk) mediation(ref escrow.Ref, reason string) escrow.Mediation {
	return escrow.Mediation{Key: "operator:" + uuid.NewString(), Operator: d.key, Ref: ref, Reason: reason}
}

// errand is what this operator does about money, for a reason.
func (d *desk) errand(reason string) escrow.Errand {
	return escrow.Errand{
		Key: "operator:" + uuid.NewString(), Operator: d.key, Second: os.Getenv("SECOND_OPERATOR_KEY"), Reason: reason,
	}
}

// explained puts a refusal into a sentence.
func explained(err error) error {
	refusal := escrow.RefusalOf(err)
	if refusal == nil {
		return err
	}
	sentence, ok := map[escrow.Code]string{
		escrow.UnknownContract: "there is no such contract",
		escrow.UnknownOperator: "OPERATOR_KEY is not the key of an operator who may act",
		escrow.UnknownItem:     "there is no such item",
		escrow.NoReason:        "a reason is needed",
		escrow.BadSplit:        "each share must be Ksh0, or Ksh10 or more in whole shillings, and together they are what is held",
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
	if c := refusal.Contract; c != nil {
		return fmt.Errorf("%s (contract %s is %s)", sentence, c.Ref, c.State)
	}
	return errors.New(sentence)
}

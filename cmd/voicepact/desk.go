package main

import (
	"context"
	"errors"
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
	policy, err := b.policy(os.Environ())
	if err != nil {
		return err
	}
	s, err := b.open(ctx)
	if err != nil {
		return err
	}
	d := &desk{store: s, key: os.Getenv("OPERATOR_KEY"), service: escrow.NewService(escrow.Deps{
		Store: s, Signer: signer, Policy: policy, Now: time.Now,
		Log: newQuietLog(os.Stderr),
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

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/audit"
	"github.com/voicepact/gateway/internal/evidence"
	"github.com/voicepact/gateway/store"
)

type exportCmd struct {
	books

	Contract   string `arg:"" help:"Number or id of the contract. A number names the newest contract that has it."`
	WithPhones bool   `help:"Show whole numbers and names: for a court."`
}

// Help is printed by --help below the usage.
func (c *exportCmd) Help() string {
	return "It prints the contract, its terms, events, postings, transfers and messages as one signed JSON document, " +
		"which `voicepact verify` proves with the public key alone."
}

// Run implements the command.
func (c *exportCmd) Run(ctx context.Context) error {
	signing, err := c.signing()
	if err != nil {
		return err
	}
	signer, err := signing.signer()
	if err != nil {
		return err
	}
	ring, err := c.ring(nil)
	if err != nil {
		return err
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	doc, bad, err := c.read(ctx, s, ring)
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if err := evidence.Write(os.Stdout, doc, signer); err != nil {
		return err
	}
	for _, v := range bad {
		fmt.Fprintln(os.Stderr, v)
	}
	if len(bad) > 0 {
		return wrong("the document was written, but %d invariants do not hold", len(bad))
	}
	return nil
}

// read makes the document, and says what is wrong with the contract: whoever
// exports it should know before a court does.
func (c *exportCmd) read(ctx context.Context, s *store.Store, ring escrow.Keyring) (evidence.Document, []audit.Violation, error) {
	var doc evidence.Document
	var bad []audit.Violation
	if err := s.CheckSchema(ctx); err != nil {
		return doc, nil, err
	}
	err := s.Snapshot(ctx, func(ctx context.Context, snap *store.Snapshot) error {
		dossier, err := c.find(ctx, snap)
		if err != nil {
			return err
		}
		messages, err := snap.Messages(ctx, dossier.Contract.ID)
		if err != nil {
			return err
		}
		bad = audit.Contract(dossier, ring)
		doc = evidence.From(dossier, messages, evidence.Options{Phones: c.WithPhones, Now: time.Now()})
		return nil
	})
	return doc, bad, err
}

func (c *exportCmd) find(ctx context.Context, snap *store.Snapshot) (store.Dossier, error) {
	if id, err := uuid.Parse(c.Contract); err == nil {
		return snap.Dossier(ctx, id)
	}
	ref, err := escrow.ParseRef(c.Contract)
	if err != nil {
		return store.Dossier{}, fmt.Errorf("no contract has the number %s: its last digit checks the others", c.Contract)
	}
	return snap.DossierByRef(ctx, ref)
}

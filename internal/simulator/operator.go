package simulator

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"

	"github.com/jmoiron/sqlx"
)

const (
	initiatorWrong  = "The initiator information is invalid."
	initiatorLocked = "The security credential is locked."
	initiatorRole   = "The initiator is not allowed to initiate this request"
)

// operator is M-PESA's decision about who asks: the API operator by name and
// credential, not locked, and with the role that the request needs. Whoever
// tries wrong passwords locks it, and with it everything that moves money out.
func (s *Sim) operator(ctx context.Context, tx *sqlx.Tx, name, credential scalar, denied bool) (outcome, error) {
	if !same(string(name), s.cfg.InitiatorName) {
		return outcome{resultInitiator, initiatorWrong}, nil
	}
	failures, err := s.failures(ctx, tx)
	switch {
	case err != nil:
		return outcome{}, err
	case failures >= s.cfg.InitiatorTries:
		return outcome{resultLocked, initiatorLocked}, nil
	case !s.credential(credential):
		return outcome{resultInitiator, initiatorWrong}, s.setFailures(ctx, tx, failures+1)
	case failures > 0:
		err = s.setFailures(ctx, tx, 0)
	}
	if denied {
		return outcome{resultRole, initiatorRole}, err
	}
	return done(), err
}

// credential reports whether it is base64 of the operator's password under RSA
// with PKCS#1 v1.5 padding.
func (s *Sim) credential(credential scalar) bool {
	if s.cfg.Key == nil {
		return true
	}
	sealed, err := base64.StdEncoding.DecodeString(string(credential))
	if err != nil {
		return false
	}
	password, err := rsa.DecryptPKCS1v15(rand.Reader, s.cfg.Key, sealed)
	return err == nil && same(string(password), s.cfg.InitiatorPassword)
}

func (s *Sim) failures(ctx context.Context, tx *sqlx.Tx) (int, error) {
	n := 0
	if err := tx.GetContext(ctx, &n,
		`SELECT coalesce(sum(failures), 0) FROM operators WHERE name = $1`, s.cfg.InitiatorName); err != nil {
		return 0, fmt.Errorf("read operator: %w", err)
	}
	return n, nil
}

func (s *Sim) setFailures(ctx context.Context, tx *sqlx.Tx, n int) error {
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO operators (name, failures) VALUES ($1, $2)
		 ON CONFLICT (name) DO UPDATE SET failures = excluded.failures`, s.cfg.InitiatorName, n); err != nil {
		return fmt.Errorf("store operator: %w", err)
	}
	return nil
}

// UnlockInitiator is what a business administrator does in the portal after
// result 8006.
func (s *Sim) UnlockInitiator(ctx context.Context) error {
	err := s.db.tx(ctx, func(tx *sqlx.Tx) error { return s.setFailures(ctx, tx, 0) })
	if err != nil {
		return fmt.Errorf("simulator: unlock initiator: %w", err)
	}
	return nil
}

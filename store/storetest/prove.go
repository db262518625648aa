package storetest

import (
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/audit"
	"github.com/voicepact/gateway/store"
)

// Prove checks every invariant that `voicepact audit` checks on a live database;
// see package audit. Signatures must be those of [Signer]. Nothing else may use
// the store's connections meanwhile on SQLite.
func Prove(tb testing.TB, s *store.Store) {
	tb.Helper()
	_, err := audit.Run(tb.Context(), s, audit.Options{
		Keys:  escrow.NewKeyring(Signer(tb).Public()),
		Found: func(v audit.Violation) { tb.Helper(); tb.Errorf("%s", v) },
	})
	if err != nil {
		tb.Fatal(err)
	}
}

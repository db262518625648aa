package escrow_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func eventsOf(w *storetest.World, c escrow.Contract) []escrow.AuditEvent {
	w.TB.Helper()
	events, err := w.Store.Events(w.TB.Context(), c.ID)
	if err != nil {
		w.TB.Fatal(err)
	}
	return events
}

func termsOf(w *storetest.World, c escrow.Contract) []byte {
	w.TB.Helper()
	now, _, err := w.Store.FindContract(w.TB.Context(), c.Ref)
	if err != nil {
		w.TB.Fatal(err)
	}
	return now.TermsHash
}

// What is signed is what binds somebody, and nothing else.
func TestWhatIsSigned(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		to   escrow.State
		want []string
	}{
		"a whole deal":      {escrow.Completed, []string{"accept confirmed", "confirm_delivery delivered", "accept completed"}},
		"the other order":   {escrow.Accepted, []string{"accept confirmed", "accept accepted"}},
		"refused at once":   {escrow.Cancelled, nil},
		"a dispute":         {escrow.Disputed, []string{"accept confirmed"}},
		"nobody agreed yet": {escrow.Pending, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := storetest.NewSQLiteWorld(t)
			c := w.DealIn(test.to, escrow.Shillings(3_500))
			ring := escrow.NewKeyring(w.Signer.Public())
			var signed []string
			for _, e := range eventsOf(w, c) {
				if len(e.Signature) == 0 {
					continue
				}
				signed = append(signed, e.Event+" "+e.To)
				if e.SignedBy != w.Signer.ID() || !ring.Event(e, termsOf(w, c)) {
					t.Errorf("the signature under %s is not by us", e.Event)
				}
			}
			if !slices.Equal(signed, test.want) {
				t.Errorf("signed %q, want %q", signed, test.want)
			}
		})
	}
}

// A resolution has no use case here: the rule alone says that it is signed.
func TestAResolutionMustBeSigned(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		event escrow.AuditEvent
		want  bool
	}{
		"a ruling":               {escrow.AuditEvent{Event: "resolve", From: "disputed", To: "resolved"}, true},
		"a note of the name":     {escrow.AuditEvent{Event: "accept", From: "delivered", To: "delivered"}, false},
		"money that came":        {escrow.AuditEvent{Event: "lock", From: "confirmed", To: "payment_locked"}, false},
		"a transfer that is not": {escrow.AuditEvent{Event: "payout.accepted", From: "submitted", To: "accepted"}, false},
	} {
		if got := test.event.MustBeSigned(); got != test.want {
			t.Errorf("%s: must be signed: %v", name, got)
		}
	}
}

// Every part that the signature ties together is changed once.
func TestASignatureFitsOneEventOnly(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	c := w.DealIn(escrow.Confirmed, escrow.Shillings(3_500))
	ring := escrow.NewKeyring(w.Signer.Public())
	events := eventsOf(w, c)
	good := events[slices.IndexFunc(events, escrow.AuditEvent.MustBeSigned)]
	if !ring.Event(good, c.TermsHash) {
		t.Fatal("a good signature is refused")
	}
	other, err := escrow.NewSigner(bytes.Repeat([]byte{6}, ed25519.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(b []byte) []byte {
		b = bytes.Clone(b)
		b[0] ^= 1
		return b
	}
	event := func(change func(*escrow.AuditEvent)) escrow.AuditEvent {
		e := good
		change(&e)
		return e
	}
	for name, bad := range map[string]bool{
		"another hash":      ring.Event(event(func(e *escrow.AuditEvent) { e.Hash = flipped(e.Hash) }), c.TermsHash),
		"another signature": ring.Event(event(func(e *escrow.AuditEvent) { e.Signature = flipped(e.Signature) }), c.TermsHash),
		"no signature":      ring.Event(event(func(e *escrow.AuditEvent) { e.Signature = nil }), c.TermsHash),
		"other terms":       ring.Event(good, flipped(c.TermsHash)),
		"an unknown key":    escrow.NewKeyring(other.Public()).Event(good, c.TermsHash),
		"another key's id":  escrow.Keyring{good.SignedBy: other.Public()}.Event(good, c.TermsHash),
		"a document instead": ring.Document([]byte(hex.EncodeToString(good.Hash)+"\n"+hex.EncodeToString(c.TermsHash)),
			good.Signature, good.SignedBy),
	} {
		if bad {
			t.Errorf("%s is believed", name)
		}
	}
}

func TestASigningKeyHas32Bytes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 31, 33, 64} {
		if _, err := escrow.NewSigner(make([]byte, size)); err == nil {
			t.Errorf("a seed of %d bytes is taken", size)
		}
	}
}

// The first vector of RFC 8032, section 7.1, for the key; the id is ours.
func TestAKeyIsThatOfRFC8032(t *testing.T) {
	t.Parallel()
	seed, _ := hex.DecodeString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
	signer, err := escrow.NewSigner(seed)
	if err != nil {
		t.Fatal(err)
	}
	const public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
	if got := hex.EncodeToString(signer.Public()); got != public {
		t.Errorf("the public key is %s, want %s", got, public)
	}
	if signer.ID() != escrow.KeyID(signer.Public()) || len(signer.ID()) != 16 {
		t.Errorf("the id is %s", signer.ID())
	}
}

package escrow

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Signer signs what must stand before others with the service's Ed25519 key. The
// public half is enough to check it; see [Keyring].
type Signer struct {
	key ed25519.PrivateKey
	id  string
}

// NewSigner makes a signer of a seed of 32 bytes (RFC 8032, section 5.1.5).
func NewSigner(seed []byte) (*Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("signing key has %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	s := &Signer{key: ed25519.NewKeyFromSeed(seed)}
	s.id = KeyID(s.Public())
	return s, nil
}

// Public is the half of the key that may be given to anyone.
func (s *Signer) Public() ed25519.PublicKey {
	return ed25519.PublicKey(s.key[ed25519.SeedSize:]) // Go keeps both halves in one
}

// ID names the key beside what it signed.
func (s *Signer) ID() string { return s.id }

// KeyID names a public key: the first 8 bytes of its SHA-256, in hexadecimal.
func KeyID(public ed25519.PublicKey) string {
	const enough = 8
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:enough])
}

// Domains keep a signature from being passed off as one over something else.
const (
	eventDomain    = "voicepact-event-signature-1\n"
	documentDomain = "voicepact-document-signature-1\n"
)

// SignDocument signs an exported document as it stands, byte for byte.
func (s *Signer) SignDocument(text []byte) []byte {
	return ed25519.Sign(s.key, append([]byte(documentDomain), text...))
}

// Keyring holds the public keys that signatures are believed of, by their id.
type Keyring map[string]ed25519.PublicKey

// NewKeyring makes a keyring of public keys.
func NewKeyring(keys ...ed25519.PublicKey) Keyring {
	ring := Keyring{}
	for _, key := range keys {
		ring[KeyID(key)] = key
	}
	return ring
}

// Document reports whether a document was signed by the key with the id.
func (k Keyring) Document(text, signature []byte, id string) bool {
	return k.verifies(append([]byte(documentDomain), text...), signature, id)
}

// Event reports whether an event was signed for a contract with these terms.
func (k Keyring) Event(e AuditEvent, terms []byte) bool {
	return k.verifies(signedText(e, terms), e.Signature, e.SignedBy)
}

func (k Keyring) verifies(text, signature []byte, id string) bool {
	key, known := k[id]
	return known && ed25519.Verify(key, text, signature)
}

// MustBeSigned is the one rule of what carries a signature: what the parties
// and a mediator bind themselves by. These are agreement, delivery, acceptance
// and resolution; a note under the same name that changes no state is none.
func (e AuditEvent) MustBeSigned() bool {
	if e.From == e.To {
		return false
	}
	switch Event(e.Event) {
	case EventAccept, EventConfirmDelivery, EventResolve:
		return true
	default:
		return false
	}
}

// sign puts the signature under an event that must have one. The event's hash
// covers all before it, so that one signature vouches for the whole chain so far.
func (s *Signer) sign(e *AuditEvent, terms []byte) {
	if !e.MustBeSigned() {
		return
	}
	e.Signature, e.SignedBy = ed25519.Sign(s.key, signedText(*e, terms)), s.id
}

// signedText ties an event to the terms that were agreed: neither can be put
// under the other's signature.
func signedText(e AuditEvent, terms []byte) []byte {
	return []byte(eventDomain + hex.EncodeToString(e.Hash) + "\n" + hex.EncodeToString(terms))
}

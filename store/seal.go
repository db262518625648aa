package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/voicepact/gateway/escrow"
)

// keyBytes is the length of both keys.
const keyBytes = 32

// sealVersion is the first byte of everything sealed, so that a later key or
// cipher can be told from this one.
const sealVersion = 1

// Sealer encrypts what names a person (AES-256-GCM under a fresh nonce) and
// makes the keyed hash (HMAC-SHA256) by which a number is found without being
// stored.
type Sealer struct {
	aead   cipher.AEAD
	lookup []byte
}

// NewSealer makes a sealer; both keys have 32 bytes.
func NewSealer(data, lookup []byte) (*Sealer, error) {
	if len(data) != keyBytes || len(lookup) != keyBytes {
		return nil, fmt.Errorf("data and look-up keys have %d and %d bytes, want %d", len(data), len(lookup), keyBytes)
	}
	block, err := aes.NewCipher(data)
	if err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	return &Sealer{aead: aead, lookup: lookup}, nil
}

func (s *Sealer) seal(plain []byte) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	head := append([]byte{sealVersion}, nonce...)
	return s.aead.Seal(head, nonce, plain, nil), nil
}

var errSealed = errors.New("sealed value cannot be opened: wrong data key, or damaged")

func (s *Sealer) open(sealed []byte) ([]byte, error) {
	size := s.aead.NonceSize()
	if len(sealed) < 1+size || sealed[0] != sealVersion {
		return nil, errSealed
	}
	plain, err := s.aead.Open(nil, sealed[1:1+size], sealed[1+size:], nil)
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

func (s *Sealer) hash(phone escrow.Phone) []byte { return s.keyed("", []byte(phone)) }

// keyed is a hash that only this service can compute: without the key, the few
// phone numbers there are could all be tried.
func (s *Sealer) keyed(use string, value []byte) []byte {
	mac := hmac.New(sha256.New, s.lookup)
	mac.Write([]byte(use))
	mac.Write(value)
	return mac.Sum(nil)
}

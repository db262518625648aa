package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"

	"github.com/voicepact/gateway/escrow"
)

type pubkeyCmd struct{ books }

// Run implements the command: what others need to check our signatures.
func (c *pubkeyCmd) Run() error {
	signing, err := c.signing()
	if err != nil {
		return err
	}
	signer, err := signing.signer()
	if err != nil {
		return err
	}
	fmt.Printf("public key  %s\nkey id      %s\n", hex.EncodeToString(signer.Public()), escrow.KeyID(signer.Public()))
	return nil
}

// publicKey is a public key as people hand it on: 64 hexadecimal digits, or the
// name of a file in which they stand.
type publicKey ed25519.PublicKey

// hexDigits finds a key in what `voicepact pubkey` prints.
var hexDigits = regexp.MustCompile(`\b[0-9a-fA-F]{64}\b`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *publicKey) UnmarshalText(text []byte) error {
	found := string(text)
	if hexDigits.FindString(found) != found {
		content, err := os.ReadFile(found) //nolint:gosec // the caller's own file
		if err != nil {
			return fmt.Errorf("%s is neither 64 hexadecimal digits nor a file that can be read", text)
		}
		if found = hexDigits.FindString(string(content)); found == "" {
			return fmt.Errorf("no public key (64 hexadecimal digits) in %s", text)
		}
	}
	key, err := hex.DecodeString(found)
	if err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	*k = key
	return nil
}

// ring returns the keys that were given, or else our own of now and before.
func (b books) ring(given []publicKey) (escrow.Keyring, error) {
	var keys []ed25519.PublicKey
	for _, key := range given {
		keys = append(keys, ed25519.PublicKey(key))
	}
	if len(keys) > 0 {
		return escrow.NewKeyring(keys...), nil
	}
	signing, err := b.signing()
	if err != nil {
		return nil, err
	}
	signer, err := signing.signer()
	if err != nil {
		return nil, err
	}
	keys = append(keys, signer.Public())
	for _, key := range signing.Earlier {
		keys = append(keys, ed25519.PublicKey(key))
	}
	return escrow.NewKeyring(keys...), nil
}

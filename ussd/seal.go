package ussd

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"

	"github.com/voicepact/gateway/menus"
)

// keyBytes is the size of [Config].Key: AES-256.
const keyBytes = 32

// newSealer makes what secrets are sealed with that are typed one after the other:
// a new PIN waits in the session until it was typed again.
func newSealer(key []byte) (cipher.AEAD, error) {
	if len(key) != keyBytes {
		return nil, fmt.Errorf("session key has %d bytes, want %d", len(key), keyBytes)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("session key: %w", err)
	}
	sealer, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("session key: %w", err)
	}
	return sealer, nil
}

// keepSecret keeps a secret that a later act needs in the session, sealed. The
// nonce is made of what is sealed, so that a session which is rebuilt has the same
// state as the lost one; equal secrets of one session look equal, and no others.
func (c *call) keepSecret(step *menus.Step) {
	if step.Name == "" {
		return
	}
	nonce := c.digest("nonce", c.hop.session, step.Name, step.Secret)[:c.sealer.NonceSize()]
	sealed := c.sealer.Seal(nonce, nonce, []byte(step.Secret), c.about(step.Name))
	step.State.Data[step.Name] = base64.RawStdEncoding.EncodeToString(sealed)
}

// secret opens what keepSecret has kept under the name; "" where there is nothing.
func (c *call) secret(data map[string]string, name string) string {
	sealed, err := base64.RawStdEncoding.DecodeString(data[name])
	if err != nil || len(sealed) < c.sealer.NonceSize() {
		return ""
	}
	nonce, text := sealed[:c.sealer.NonceSize()], sealed[c.sealer.NonceSize():]
	opened, err := c.sealer.Open(nil, nonce, text, c.about(name))
	if err != nil {
		return ""
	}
	return string(opened)
}

// about ties a secret to its session and name.
func (c *call) about(name string) []byte { return []byte(c.hop.session + "\x00" + name) }

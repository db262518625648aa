package escrow

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// maxCodeTries is how many wrong release codes a contract takes before it
// accepts none any more and a person has to help.
const maxCodeTries = 5

// minKeyBytes is the shortest key that is taken for a secret.
const minKeyBytes = 32

// Codes derives the codes that are sent by SMS and typed back: the release code
// that buyers get with the delivery notice, and that by which a side agrees to
// call a contract off. A code is bound to one contract, its amount and its purpose
// and derived from a key, so that it is stored nowhere and can be sent again.
type Codes struct{ key []byte }

// NewCodes makes codes under a key of at least 32 bytes.
func NewCodes(key []byte) (*Codes, error) {
	if len(key) < minKeyBytes {
		return nil, fmt.Errorf("release code key has %d bytes, want at least %d", len(key), minKeyBytes)
	}
	return &Codes{key: key}, nil
}

// For returns the contract's release code, four digits.
func (k *Codes) For(c Contract) string {
	return k.derive(c, "release")
}

// derive makes the code for one purpose, which more can narrow.
func (k *Codes) derive(c Contract, purpose string, more ...string) string {
	bound := append([]string{purpose, c.ID.String(), strconv.FormatInt(int64(c.Amount), 10)}, more...)
	mac := hmac.New(sha256.New, k.key)
	mac.Write([]byte(strings.Join(bound, "\x00")))
	n := binary.BigEndian.Uint64(mac.Sum(nil))
	const codes = 10_000 // of four digits
	return fmt.Sprintf("%04d", n%codes)
}

// CodeLocked reports whether too many wrong release codes were tried: only a
// person can help with the code now.
func (c Contract) CodeLocked() bool { return c.CodeTries >= maxCodeTries }

// match compares in constant time.
func (k *Codes) match(c Contract, typed string) bool {
	return subtle.ConstantTimeCompare([]byte(k.For(c)), []byte(typed)) == 1
}

// NeedsCode reports whether the buyer has to give the release code to accept
// the goods by this channel.
func (s *Service) NeedsCode(c Contract, channel Channel) bool {
	return channel != ChannelUSSD || c.Amount > s.policy.CodeAbove
}

package escrow

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
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
	return k.digits(append([]string{purpose, c.ID.String(), strconv.FormatInt(int64(c.Amount), 10)}, more...)...)
}

// digits makes four digits of what a code is bound to.
func (k *Codes) digits(bound ...string) string {
	const codes = 10_000 // of four digits
	return fmt.Sprintf("%04d", binary.BigEndian.Uint64(k.mac(bound...))%codes)
}

func (k *Codes) mac(bound ...string) []byte {
	mac := hmac.New(sha256.New, k.key)
	mac.Write([]byte(strings.Join(bound, "\x00")))
	return mac.Sum(nil)
}

// moment writes a time as precisely as the store keeps it.
func moment(t time.Time) string { return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }

// CodeLocked reports whether too many wrong release codes were tried: only a
// person can help with the code now.
func (c Contract) CodeLocked() bool { return c.CodeTries >= maxCodeTries }

// match compares in constant time.
func (k *Codes) match(c Contract, typed string) bool {
	return subtle.ConstantTimeCompare([]byte(k.For(c)), []byte(typed)) == 1
}

// forReset derives the code by which a party's PIN is reset. It is bound to the
// one time that the reset was asked for.
func (k *Codes) forReset(p Party, asked time.Time) string {
	return k.digits("pin_reset", p.ID.String(), moment(asked))
}

// blind makes an idempotency key of one that was made of what a person typed, and
// from which a PIN could be guessed: there are few.
func (k *Codes) blind(key string) string {
	return "ussd:pin:" + hex.EncodeToString(k.mac("key", key))
}

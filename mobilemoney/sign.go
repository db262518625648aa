package mobilemoney

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/google/uuid"
)

// The words of callback addresses, which are also the kinds under which their
// bodies are kept.
const (
	kindSTK           = "stk"
	kindB2C           = "b2c"
	kindB2CTimeout    = "b2c_timeout"
	kindStatus        = "status"
	kindStatusTimeout = "status_timeout"

	kindReversal        = "reversal"
	kindReversalTimeout = "reversal_timeout"
	// kindOriginal answers a question about the payment that a reversal undoes.
	kindOriginal        = "original"
	kindOriginalTimeout = "original_timeout"
)

// timedOut ends the kind of what M-Pesa's queue gave up on.
const timedOut = "_timeout"

// kinds lists the callbacks that are about a transfer.
func kinds() []string {
	return []string{
		kindSTK, kindB2C, kindB2CTimeout, kindStatus, kindStatusTimeout,
		kindReversal, kindReversalTimeout, kindOriginal, kindOriginalTimeout,
	}
}

// known reports whether there is a callback of that kind.
func known(kind string) bool {
	return slices.Contains(balanceKinds(), kind) || slices.Contains(kinds(), kind)
}

// signer makes the tokens in callback addresses. Safaricom signs nothing, so
// knowing the address of this transfer and of this kind of result is the proof.
type signer struct{ keys [][]byte }

// token is an HMAC of 256 bits in lower-case hexadecimal, by the first key.
func (s signer) token(kind string, transfer uuid.UUID) string {
	return tokenBy(s.keys[0], kind, transfer)
}

func tokenBy(key []byte, kind string, transfer uuid.UUID) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("callback:" + kind + ":" + transfer.String()))
	return hex.EncodeToString(mac.Sum(nil))
}

// verifies accepts the tokens of all keys, so that a key can be replaced while
// callbacks to the old addresses are still to come. It tries every key whatever
// the ones before said.
func (s signer) verifies(kind string, transfer uuid.UUID, token string) bool {
	good := false
	for _, key := range s.keys {
		if hmac.Equal([]byte(tokenBy(key, kind, transfer)), []byte(token)) {
			good = true
		}
	}
	return good
}

// callbackURL is where Safaricom posts a result about a transfer.
func (c *Client) callbackURL(kind string, transfer uuid.UUID) string {
	return c.cfg.PublicURL + "/mm/" + kind + "/" + transfer.String() + "/" + c.signer.token(kind, transfer)
}

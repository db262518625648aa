package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Header carries the signature of a sender that can sign: a partner, or a proxy
// that vouches for a provider. It reads "t=UNIX,v1=HEX", where v1 is the
// HMAC-SHA256 of the time, a dot and the body; several v1 may stand in it while
// the sender replaces a key.
const Header = "X-VoicePact-Signature"

// Tolerance is how far the sender's clock may be from ours, and how long a
// request that was overheard can be repeated.
const Tolerance = 5 * time.Minute

// Sign makes the header's value.
func Sign(key, body []byte, at time.Time) string {
	unix := strconv.FormatInt(at.Unix(), 10)
	return "t=" + unix + ",v1=" + hex.EncodeToString(mac(key, unix, body))
}

func mac(key []byte, unix string, body []byte) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(unix + "."))
	hash.Write(body)
	return hash.Sum(nil)
}

// stamped is a header that was read.
type stamped struct {
	unix string // as it was signed
	at   time.Time
	macs [][]byte
}

// maxMACs bounds the work that a header can ask for.
const maxMACs = 4

// parseHeader reads the header. Parts under other names are left for later
// versions; anything else that is odd makes it no header of ours.
func parseHeader(header string) (stamped, bool) {
	var s stamped
	for part := range strings.SplitSeq(header, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return stamped{}, false
		}
		switch name {
		case "t":
			unix, err := strconv.ParseInt(value, 10, 64)
			if err != nil || s.unix != "" || strconv.FormatInt(unix, 10) != value {
				return stamped{}, false
			}
			s.unix, s.at = value, time.Unix(unix, 0)
		case "v1":
			sum, err := hex.DecodeString(value)
			if err != nil || len(sum) != sha256.Size || len(s.macs) == maxMACs {
				return stamped{}, false
			}
			s.macs = append(s.macs, sum)
		}
	}
	return s, s.unix != "" && len(s.macs) > 0
}

// The reasons for a refusal, for the log.
const (
	unsigned = "no signature that can be read"
	stale    = "signed too long ago, or in the future"
	forged   = "signed by none of the keys"
)

// check says why a request is refused, or "". Every key is tried against every
// signature, whatever the ones before said, so that the time tells nothing.
func check(header string, body []byte, keys [][]byte, now time.Time) string {
	s, ok := parseHeader(header)
	if !ok {
		return unsigned
	}
	good := false
	for _, key := range keys {
		want := mac(key, s.unix, body)
		for _, given := range s.macs {
			if hmac.Equal(want, given) {
				good = true
			}
		}
	}
	switch {
	case !good:
		return forged
	case s.at.Before(now.Add(-Tolerance)), s.at.After(now.Add(Tolerance)):
		return stale
	default:
		return ""
	}
}

package sms

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/voicepact/gateway/escrow"
)

// inbound is one message to the short code, as Africa's Talking posts it. Any
// field may be missing.
type inbound struct {
	id   string // or a hash of the rest where the provider gave none
	from string
	to   string
	text string
	date time.Time // when it was written; zero where that cannot be read
}

func readInbound(f form) inbound {
	in := inbound{from: f["from"], to: f["to"], text: f["text"], date: readDate(f["date"])}
	if in.id = cleanID(f["id"]); in.id == "" {
		in.id = hashOf(in.from, in.to, f["date"], in.text)
	}
	return in
}

// readDate reads both forms that dates have been seen in, and that of the inbox.
// The one without a zone is UTC.
func readDate(text string) time.Time {
	for _, layout := range []string{time.RFC3339, time.DateTime} { // fractions of a second are read by both
		if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return at
		}
	}
	return time.Time{}
}

// withoutKeyword is a text without the word that a shared short code is shared by:
// it stands first in every message. Nothing says that the provider takes it off.
func withoutKeyword(text, keyword string) string {
	trimmed := strings.TrimSpace(text)
	if keyword == "" || len(trimmed) < len(keyword) || !strings.EqualFold(trimmed[:len(keyword)], keyword) {
		return text
	}
	rest := trimmed[len(keyword):]
	if first := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) }); rest != "" && first != 0 {
		return text // a longer word that begins alike
	}
	return strings.TrimSpace(rest)
}

// maxID is the longest id that is used as it is; the documented ones have 38.
const maxID = 128

// cleanID returns an id that can be a key, or nothing.
func cleanID(id string) string {
	id = strings.TrimSpace(id)
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(id) > maxID || strings.ContainsFunc(id, odd) {
		return ""
	}
	return id
}

// hashOf makes a key of what a callback says.
func hashOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "hash:" + hex.EncodeToString(sum[:])
}

// dialable is a number written in digits. The number library reads letters as
// on a keypad, and a sender name must not turn into somebody's phone.
var dialable = regexp.MustCompile(`^\s*\+?[0-9 ]+$`)

// person returns the phone that a message can be answered to. Sender names,
// short codes and we ourselves have none: answering them makes two machines
// talk for ever.
func (in inbound) person(shortCode string) (escrow.Phone, bool) {
	if !dialable.MatchString(in.from) {
		return "", false
	}
	phone, err := escrow.ParsePhone(in.from)
	if err != nil {
		return "", false
	}
	for _, number := range []string{shortCode, in.to} {
		if own, err := escrow.ParsePhone(number); err == nil && own == phone {
			return "", false
		}
	}
	return phone, true
}

package ussd

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/voicepact/gateway/menus"
)

// sessionLife is a little more than the longest session that an operator
// allows, 180 s.
const sessionLife = 200 * time.Second

// reply is what a hop is answered with.
type reply struct {
	Text  string `json:"t"`
	Label string `json:"l,omitempty"`
}

// session is what is kept between two hops, less than 1 KiB. The transcript is
// kept as its length and hash: a release code may have been typed in it.
type session struct {
	Bound    string      `json:"b"` // to the phone and the service code
	Language string      `json:"g,omitempty"`
	Entry    string      `json:"e"` // the first screen of the session
	Menu     menus.State `json:"m"`
	Misses   int         `json:"x,omitempty"` // answers in a row that did not fit
	Ended    bool        `json:"z,omitempty"`
	Drafted  bool        `json:"f,omitempty"` // something is kept for the next dial
	Before   *draft      `json:"w,omitempty"` // what a call before this one had left
	Resumed  bool        `json:"u,omitempty"` // it was taken up
	Seen     int         `json:"n"`           // bytes of the transcript seen
	Hash     string      `json:"h"`           // of the transcript seen
	Reply    reply       `json:"r"`           // to the last hop
}

func encode(s session) ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode session: %w", err)
	}
	return text, nil
}

// decode reads a session. What cannot be read, after a change of the format, is
// as good as lost: it is rebuilt.
func decode(text []byte) (session, bool) {
	var s session
	if len(text) == 0 || json.Unmarshal(text, &s) != nil || s.Hash == "" {
		return session{}, false
	}
	return s, true
}

// digest is keyed: a transcript holds codes and PINs of four digits, which whoever
// reads a plain hash of it could try out.
func (h *Handler) digest(parts ...string) []byte {
	mac := hmac.New(sha256.New, h.Key)
	mac.Write([]byte(strings.Join(parts, "\x00")))
	return mac.Sum(nil)
}

// hashBytes is how much of a hash is kept: enough that no two transcripts of a
// session ever share it.
const hashBytes = 16

func (h *Handler) hash(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString(h.digest(parts...)[:hashBytes])
}

// binding ties a session to who began it and where.
func (h *Handler) binding(next hop) string { return h.hash(string(next.phone), h.ServiceCode) }

// news is what a transcript tells beyond what was seen.
type news int

const (
	nothingNew news = iota // the same again: a duplicate
	oneAnswer              // one more answer
	another                // not a continuation: nothing may come of it
)

// compare finds what is new in text. Everything after the transcript seen is
// one answer, whatever is in it.
func (h *Handler) compare(s session, text string) (news, string) {
	switch {
	case len(text) < s.Seen || h.hash(text[:s.Seen]) != s.Hash:
		return another, ""
	case len(text) == s.Seen:
		return nothingNew, ""
	}
	rest := text[s.Seen:]
	if answer, ok := strings.CutPrefix(rest, "*"); ok {
		return oneAnswer, answer
	}
	if s.Seen == 0 {
		return oneAnswer, rest
	}
	return another, ""
}

// seeing is the session having come up to the transcript.
func (h *Handler) seeing(s session, text string) session {
	s.Seen, s.Hash = len(text), h.hash(text)
	return s
}

// labelBytes is how much of a state's hash a label carries.
const labelBytes = 4

// mark is a short hash of where the caller stands: the screen and what was
// answered so far, but not the data on it.
func (h *Handler) mark(s session, id string) string {
	parts := make([]string, 0, 2+2*len(s.Menu.Data))
	parts = append(parts, id, s.Menu.Node)
	for _, name := range slices.Sorted(maps.Keys(s.Menu.Data)) {
		parts = append(parts, name, s.Menu.Data[name])
	}
	return hex.EncodeToString(h.digest(parts...)[:labelBytes])
}

// label names the screen for the operator's statistics and lets a rebuilt
// session be compared with the lost one. It holds nothing about anyone.
func (h *Handler) label(s session, id string) string {
	return s.Entry + "." + s.Menu.Node + "." + h.mark(s, id)
}

// readLabel returns the entry and the mark of a label that came back.
func readLabel(label string) (entry, mark string, ok bool) {
	entry, rest, ok := strings.Cut(label, ".")
	if !ok {
		return "", "", false
	}
	_, mark, ok = strings.Cut(rest, ".")
	return entry, mark, ok
}

// answersIn splits a transcript whose session is lost. An empty answer on the
// first screen leaves only its separator.
func answersIn(text string) []string {
	text = strings.TrimPrefix(text, "*")
	if text == "" {
		return nil
	}
	return strings.Split(text, "*")
}

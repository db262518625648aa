package mobilemoney

import (
	"regexp"
	"strings"
	"unicode"
)

// removed stands where a secret was.
const removed = "[removed]"

// The things that may not get into a reason, an error or a kept callback.
var (
	// credentialField is the SecurityCredential in a queue time-out, which
	// echoes the whole request according to Safaricom's staff.
	credentialField = regexp.MustCompile(`(?i)("security\s?credential"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|$)`)
	address         = regexp.MustCompile(`(?i)https?:\S+`)
	tokenWords      = regexp.MustCompile(`(?i)(access token\s*[-:]\s*)\S+`)
	// opaqueRun is what tokens, keys and sealed passwords look like. Names of
	// fields are long too, but have no digit.
	opaqueRun = regexp.MustCompile(`[A-Za-z0-9+/_]{20,}={0,2}`)
	longDigit = regexp.MustCompile(`\d{7,}`)

	codeShape   = regexp.MustCompile(`^[A-Za-z0-9._ -]{1,64}$`)
	numberShape = regexp.MustCompile(`\d{10,}`)
)

// withoutCredential removes the initiator's sealed password from a callback
// before it is kept.
func withoutCredential(body []byte) []byte {
	body = credentialField.ReplaceAll(body, []byte(`$1"`+removed+`"`))
	return withoutLongRuns(body)
}

// longRun is shorter than the 344 characters of a sealed password, and longer
// than anything else in a callback that has no break.
const longRun = 300

// withoutLongRuns removes what can be a sealed password under another name,
// however it is escaped. A loop, because a regular expression with such a count
// takes a second over the largest body.
func withoutLongRuns(body []byte) []byte {
	kept, start := make([]byte, 0, len(body)), 0
	for i := range len(body) + 1 {
		if i < len(body) && sealing(body[i]) {
			continue
		}
		if run := body[start:i]; len(run) >= longRun {
			kept = append(kept, removed...)
		} else {
			kept = append(kept, run...)
		}
		if i < len(body) {
			kept = append(kept, body[i])
		}
		start = i + 1
	}
	return kept
}

// sealing reports a letter of base64, plain or escaped for JSON or a form.
func sealing(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	default:
		return strings.IndexByte(`+/=\%_-`, b) >= 0
	}
}

// maxReason keeps a provider's words to a line.
const maxReason = 160

// words cleans what a provider says, for people who look into it: no token (the
// message of 401.002.01 holds one), no address, no phone number, one line.
func words(said scalar) string {
	text := address.ReplaceAllString(string(said), removed)
	text = tokenWords.ReplaceAllString(text, "${1}"+removed)
	text = opaqueRun.ReplaceAllStringFunc(text, func(run string) string {
		if strings.ContainsAny(run, "0123456789") {
			return removed
		}
		return run
	})
	text = longDigit.ReplaceAllString(text, removed)
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if runes := []rune(text); len(runes) > maxReason {
		text = string(runes[:maxReason])
	}
	return text
}

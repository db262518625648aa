package sms

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// token is one word or one number of a message. A number may hold letters that
// people take for digits; see [digits].
type token struct {
	text       string // upper case
	number     bool
	start, end int // bytes in the normalised text
}

// normalise brings a text to one form: compatible characters folded, invisible
// ones dropped, everything that is not to be printed a space. What comes out is
// safe to store.
func normalise(text string) string {
	text = norm.NFKC.String(strings.ToValidUTF8(text, " "))
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r), !unicode.IsPrint(r):
			return ' '
		default:
			return r
		}
	}, text)
}

// scan cuts a normalised text into words and numbers; all else separates. A
// word that touches a number is cut off it, so that "confirm1234" is two.
func scan(text string) []token {
	var tokens []token
	start := -1
	for i, r := range text {
		inside := unicode.IsLetter(r) || isDigit(r)
		if inside && start < 0 {
			start = i
		}
		if !inside && start >= 0 {
			tokens = append(tokens, split(text, start, i)...)
			start = -1
		}
	}
	if start >= 0 {
		tokens = append(tokens, split(text, start, len(text))...)
	}
	return tokens
}

// split cuts a run of letters and digits where the one turns into the other,
// and gives back to a number the letters that stand for its digits.
func split(text string, start, end int) []token {
	var pieces []token
	for i, r := range text[start:end] {
		number := isDigit(r)
		if last := len(pieces) - 1; last >= 0 && pieces[last].number == number {
			continue
		}
		pieces = append(pieces, token{number: number, start: start + i})
	}
	for i := range pieces {
		pieces[i].end = end
		if i+1 < len(pieces) {
			pieces[i].end = pieces[i+1].start
		}
		pieces[i].text = strings.ToUpper(text[pieces[i].start:pieces[i].end])
	}
	return rejoin(pieces)
}

// maxLookalikes is how many letters in a row are taken for digits.
const maxLookalikes = 2

func rejoin(pieces []token) []token {
	numeric := func(i int) bool {
		if i < 0 || i >= len(pieces) {
			return false
		}
		return pieces[i].number
	}
	var joined []token
	for i, p := range pieces {
		if !p.number && (numeric(i-1) || numeric(i+1)) && len(p.text) <= maxLookalikes && strings.Trim(p.text, "OIL") == "" {
			p.number = true
		}
		if last := len(joined) - 1; p.number && last >= 0 && joined[last].number {
			joined[last].text += p.text
			joined[last].end = p.end
			continue
		}
		joined = append(joined, p)
	}
	return joined
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// digits reads a number token: O is 0, I and L are 1, as in a reference.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		default:
			return r
		}
	}, text)
}

// fold joins the words of a text with single spaces, without the punctuation
// around it, and keeps the first limit characters.
func fold(text string, limit int) string {
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), " ,", ",")
	text = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(".,:;-_*#/\"'!?", r) })
	if runes := []rune(text); len(runes) > limit {
		text = strings.TrimSpace(string(runes[:limit]))
	}
	return text
}

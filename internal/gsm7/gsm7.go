// Package gsm7 counts and cleans text for feature phones, which show the 7-bit
// alphabet of 3GPP TS 23.038: 128 characters, and ten more at double price.
// A single character outside it turns a message into UCS-2 and halves its room.
package gsm7

import (
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// basic is the default alphabet without the escape character, in no order that
// matters: only membership is asked.
const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ" +
	" !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
	"¿abcdefghijklmnopqrstuvwxyzäöñüà"

// extension is the second table: each costs an escape character before it.
const extension = "\f^{}\\[~]|€"

// cost is how many septets r takes, or 0 where the alphabet does not have it.
func cost(r rune) int {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ' ':
		return 1
	case strings.ContainsRune(basic, r):
		return 1
	case strings.ContainsRune(extension, r):
		return 2
	default:
		return 0
	}
}

// Septets counts the 7-bit units that text takes; the extension characters
// take two. It is not ok where a character is outside the alphabet.
func Septets(text string) (n int, ok bool) {
	ok = true
	for _, r := range text {
		c := cost(r)
		if c == 0 {
			ok, c = false, 1
		}
		n += c
	}
	return n, ok
}

// likenesses replaces what people and word processors write by what a feature
// phone shows. It is built where it is needed, which is seldom.
func likenesses() *strings.Replacer {
	pairs := []string{
		"\r\n", "\n", "\r", "\n", "…", "...", "⁄", "/", "∕", "/",
		"ł", "l", "Ł", "L", "đ", "d", "Đ", "D", "ð", "d", "Ð", "D",
		"œ", "oe", "Œ", "OE", "þ", "th", "Þ", "Th", "ı", "i",
	}
	for plain, likes := range map[string]string{
		"'": "‘’‚‛`´ʼ′",
		`"`: "“”„‟«»″",
		"-": "‐‑‒–—―−",
		"*": "•·×∙",
		" ": "\t\f\v\u00a0\u2007\u202f\u3000",
	} {
		for _, r := range likes {
			pairs = append(pairs, string(r), plain)
		}
	}
	return strings.NewReplacer(pairs...)
}

// Clean brings text into the alphabet: typographic marks become plain ones,
// letters lose accents that it lacks, what cannot be seen is dropped, and what
// has no likeness becomes '?'. Line ends become one \n. Clean text stays as it
// is.
func Clean(text string) string {
	if plain(text) {
		return text
	}
	like := likenesses()
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range like.Replace(norm.NFC.String(text)) {
		switch {
		case cost(r) > 0:
			b.WriteRune(r)
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me):
		default:
			b.WriteString(base(like, r))
		}
	}
	return b.String()
}

// plain reports whether Clean has nothing to do, which is nearly always.
func plain(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c != '\n' && (c < ' ' || c > '~' || c == '`') {
			return false
		}
	}
	return true
}

// base is what is left of a character without its accents, or '?'.
func base(like *strings.Replacer, r rune) string {
	left := strings.Map(func(part rune) rune {
		if cost(part) > 0 {
			return part
		}
		return -1
	}, like.Replace(norm.NFKD.String(string(r))))
	if left == "" {
		return "?"
	}
	return left
}

// The sizes of an SMS: alone, and as a part of several, where six octets go to
// the header that joins them.
const (
	singleSeptets = 160
	partSeptets   = 153
	singleUnits   = 70
	partUnits     = 67
)

// Segments counts the SMS parts that text takes: in septets where the alphabet
// has every character, else in UTF-16 units. A character of two units is never
// split between parts. The empty text takes none.
func Segments(text string) int {
	if _, ok := Septets(text); ok {
		return parts(text, singleSeptets, partSeptets, cost)
	}
	return parts(text, singleUnits, partUnits, utf16.RuneLen)
}

func parts(text string, single, part int, width func(rune) int) int {
	total, count, room := 0, 0, 0
	for _, r := range text {
		w := max(width(r), 1)
		total += w
		if w > room {
			count++
			room = part
		}
		room -= w
	}
	if total <= single {
		return min(count, 1)
	}
	return count
}

// Cut returns the longest prefix of text that takes at most septets. A
// character outside the alphabet counts as the one '?' that Clean makes of it.
func Cut(text string, septets int) string {
	for i, r := range text {
		septets -= max(cost(r), 1)
		if septets < 0 {
			return text[:i]
		}
	}
	return text
}

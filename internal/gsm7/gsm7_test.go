package gsm7_test

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/voicepact/gateway/internal/gsm7"
)

// table reads the alphabet of 3GPP TS 23.038: septets by character.
func table(tb testing.TB) map[rune]int {
	tb.Helper()
	file, err := os.Open("testdata/ts23038.txt")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	alphabet := map[rune]int{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		position, rest, ok := strings.Cut(lines.Text(), "  U+")
		if !ok || strings.HasPrefix(position, "#") {
			continue
		}
		code, _, _ := strings.Cut(rest, " ")
		r, err := strconv.ParseInt(code, 16, 32)
		if err != nil {
			tb.Fatal(err)
		}
		alphabet[rune(r)] = len(strings.Fields(position))
	}
	const characters = 127 + 10 // without the escape
	if err := lines.Err(); err != nil || len(alphabet) != characters {
		tb.Fatalf("the table has %d characters, %v", len(alphabet), err)
	}
	return alphabet
}

func TestTheAlphabetIsThatOfTheStandard(t *testing.T) {
	t.Parallel()
	alphabet := table(t)
	for r := rune(0); r <= 0xFFFF; r++ {
		want, in := alphabet[r]
		if got, ok := gsm7.Septets(string(r)); utf8.ValidRune(r) && (ok != in || in && got != want) {
			t.Errorf("%U: %d septets, %t; want %d, %t", r, got, ok, want, in)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "",
		"Maize 10 bags":                      "Maize 10 bags",
		"It’s “good” – really…":              `It's "good" - really...`,
		"café, naïve, São, Ngũgĩ":            "café, naive, Sao, Ngugi",
		"cafe\u0301":                         "café",
		"10\u00a0kg\tx":                      "10 kg x",
		"a\r\nb\rc\nd":                       "a\nb\nc\nd",
		"zero\u200bwidth\ufeff":              "zerowidth",
		"€5 {x} [y] ~|\\^":                   "€5 {x} [y] ~|\\^",
		"`quoted´":                           "'quoted'",
		"👍 ok":                               "? ok",
		"Жж":                                 "??",
		"ﬁ ½ ² Œuvre":                        "fi 1/2 2 OEuvre",
		"Łódź":                               "Lodz",
		"\x00bell\x07":                       "bell",
		"broken \xff":                        "broken ?",
		"Ø å Æ ß ñ ü à Ä":                    "Ø å Æ ß ñ ü à Ä",
		"e\u0301\u0302 and a\u030a, n\u0303": "é and å, ñ",
	} {
		got := gsm7.Clean(text)
		if got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want int
	}{
		{"", 0},
		{"a", 1},
		{strings.Repeat("a", 160), 1},
		{strings.Repeat("a", 161), 2},
		{strings.Repeat("a", 306), 2},
		{strings.Repeat("a", 307), 3},
		{strings.Repeat("€", 80), 1},
		{strings.Repeat("€", 81), 2},
		{strings.Repeat("€", 152), 2}, // 76 to a part: an escape never parts from its character
		{strings.Repeat("€", 153), 3},
		{strings.Repeat("Ж", 70), 1},
		{strings.Repeat("Ж", 71), 2},
		{strings.Repeat("Ж", 134), 2},
		{strings.Repeat("Ж", 135), 3},
		{strings.Repeat("👍", 35), 1},
		{strings.Repeat("👍", 36), 2},
		{strings.Repeat("👍", 67), 3}, // 33 to a part: a pair is never split
	} {
		if got := gsm7.Segments(test.text); got != test.want {
			t.Errorf("%d of %q: %d parts, want %d", utf8.RuneCountInString(test.text), firstRune(test.text), got, test.want)
		}
	}
}

func firstRune(text string) string {
	for _, r := range text {
		return string(r)
	}
	return ""
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text    string
		septets int
		want    string
	}{
		{"abc", 3, "abc"},
		{"abc", 2, "ab"},
		{"a€c", 2, "a"},
		{"a€c", 3, "a€"},
		{"Жж", 1, "Ж"},
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"", 5, ""},
	} {
		if got := gsm7.Cut(test.text, test.septets); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.text, test.septets, got, test.want)
		}
	}
}

// Whatever comes in, what goes out can be shown, and is not cleaned again.
func TestCleanTextIsClean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		clean := gsm7.Clean(text)
		if _, ok := gsm7.Septets(clean); !ok {
			t.Fatalf("Clean(%q) = %q is not in the alphabet", text, clean)
		}
		if again := gsm7.Clean(clean); again != clean {
			t.Fatalf("Clean(%q) = %q", clean, again)
		}
	})
}

// Text of the alphabet passes unchanged, but for line ends, form feeds and the
// grave accent that phones have no key for.
func TestCleanKeepsTheAlphabet(t *testing.T) {
	t.Parallel()
	for r := range table(t) {
		if got := gsm7.Clean(string(r)); got != string(r) && r != '\r' && r != '\f' {
			t.Errorf("Clean(%q) = %q", r, got)
		}
	}
}

func TestACutFitsAndIsLongest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := gsm7.Clean(rapid.String().Draw(t, "text"))
		limit := rapid.IntRange(0, 40).Draw(t, "septets")
		cut := gsm7.Cut(text, limit)
		if !strings.HasPrefix(text, cut) {
			t.Fatalf("Cut(%q) = %q", text, cut)
		}
		if n, _ := gsm7.Septets(cut); n > limit {
			t.Fatalf("Cut(%q, %d) takes %d", text, limit, n)
		}
		rest := text[len(cut):]
		if rest == "" {
			return
		}
		if n, _ := gsm7.Septets(cut + firstRune(rest)); n <= limit {
			t.Fatalf("Cut(%q, %d) = %q could be longer", text, limit, cut)
		}
	})
}

// The parts of a text hold it, and one part fewer would not.
func TestSegmentsHoldTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 400, -1).Draw(t, "text")
		size, ok := gsm7.Septets(text)
		single, part := 160, 153
		if !ok {
			size, single, part = len(utf16.Encode([]rune(text))), 70, 67
		}
		parts := gsm7.Segments(text)
		switch {
		case size == 0 && parts != 0, size > 0 && size <= single && parts != 1:
			t.Fatalf("%d units in %d parts", size, parts)
		case size > single && (size > parts*part || size <= (parts-1)*(part-1)):
			t.Fatalf("%d units in %d parts of %d", size, parts, part)
		}
	})
}

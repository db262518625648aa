package sms

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/voicepact/gateway/escrow"
)

// describe writes an order on one line, the language left out.
func (o Order) describe() string {
	words := []string{string(o.Verb)}
	for _, part := range []string{string(o.Ref), o.Code} {
		if part != "" {
			words = append(words, part)
		}
	}
	if o.BadRef {
		words = append(words, "bad")
	}
	if o.Doubtful {
		words = append(words, "doubtful")
	}
	if o.Words != "" {
		words = append(words, "<"+o.Words+">")
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// readTable reads a file of lines of the form "message => order".
func readTable(t *testing.T, file string) []string {
	t.Helper()
	table, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.Trim(string(table), "\n"), "\n")
}

func checkMessages(t *testing.T, file string) {
	t.Helper()
	g := NewGrammar()
	for _, line := range readTable(t, file) {
		message, want, ok := strings.Cut(line, "=>")
		if !ok {
			t.Fatalf("no order in %q", line)
		}
		message = strings.ReplaceAll(strings.TrimSpace(message), `\n`, "\n")
		if got := g.Read(message).describe(); got != strings.TrimSpace(want) {
			t.Errorf("%q is read as %q, want %q", message, got, strings.TrimSpace(want))
		}
	}
}

func TestEnglish(t *testing.T) {
	t.Parallel()
	checkMessages(t, "grammar.en.txt")
}

func TestKiswahili(t *testing.T) {
	t.Parallel()
	checkMessages(t, "grammar.sw.txt")
}

func TestNothingMovesOnAGuess(t *testing.T) {
	t.Parallel()
	checkMessages(t, "grammar.doubt.txt")
}

// TestMixedMessages are those in both languages at once, in shorthand, and those
// that are meant for somebody else.
func TestMixedMessages(t *testing.T) {
	t.Parallel()
	checkMessages(t, "grammar.mixed.txt")
}

// TestTheTableIsLong counts the messages whose meaning is written down, each once.
func TestTheTableIsLong(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, file := range []string{"grammar.en.txt", "grammar.sw.txt", "grammar.mixed.txt", "grammar.doubt.txt"} {
		for _, line := range readTable(t, file) {
			message, _, _ := strings.Cut(line, "=>")
			if message = strings.TrimSpace(message); seen[message] {
				t.Errorf("%q stands twice", message)
			}
			seen[message] = true
		}
	}
	const fewest = 300
	if len(seen) < fewest {
		t.Errorf("%d messages only", len(seen))
	}
}

func TestUnusualCharacters(t *testing.T) {
	t.Parallel()
	g := NewGrammar()
	for _, message := range []string{
		"CONFIRM\u00a01234",                // no-break space
		"\ufeffCONFIRM 1234",               // byte order mark
		"CON\u200bFIRM 1234",               // zero-width space
		"CONFIRM \uff11\uff12\uff13\uff14", // full-width digits
		"\u201cCONFIRM\u201d \u2014 1234",  // quotes and a dash
		"CONFIRM 12\u2013" + "34",          // an en dash
		"CONFIRM\x00 1234",                 // a control character
		"CONFIRM 1234 \xff\xfe",            // not UTF-8
		"CONFIRM 1234 \U0001f44d",          // a raised thumb
	} {
		if got := g.Read(message).describe(); got != "confirm 1234" {
			t.Errorf("%q is read as %q", message, got)
		}
	}
}

func TestLongMessage(t *testing.T) {
	t.Parallel()
	order := NewGrammar().Read("DISPUTE 1234 " + strings.Repeat("wet ", 100_000))
	if order.Ref != "1234" || utf8.RuneCountInString(order.Words) > escrow.MaxWords {
		t.Errorf("ref %q, %d characters kept", order.Ref, len(order.Words))
	}
}

func TestLanguageOfWords(t *testing.T) {
	t.Parallel()
	g := NewGrammar()
	for message, want := range map[string]escrow.Language{
		"HALI 1234": escrow.Kiswahili, "STATUS 1234": escrow.English, "1234": "", "lugha": escrow.Kiswahili,
		"English please": escrow.English, "LUGHA ENGLISH": escrow.English, "Language: Swahili": escrow.Kiswahili,
	} {
		if got := g.Read(message).Language; got != want {
			t.Errorf("%q is %q, want %q", message, got, want)
		}
	}
}

// TestWordsHaveOneMeaning finds a word that stands for two verbs.
func TestWordsHaveOneMeaning(t *testing.T) {
	t.Parallel()
	seen := map[string]Verb{}
	for _, e := range slices.Concat(lexicon(), whole(), languages()) {
		for word := range strings.FieldsSeq(e.words) {
			if before, ok := seen[word]; ok {
				t.Errorf("%s stands for %s and %s", word, before, e.verb)
			}
			seen[word] = e.verb
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"CONFIRM 1234", "accept 12 34 8305", "1234ok", "TATIZO 1234 yameoza", "l0Il", "OIL 1234 OIL", "", "\xff1234\x00",
		"confirm\u200b1o1o", "no, 1234, no", "1 2 3 4 5 6 7 8 9", "\u0130\u1e9e 1234",
	} {
		f.Add(seed)
	}
	g := NewGrammar()
	f.Fuzz(func(t *testing.T, message string) {
		order := g.Read(message)
		if order.Ref != "" {
			if _, err := escrow.ParseRef(string(order.Ref)); err != nil || order.BadRef {
				t.Errorf("%q gives the reference %q (bad: %t)", message, order.Ref, order.BadRef)
			}
		}
		if order.Code != "" && (len(order.Code) != codeDigits || strings.Trim(order.Code, "0123456789") != "") {
			t.Errorf("%q gives the code %q", message, order.Code)
		}
		if order.Code != "" && !order.Verb.takesCode() {
			t.Errorf("%q gives %s a code", message, order.Verb)
		}
		if !utf8.ValidString(order.Words) || utf8.RuneCountInString(order.Words) > escrow.MaxWords ||
			strings.ContainsFunc(order.Words, unicode.IsControl) {
			t.Errorf("%q gives the words %q", message, order.Words)
		}
	})
}

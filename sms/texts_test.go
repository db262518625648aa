package sms

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
)

// TestTheTextsNameWhatTheScreenShows looks for the very words of the choice that a
// locked PIN sends people to.
func TestTheTextsNameWhatTheScreenShows(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	for _, language := range []escrow.Language{escrow.English, escrow.Kiswahili} {
		text, err := c.compose(escrow.Message{Template: escrow.MsgPINLocked, To: escrow.Party{Language: language}}, "")
		if choice := c.screens.Text(string(language), "choice.pin_forgot", nil); err != nil || !strings.Contains(text, choice) {
			t.Errorf("%s: %q does not say %q: %v", language, text, choice, err)
		}
	}
}

// TestWhatMustBeDialledIsGiven has the refusal show the code to dial: "call us" is
// what people read where it only says so.
func TestWhatMustBeDialledIsGiven(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	for _, language := range []escrow.Language{escrow.English, escrow.Kiswahili} {
		m := longest(escrow.Buyer, language)
		m.Template, m.Params.Code = escrow.MsgRefused, escrow.DialNeeded
		text, err := c.compose(m, "")
		if reason, _, _ := strings.Cut(text, string(m.Params.Ref)); err != nil || !strings.Contains(reason, c.dial) {
			t.Errorf("%s: %q, %v", language, text, err)
		}
	}
}

// TestCancellingHasOneName keeps one word for it on the screens and in the SMS, which
// is also the word that people reply.
func TestCancellingHasOneName(t *testing.T) {
	t.Parallel()
	other := regexp.MustCompile(`(?im)^\w+ *=.*\bcall(s|ed|ing)? off\b.*$`)
	for _, file := range []string{"texts/en.toml", "../menus/texts/en.toml"} {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		if found := other.FindAllString(string(text), -1); len(found) > 0 {
			t.Errorf("%s has another word for it: %q", file, found)
		}
	}
}

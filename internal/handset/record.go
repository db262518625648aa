package handset

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/voicepact/gateway/internal/transcript"
)

// Recorder writes a session as a transcript while it happens. PINs stand in it
// as they were typed: the phones are toys.
type Recorder struct {
	to         io.Writer
	introduced bool
}

// NewRecorder writes to a file, or wherever.
func NewRecorder(to io.Writer) *Recorder { return &Recorder{to: to} }

// step writes one step of a phone; on a nil recorder it does nothing.
func (r *Recorder) step(p *Phone, what, seen string) error {
	if r == nil {
		return nil
	}
	s := transcript.Step{Who: key(p.view.Name), What: p.general(what), Seen: p.mask().Hide(seen)}
	if !r.introduced {
		r.introduced = true
		s.Before = []string{transcript.Person{
			Key: s.Who, Number: p.number, Name: p.view.Name, Language: p.view.Language,
		}.Introduction()}
	}
	if _, err := s.WriteTo(r.to); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

// general puts names in the place of the newest reference and the release code.
func (p *Phone) general(what string) string {
	if len(p.state.Contracts) > 0 {
		what = replaceWord(what, p.state.Contracts[0].Ref, "{ref}")
	}
	return replaceWord(what, p.releaseCode(), "{code}")
}

func replaceWord(text, word, with string) string {
	if word == "" {
		return text
	}
	return regexp.MustCompile(`\b`+regexp.QuoteMeta(word)+`\b`).ReplaceAllString(text, with)
}

// key is what transcripts call somebody: the first name, in small letters.
func key(name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return strings.ToLower(first)
}

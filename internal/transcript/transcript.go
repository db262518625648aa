// Package transcript reads, replays, writes and compares files of what is typed
// on phones and what they then show. The same file is a test of the menus, a
// script of `voicepact phone`, and what `voicepact phone --record` writes.
//
// A line that begins with "> " is a step: a name and what its owner does.
// Everything after it, up to the next step, is what the phone shows.
//
//	# a comment, which goes with the step below it
//	# amina is +254712000001 Amina Wanjiru, en
//	> amina dials          a new call; "amina dials 1234" dials further
//	> amina 1              one answer
//	> amina :sms STATUS    a command, as `voicepact phone` takes it
//	> world works          the world goes on; a player knows what it can do
//
// "# NAME is NUMBER" says whose phone is meant, and, where that phone may have
// to be made first, its owner's name and language. What is random or depends on
// the day is masked: see [Mask].
package transcript

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Transcript is one file. Steps that are not yet played have Seen as the file
// has it: what is expected.
type Transcript struct {
	Steps []Step
	After []string // comments behind the last step
}

// Step is something done and what is seen then.
type Step struct {
	Before []string // comments, as they stand in the file
	Who    string
	What   string
	Seen   string // without the last newline; "" when nothing is shown
}

// Person is who a name in a transcript stands for.
type Person struct {
	Key      string // as the steps have it
	Number   string
	Name     string // "" unless the file has it
	Language string // likewise
}

const (
	stepMark    = "> "
	commentMark = "# "
	dialWord    = "dials"
)

// Parse reads a file. Lines between a comment and the next step belong to no
// screen and must be empty.
func Parse(text string) (Transcript, error) {
	var t Transcript
	var comments, seen []string
	open := false // the last line belongs to a step's screen
	finish := func() {
		if len(t.Steps) > 0 && open {
			t.Steps[len(t.Steps)-1].Seen = strings.TrimRight(strings.Join(seen, "\n"), "\n")
		}
		seen, open = nil, false
	}
	for number, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, commentMark), line == "#":
			finish()
			comments = append(comments, line)
		case strings.HasPrefix(line, stepMark):
			finish()
			who, what, _ := strings.Cut(strings.TrimPrefix(line, stepMark), " ")
			if who == "" {
				return t, fmt.Errorf("line %d: who does that? A step is \"> amina 1\"", number+1)
			}
			t.Steps = append(t.Steps, Step{Before: comments, Who: who, What: what})
			comments, open = nil, true
		case open:
			seen = append(seen, line)
		case strings.TrimSpace(line) != "":
			return t, fmt.Errorf("line %d stands behind no step: %q", number+1, line)
		}
	}
	finish()
	t.After = comments
	return t, nil
}

// String is the file again. Parsing it gives the same transcript.
func (t Transcript) String() string {
	var b strings.Builder
	for _, s := range t.Steps {
		s.write(&b)
	}
	writeLines(&b, t.After)
	return b.String()
}

// WriteTo appends one step to a file that is written while it happens.
func (s Step) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	s.write(&b)
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

func (s Step) write(b *strings.Builder) {
	writeLines(b, s.Before)
	fmt.Fprintln(b, strings.TrimRight(stepMark+s.Who+" "+s.What, " "))
	if s.Seen != "" {
		fmt.Fprintln(b, s.Seen)
	}
	fmt.Fprintln(b)
}

func writeLines(b *strings.Builder, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(b, line)
	}
}

// Play does all steps in their order and returns them with what was seen. It
// stops at the first that ends in an error, which is returned with the others
// when it showed something.
func (t Transcript) Play(do func(Step) (string, error)) (Transcript, error) {
	played := Transcript{After: t.After}
	for _, s := range t.Steps {
		seen, err := do(s)
		if err == nil || seen != "" {
			done := s
			done.Seen = seen
			played.Steps = append(played.Steps, done)
		}
		if err != nil {
			return played, fmt.Errorf("> %s %s: %w", s.Who, s.What, err)
		}
	}
	return played, nil
}

// ErrNobody says that a step names someone whom nobody introduced.
var ErrNobody = errors.New("nobody has that name")

var personLine = regexp.MustCompile(`^# (\S+) is (\+?\d{9,15})(?: ([^,]+))?(?:, ([a-z]{2}))?$`)

// People are those whom the comments introduce.
func (t Transcript) People() []Person {
	var people []Person
	for _, s := range t.Steps {
		for _, line := range s.Before {
			if m := personLine.FindStringSubmatch(line); m != nil {
				people = append(people, Person{Key: m[1], Number: m[2], Name: m[3], Language: m[4]})
			}
		}
	}
	return people
}

// Introduction is the comment that says who a name stands for.
func (p Person) Introduction() string {
	line := commentMark + p.Key + " is " + p.Number
	if p.Name != "" {
		line += " " + p.Name
	}
	if p.Language != "" {
		line += ", " + p.Language
	}
	return line
}

// Dialled is what a step dials beyond the service code: "1234" of "dials 1234".
func (s Step) Dialled() (string, bool) {
	if s.What == dialWord {
		return "", true
	}
	return strings.CutPrefix(s.What, dialWord+" ")
}

// Command splits ":sms STATUS 1234" into "sms" and the rest.
func (s Step) Command() (name, rest string, ok bool) {
	line, ok := strings.CutPrefix(s.What, ":")
	if !ok {
		return "", "", false
	}
	name, rest, _ = strings.Cut(line, " ")
	return name, strings.TrimSpace(rest), true
}

// Diff tells the steps whose screens differ, in the order of the file; "" when
// none does. Both are compared as given: mask them first.
func Diff(want, got Transcript) string {
	var b strings.Builder
	for i := range max(len(want.Steps), len(got.Steps)) {
		switch {
		case i >= len(got.Steps):
			fmt.Fprintf(&b, "> %s %s\n  was not played\n", want.Steps[i].Who, want.Steps[i].What)
		case i >= len(want.Steps):
			fmt.Fprintf(&b, "> %s %s\n  is not in the file\n", got.Steps[i].Who, got.Steps[i].What)
		case want.Steps[i].Seen != got.Steps[i].Seen:
			fmt.Fprintf(&b, "> %s %s\n%s", want.Steps[i].Who, want.Steps[i].What, Lines(want.Steps[i].Seen, got.Steps[i].Seen))
		}
	}
	return b.String()
}

// Lines shows two screens as one: "-" wanted, "+" seen instead.
func Lines(want, got string) string {
	old, now := split(want), split(got)
	var b strings.Builder
	for i := range max(len(old), len(now)) {
		if i < len(old) && i < len(now) && old[i] == now[i] {
			fmt.Fprintf(&b, "  %s\n", old[i])
			continue
		}
		if i < len(old) {
			fmt.Fprintf(&b, "- %s\n", old[i])
		}
		if i < len(now) {
			fmt.Fprintf(&b, "+ %s\n", now[i])
		}
	}
	return b.String()
}

// split makes no line of no screen.
func split(screen string) []string {
	if screen == "" {
		return nil
	}
	return strings.Split(screen, "\n")
}

package ussd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

// A transcript is a file of what is typed and what is seen. A line that begins
// with "> " is a step; everything after it, up to the next step, is what the
// phone shows, and is compared or, with -update, written.
//
//	# a comment
//	> amina dials          a new session; "amina dials 1234" dials further
//	> amina 1              one answer; {code} is the release code of her last SMS
//	> world works          jobs run: messages and instructions to M-Pesa go out
//	> world collects       the buyer's money arrives
//	> world pays           the seller's money arrives
//	> world waits 24h      time passes
//
// References are random; each is written as the first, second … of its length.
type script struct {
	x       *exchange
	people  map[string]*phone
	numbers map[string]escrow.Phone
	flushed bool // sessions are lost before every hop
	dropped bool // a call that can be taken up again is cut off before every answer
	redials int
	all     []*phone
	steps   int
}

func newScript(x *exchange, flushed bool) *script {
	return &script{x: x, flushed: flushed, people: map[string]*phone{}, numbers: map[string]escrow.Phone{
		"amina": storetest.Amina, "otieno": storetest.Otieno, "mallory": storetest.Mallory,
	}}
}

// run replays the file and returns it with what was seen.
func (s *script) run(file string) string {
	s.x.tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		s.x.tb.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "# "):
			fmt.Fprintln(&b, line)
		case strings.HasPrefix(line, "> "):
			fmt.Fprintln(&b, line)
			if screen := s.step(strings.TrimPrefix(line, "> ")); screen != "" {
				fmt.Fprintln(&b, s.masked(screen))
			}
			fmt.Fprintln(&b)
		}
	}
	return b.String()
}

func (s *script) step(line string) string {
	s.x.tb.Helper()
	s.steps++
	who, what, _ := strings.Cut(line, " ")
	if who == "world" {
		s.turn(what)
		return ""
	}
	number, known := s.numbers[who]
	if !known {
		s.x.tb.Fatalf("nobody is called %q", who)
	}
	if s.flushed {
		s.x.flush()
	}
	if digits, dials := strings.CutPrefix(what, "dials"); dials {
		s.people[who] = s.x.pick(number)
		s.all = append(s.all, s.people[who])
		return s.people[who].dial(s.filled(strings.TrimSpace(digits), number))
	}
	if s.dropped {
		s.redial(who, number)
	}
	return s.people[who].answer(s.filled(what, number))
}

// redial cuts the call off and dials again, if that leads to where it was.
func (s *script) redial(who string, number escrow.Phone) {
	s.x.tb.Helper()
	again := s.x.pick(number)
	again.dial("")
	if !strings.HasPrefix(again.screen, "CON You were cut off") && !strings.HasPrefix(again.screen, "CON Simu ilikatika") {
		return // nothing was begun: the old call goes on
	}
	if back := again.answer("1"); back != s.people[who].screen {
		return // behind a question that has to be answered again
	}
	s.redials++
	s.people[who] = again
}

func (s *script) turn(what string) {
	s.x.tb.Helper()
	world := s.x.world
	switch {
	case what == "works":
		world.Work()
	case what == "collects":
		world.Pay(escrow.Collect, world.Receipt())
	case what == "pays":
		world.Pay(escrow.Payout, world.Receipt())
	case strings.HasPrefix(what, "waits "):
		d, err := time.ParseDuration(strings.TrimPrefix(what, "waits "))
		if err != nil {
			s.x.tb.Fatal(err)
		}
		world.Clock.Advance(d)
	default:
		s.x.tb.Fatalf("the world cannot do %q", what)
	}
}

// filled puts the newest reference and code in the place of their names.
func (s *script) filled(text string, number escrow.Phone) string {
	s.x.tb.Helper()
	if strings.Contains(text, "{code}") {
		text = strings.ReplaceAll(text, "{code}", s.x.world.Postbox.Last(s.x.tb, number).Release)
	}
	if strings.Contains(text, "{ref}") {
		text = strings.ReplaceAll(text, "{ref}", string(s.refs()[0]))
	}
	return text
}

// refs lists the references in use, the newest first.
func (s *script) refs() []escrow.Ref {
	s.x.tb.Helper()
	const all = 100
	list, err := s.x.world.Store.Newest(s.x.tb.Context(), all)
	if err != nil {
		s.x.tb.Fatal(err)
	}
	refs := make([]escrow.Ref, len(list))
	for i, o := range list {
		refs[i] = o.Contract.Ref
	}
	return refs
}

func (s *script) masked(screen string) string {
	for _, ref := range s.refs() {
		screen = strings.ReplaceAll(screen, string(ref), strings.Repeat("#", len(ref)))
	}
	return screen
}

// transcripts are those that go the same way when sessions are lost.
func transcripts() []string {
	return []string{
		"deal.en.txt", "deal.sw.txt", "rest.en.txt", "undo.en.txt", "terms.en.txt", "terms.sw.txt", "pin.en.txt", "pin.sw.txt",
	}
}

// The whole deal, screen by screen, in both languages and on both engines.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, file := range append(transcripts(), "changed.en.txt") {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
				t.Helper()
				x := newExchange(t, storetest.NewWorld(t, open), testkit.Redis(t))
				testkit.Golden(t, "testdata/"+file, newScript(x, false).run(file))
				x.world.Prove()
			})
		})
	}
}

// Sessions lost before every single hop change nothing that anybody sees, and
// nothing is done twice.
func TestTranscriptsWithoutSessions(t *testing.T) {
	t.Parallel()
	for _, file := range transcripts() {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			x := newSmallExchange(t)
			newScript(x, true).wantsAs(file)
			x.world.Prove()
		})
	}
}

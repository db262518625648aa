package ussd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/internal/transcript"
	"github.com/voicepact/gateway/store/storetest"
)

// script plays transcripts (see [transcript.Transcript]) on the handler alone. It
// dials and answers; {ref} is the newest contract's reference and {code} the
// release code of the phone's last SMS. The world can:
//
//	> world works          jobs run: messages and instructions to M-Pesa go out
//	> world collects       the buyer's money arrives
//	> world pays           the seller's money arrives
//	> world waits 24h      time passes
//
// References are random; each is written as so many #.
type script struct {
	x       *exchange
	people  map[string]*phone
	numbers map[string]escrow.Phone
	flushed bool // sessions are lost before every hop
	dropped bool // a call that can be taken up again is cut off before every answer
	redials int
	behind  []string // screens that a new call did not lead to at once
	all     []*phone
	steps   int
}

func newScript(x *exchange, flushed bool) *script {
	return &script{x: x, flushed: flushed, people: map[string]*phone{}, numbers: map[string]escrow.Phone{
		"amina": storetest.Amina, "otieno": storetest.Otieno, "mallory": storetest.Mallory,
	}}
}

// run replays the file and returns it with what was seen.
func (s *script) run(name string) string {
	s.x.tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		s.x.tb.Fatal(err)
	}
	file, err := transcript.Parse(string(content))
	if err != nil {
		s.x.tb.Fatal(err)
	}
	played, err := file.Play(func(step transcript.Step) (string, error) { return s.step(step), nil })
	if err != nil {
		s.x.tb.Fatal(err)
	}
	return played.String()
}

func (s *script) step(step transcript.Step) string {
	s.x.tb.Helper()
	s.steps++
	if step.Who == "world" {
		s.turn(step.What)
		return ""
	}
	number, known := s.numbers[step.Who]
	if !known {
		s.x.tb.Fatalf("%v: %q", transcript.ErrNobody, step.Who)
	}
	if s.flushed {
		s.x.flush()
	}
	if digits, dials := step.Dialled(); dials {
		s.people[step.Who] = s.x.pick(number)
		s.all = append(s.all, s.people[step.Who])
		return s.masked(s.people[step.Who].dial(s.filled(digits, number)))
	}
	if s.dropped {
		s.redial(step.Who, number)
	}
	return s.masked(s.people[step.Who].answer(s.filled(step.What, number)))
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
		// The code, the PIN and what stood above the screen: the question comes first.
		s.behind = append(s.behind, firstLine(s.people[who].screen))
		return
	}
	s.redials++
	s.people[who] = again
}

func firstLine(screen string) string {
	line, _, _ := strings.Cut(screen, "\n")
	return line
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
	var mask transcript.Mask
	for _, ref := range s.refs() {
		mask.Refs = append(mask.Refs, string(ref))
	}
	return mask.Hide(screen)
}

// transcripts are those that go the same way when sessions are lost.
func transcripts() []string {
	return []string{
		"deal.en.txt", "deal.sw.txt", "rest.en.txt", "rest.sw.txt", "undo.en.txt", "undo.sw.txt", "terms.en.txt", "terms.sw.txt", "pin.en.txt", "pin.sw.txt",
		"word.en.txt", "word.sw.txt",
	}
}

// The whole deal, screen by screen, in both languages and on both engines.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, file := range append(transcripts(), "changed.en.txt", "changed.sw.txt") {
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

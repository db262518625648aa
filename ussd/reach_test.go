package ussd_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

// noSessions are sessions behind a network that nothing comes back from.
type noSessions struct{}

var errUnreached = errors.New("sessions are out of reach")

func (noSessions) Load(context.Context, ...string) ([][]byte, error) { return nil, errUnreached }

func (noSessions) Swap(context.Context, string, []byte, []byte, time.Duration) (bool, error) {
	return false, errUnreached
}

func (noSessions) Finish(context.Context, string, []byte, []byte, time.Duration) (bool, error) {
	return false, errUnreached
}

func (noSessions) Put(context.Context, string, []byte, time.Duration) error { return errUnreached }

func noAnswer(context.Context) error { return errUnreached }

const lostLine = "ussd hop without a session"

// Whole deals, without one session read or stored from their first hop to their
// last, show the same screens, and the log says so once a hop.
func TestTranscriptsWithSessionsOutOfReach(t *testing.T) {
	t.Parallel()
	for _, file := range transcripts() {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			x := newSmallExchange(t)
			x.app = x.serve(noSessions{})
			s := newScript(x, false)
			s.wantsAs(file)
			x.world.Prove()
			hops := 0
			for _, p := range s.all {
				hops += p.hops
			}
			if lines := strings.Count(x.logs.String(), lostLine); lines != hops {
				t.Errorf("%d lines in the log for %d hops", lines, hops)
			}
		})
	}
}

// wantsAs fails the test at the first line that differs from the file. What a call
// has left for the next one is lost with the sessions.
func (s *script) wantsAs(file string) {
	s.x.tb.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		s.x.tb.Fatal(err)
	}
	got := withoutMemory(s.run(file))
	for i, line := range withoutMemory(string(want)) {
		if i >= len(got) || got[i] != line {
			s.x.tb.Fatalf("line %d: without sessions the talk goes on\n%s", i+1, strings.Join(got[max(i-12, 0):], "\n"))
		}
	}
}

// withoutMemory are the lines of a transcript without those that say what was done
// in an earlier call.
func withoutMemory(text string) []string {
	for _, done := range []string{"CON Done: ", "CON Tayari: "} {
		for {
			before, after, found := strings.Cut(text, done)
			if !found {
				break
			}
			_, after, _ = strings.Cut(after, "\n")
			text = before + "CON " + after
		}
	}
	return strings.Split(text, "\n")
}

// Neither sessions nor labels: nothing tells an answer from a dial string, so
// that an act is asked for once more, and then for a new dial; never done.
func TestNothingIsActedOnWithoutSessionsAndLabels(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	x.app = x.serve(noSessions{})
	c := x.world.DealIn(escrow.Delivered, escrow.Shillings(500))
	x.speaks(storetest.Amina, escrow.English)
	p := x.pick(storetest.Amina)
	p.deaf = true
	p.dial("")
	p.answers("1", "1")
	p.wants("CON Answer once more.\nGot all Maize 10 bags")
	p.answer("1")
	p.wants("END Please dial " + serviceCode + " again.")
	if x.state(c) != escrow.Delivered {
		t.Errorf("contract is %s", x.state(c))
	}
}

// Sessions that can be read but not stored, or that come and go, cost nothing:
// a hop after one that was not stored is not taken for an answer with a star.
func TestSessionsThatComeAndGo(t *testing.T) {
	t.Parallel()
	none := func(context.Context) error { return nil }
	for name, faults := range map[string]struct{ load, swap func(context.Context) error }{
		"not read":   {noAnswer, none},
		"not stored": {none, noAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for first := range 8 {
				x := newSmallExchange(t)
				b := x.breakable()
				p := x.ready(storetest.Otieno)
				for i, answer := range []string{"1", "1", "0712000001", "Maize", "500", "1", "1"} {
					b.load, b.swap = nil, nil
					if i >= first && i < first+2 {
						b.load, b.swap = faults.load, faults.swap
					}
					p.answer(answer)
				}
				p.wants("END ", " sent to 0712***001")
				if x.contracts() != 1 {
					t.Errorf("%d contracts", x.contracts())
				}
			}
		})
	}
}

// Equal hops at once have one effect, sessions or not.
func TestEqualHopsAtOnceWithoutSessions(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		x := newExchange(t, storetest.NewWorld(t, open), testkit.MiniRedis(t))
		x.app = x.serve(noSessions{})
		p := x.ready(storetest.Otieno)
		p.answers("1", "1", "0712000001", "Maize", "500", "1")
		p.text += "*1"
		var got [2]string
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { _, got[i], _ = x.post("/ussd", p.form(), p.label) })
		}
		all.Wait()
		if got[0] != got[1] || !strings.HasPrefix(got[0], "END ") || x.contracts() != 1 {
			t.Errorf("%d contracts, answers\n%s", x.contracts(), strings.Join(got[:], "\n"))
		}
	})
}

// Sessions that let a hop wait for ever cost it a part of its time only.
func TestSessionsThatHang(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	x.speaks(storetest.Amina, escrow.English)
	b := x.breakable()
	hangs := func(ctx context.Context) error {
		by, ok := ctx.Deadline()
		if left := time.Until(by); !ok || left > patience/4 {
			t.Errorf("a call for a session may take %s", left)
		}
		return context.DeadlineExceeded
	}
	p := x.pick(storetest.Amina)
	b.load = hangs
	p.dial("")
	p.wants("CON VoicePact")
	b.load, b.swap = nil, hangs
	p.answer("5")
	p.wants("CON We hold the buyer's money")
}

package sim

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// Any story of people, provider, time and crashes ends as the model says.
// More of them: go test ./internal/sim -run TestModel -rapid.checks 2000.
//
//nolint:paralleltest // it sets how many stories rapid tells
func TestModel(t *testing.T) {
	const onSQLite, onPostgres = 10, 3
	for _, engine := range []struct {
		name   string
		open   storetest.Opener
		checks int
	}{{"sqlite", storetest.SQLite, onSQLite}, {"postgres", storetest.Postgres, onPostgres}} {
		t.Run(engine.name, func(t *testing.T) {
			if flag.Lookup("rapid.checks").Value.String() == flag.Lookup("rapid.checks").DefValue {
				setFlag(t, "rapid.checks", strconv.Itoa(engine.checks))
			}
			rapid.Check(t, func(rt *rapid.T) { newStage(t, rt, engine.open).play() })
		})
	}
}

func setFlag(t *testing.T, name, value string) {
	t.Helper()
	before := flag.Lookup(name).Value.String()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(name, before) })
}

// guest lets a world of tests fail a single story of rapid's, which then looks
// for a shorter one, and ends with that story.
type guest struct {
	testing.TB
	*rapid.T
	m *model
}

func (g guest) Helper()                      { g.T.Helper() }
func (g guest) Name() string                 { return g.TB.Name() }
func (g guest) Context() context.Context     { return g.T.Context() }
func (g guest) Cleanup(f func())             { g.T.Cleanup(f) }
func (g guest) Fatal(args ...any)            { g.T.Fatalf("%s\n%s", fmt.Sprint(args...), g.m) }
func (g guest) Fatalf(f string, args ...any) { g.T.Fatalf("%s\n%s", fmt.Sprintf(f, args...), g.m) }
func (g guest) Error(args ...any)            { g.Fatal(args...) }
func (g guest) Errorf(f string, args ...any) { g.Fatalf(f, args...) }
func (g guest) Log(args ...any)              { g.T.Log(args...) }
func (g guest) Logf(f string, args ...any)   { g.T.Logf(f, args...) }
func (g guest) Fail()                        { g.T.Fail() }
func (g guest) FailNow()                     { g.T.FailNow() }
func (g guest) Failed() bool                 { return g.T.Failed() }
func (g guest) Skip(args ...any)             { g.TB.Skip(args...) }
func (g guest) Skipf(f string, args ...any)  { g.TB.Skipf(f, args...) }
func (g guest) SkipNow()                     { g.TB.SkipNow() }
func (g guest) Skipped() bool                { return g.TB.Skipped() }
func (g guest) Output() io.Writer            { return g.TB.Output() }

// TempDir is gone when the story has ended, and not only when all have.
func (g guest) TempDir() string {
	folder, err := os.MkdirTemp(g.TB.TempDir(), "story")
	if err != nil {
		g.Fatal(err)
	}
	g.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// stage is one story: the real thing and the model side by side.
type stage struct {
	guest

	w     *storetest.World
	m     *model
	last  func() error // the last request, to be made again
	taken int          // submissions that the model has seen
	again int          // how many prompts may be sent once more, because they were not taken
}

func newStage(t *testing.T, rt *rapid.T, open storetest.Opener) *stage {
	t.Helper()
	m := &model{owed: map[escrow.Phone]escrow.Cents{}, late: map[uuid.UUID]bool{}}
	g := guest{t, rt, m}
	return &stage{guest: g, w: storetest.NewWorld(g, open), m: m}
}

func (s *stage) play() {
	s.Repeat(map[string]func(*rapid.T){
		"propose": s.propose,
		"act":     s.act, "act more": s.act, "act again": s.act, // people act most
		"due": s.due, "due more": s.due,
		"repeat":   s.repeat,
		"provider": s.provider, "provider more": s.provider,
		"answer": s.answer,
		"crash":  s.crash,
		"time":   s.time,
		"days":   s.days,
		"":       s.compare,
	})
}

// The two who deal, and one who does not.
func people() []escrow.Phone {
	return []escrow.Phone{storetest.Amina, storetest.Otieno, storetest.Mallory}
}

// modelPrice is above what goes without a release code on USSD.
const modelPrice = escrow.Cents(6_000_00)

func (s *stage) propose(rt *rapid.T) {
	if len(s.m.deals) == 3 {
		rt.Skip("enough deals")
	}
	role := rapid.SampledFrom([]escrow.Role{escrow.Buyer, escrow.Seller}).Draw(rt, "proposer")
	d := &modelDeal{
		state: escrow.Pending, proposer: role, buyer: storetest.Amina, seller: storetest.Otieno,
		amount: modelPrice + escrow.Shillings(int64(len(s.m.deals))), asks: map[asking]int{}, words: map[asking]int{},
	}
	from, other := d.seller, d.buyer
	if role == escrow.Buyer {
		from, other = other, from
	}
	result, err := s.w.Service.Propose(s.Context(), escrow.Proposal{
		Request: s.w.Request(from), Role: role, Other: other, Item: "Maize", Amount: d.amount, DeliverBy: s.w.Clock.Now(),
	})
	if err != nil {
		s.Fatal(err)
	}
	d.ref, d.id = result.Contract.Ref, result.Contract.ID
	s.m.deals = append(s.m.deals, d)
	s.m.tellf("the %s proposes deal %d", role, len(s.m.deals))
	s.work()
}

func (s *stage) deal(rt *rapid.T) (int, *modelDeal) {
	if len(s.m.deals) == 0 {
		rt.Skip("no deal yet")
	}
	n := rapid.IntRange(0, len(s.m.deals)-1).Draw(rt, "deal")
	return n + 1, s.m.deals[n]
}

// act is anything by anybody.
func (s *stage) act(rt *rapid.T) {
	n, d := s.deal(rt)
	act := rapid.SampledFrom(anything()).Draw(rt, "act")
	who := rapid.SampledFrom(people()).Draw(rt, "who")
	code := rapid.SampledFrom([]codeTyped{rightCode, wrongCode, noCode}).Draw(rt, "code")
	s.perform(n, d, act, who, code)
}

// due is what the contract waits for.
func (s *stage) due(rt *rapid.T) {
	n, d := s.deal(rt)
	view := escrow.Contract{State: d.state, Proposer: d.proposer}
	for _, role := range []escrow.Role{escrow.Buyer, escrow.Seller} {
		if act, waits := view.WaitsFor(role); waits {
			who := d.seller
			if role == escrow.Buyer {
				who = d.buyer
			}
			s.perform(n, d, act, who, rightCode)
			return
		}
	}
	rt.Skip("nothing is due")
}

func (s *stage) perform(n int, d *modelDeal, act escrow.Act, who escrow.Phone, code codeTyped) {
	cmd := s.w.Command(who, d.ref)
	switch act {
	case escrow.ActAccept, escrow.ActCancel, escrow.ActAgreeCancel:
		cmd.Code = s.typed(d, act, code)
	case escrow.ActDispute:
		cmd.Words = "rotten"
	default:
	}
	s.m.today = escrow.Day(s.w.Clock.Now())
	want := s.m.allowed(d, act, who, code)
	role, _ := d.role(who)
	s.m.tellf("deal %d: %s by %q, %s: want %q", n, act, role, code, want)
	do := s.useCase(act)
	s.last = func() error {
		_, err := do(s.Context(), cmd)
		return err
	}
	if got := refusalOf(s.last()); got != want {
		s.Fatalf("deal %d in %s: %s by %q is answered %q, want %q", n, d.state, act, role, got, want)
	}
	switch want {
	case "":
		s.m.happen(d, act, role)
	case escrow.BadCode, escrow.CodeLocked:
		d.miss(act)
	default:
	}
	s.work()
}

// typed is the code that goes with an act, right or wrong.
func (s *stage) typed(d *modelDeal, act escrow.Act, code codeTyped) string {
	view, err := s.w.Service.View(s.Context(), d.buyer, d.ref)
	if err != nil {
		s.Fatal(err)
	}
	right := s.w.Codes.For(view.Contract)
	if act != escrow.ActAccept {
		right = s.w.Codes.ForCancel(view.Contract)
	}
	switch code {
	case noCode:
		return ""
	case wrongCode:
		return string('0'+(right[0]-'0'+1)%10) + right[1:]
	default:
		return right
	}
}

func (s *stage) useCase(act escrow.Act) func(context.Context, escrow.Command) (escrow.Result, error) {
	c := crowd{w: &world{gate: &gateway{service: s.w.Service}}}
	return c.useCase(act)
}

func refusalOf(err error) escrow.Code {
	switch refusal := escrow.RefusalOf(err); {
	case err == nil:
		return ""
	case refusal == nil:
		return escrow.Code("fault: " + err.Error())
	default:
		return refusal.Code
	}
}

// repeat makes the last request again, under its key: nothing may come of it.
func (s *stage) repeat(rt *rapid.T) {
	if s.last == nil {
		rt.Skip("no request yet")
	}
	s.m.tellf("the last request comes again")
	_ = s.last()
	s.work()
}

// time passes, a little or a lot, too fast for deadlines: to the service that is
// an outage, which takes nobody's time.
func (s *stage) time(rt *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{
		time.Second, 30 * time.Second, patience - time.Millisecond, patience, 11 * time.Minute, time.Hour,
	}).Draw(rt, "time")
	s.w.Clock.Advance(d)
	s.m.tellf("%s passes, the service being down", d)
	s.work()
	s.m.pass(s.w.Clock.Now())
}

// days pass with the service at work, so many that the time of every state is
// over. No warning is reported as delivered, so that no seller loses money.
func (s *stage) days(*rapid.T) {
	const enough = 10 * 24 * time.Hour
	s.w.Pass(enough)
	s.m.tellf("ten days pass")
	s.m.pass(s.w.Clock.Now())
	for _, d := range s.m.deals {
		d.overdue()
	}
	s.work()
}

package ussd_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
	"github.com/voicepact/gateway/ussd"
)

// broken are sessions that can be made to fail, on top of real ones.
type broken struct {
	ussd.Sessions
	load, swap  func(ctx context.Context) error
	put         func(ctx context.Context) error
	loads, took atomic.Int64
}

func (b *broken) Load(ctx context.Context, keys ...string) ([][]byte, error) {
	b.loads.Add(1)
	if b.load != nil {
		if err := b.load(ctx); err != nil {
			return nil, err
		}
	}
	return b.Sessions.Load(ctx, keys...)
}

func (b *broken) Swap(ctx context.Context, key string, was, now []byte, ttl time.Duration) (bool, error) {
	if err := b.swapping(ctx); err != nil {
		return false, err
	}
	return b.Sessions.Swap(ctx, key, was, now, ttl)
}

func (b *broken) Finish(ctx context.Context, key string, was, now []byte, ttl time.Duration) (bool, error) {
	if err := b.swapping(ctx); err != nil {
		return false, err
	}
	return b.Sessions.Finish(ctx, key, was, now, ttl)
}

func (b *broken) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if b.put != nil {
		if err := b.put(ctx); err != nil {
			return err
		}
	}
	return b.Sessions.Put(ctx, key, value, ttl)
}

func (b *broken) swapping(ctx context.Context) error {
	b.took.Add(1)
	if b.swap == nil {
		return nil
	}
	return b.swap(ctx)
}

// breakable puts sessions that can fail under the exchange.
func (x *exchange) breakable() *broken {
	x.tb.Helper()
	b := &broken{Sessions: store.NewSessions(x.redis, "ussd:", x.world.Clock.Now)}
	x.app = x.serve(b)
	return b
}

// A panic is a fault of ours that nobody can work around. What was typed may be
// in its value, so that it must not be in the log.
func TestPanicsEndWithAnApology(t *testing.T) {
	t.Parallel()
	panics := func(context.Context) error { panic("secret 8305") }
	tests := []struct {
		name       string
		load, swap func(context.Context) error
		want       string
	}{
		{"before anything is known", panics, nil, "END Sorry, something failed on our side."},
		{"at the end", nil, panics, "END Samahani"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			x := newSmallExchange(t)
			b := x.breakable()
			x.speaks(storetest.Otieno, escrow.Kiswahili)
			p := x.pick(storetest.Otieno)
			p.dial("")
			b.load, b.swap = test.load, test.swap
			p.answer("1")
			p.wants(test.want)
			if log := x.logs.String(); testkit.Shows(log, "8305") || !strings.Contains(log, "level=ERROR") {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

func TestADeadDatabaseEndsWithAnApology(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	p := x.ready(storetest.Otieno)
	if err := x.world.Store.Close(); err != nil {
		t.Fatal(err)
	}
	p.answer("2")
	p.wants("END Sorry")
	if log := x.logs.String(); strings.Contains(log, string(storetest.Otieno)) || !strings.Contains(log, "0722***418") {
		t.Errorf("log:\n%s", log)
	}
}

// Sessions that never answer, and do not hear that time is up, cost the caller
// the deadline and no more.
func TestTheDeadline(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	released := make(chan struct{})
	b := &broken{Sessions: store.NewSessions(x.redis, "ussd:", x.world.Clock.Now), load: func(context.Context) error {
		<-released
		return errors.New("released")
	}}
	cfg := x.config(b)
	cfg.Deadline = time.Millisecond
	handler, err := ussd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	x.app = fiber.New(fiber.Config{DisableStartupMessage: true})
	handler.Register(x.app, x.world.Store)
	p := x.pick(storetest.Amina)
	p.dial("")
	p.wants("END Sorry")
	close(released)
	testkit.Eventually(t, "the late hop to end", func() bool {
		return strings.Contains(x.logs.String(), "ussd hop failed")
	})
}

// A menu hop without data costs one read and one write of the session and no
// statement; a hop that shows contracts costs one statement more.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.Deal(escrow.Shillings(500))
	counted := &statements{Store: x.world.Store}
	x.world.Service = escrow.NewService(escrow.Deps{
		Store: counted, Codes: x.world.Codes, Signer: x.world.Signer, Policy: escrow.DefaultPolicy(), Now: x.world.Clock.Now,
	})
	b := x.breakable()
	x.speaks(storetest.Amina, escrow.English)
	p := x.pick(storetest.Amina)
	hops := []struct {
		answer string
		reads  int64
	}{
		{"", 1},            // the first screen
		{"9", 0}, {"1", 0}, // menu, new contract
		{"0", 0}, {"2", 1}, // back, my contracts
		{"1", 1}, {"2", 1}, // the contract, refuse it?
		{"2", 1}, {"7", 1}, // no; not a choice
		{"00", 1}, {"9", 0}, // home, menu
		{"5", 0}, {"junk", 0}, // help, not a choice
	}
	for i, hop := range hops {
		counted.reads.Store(0)
		b.loads.Store(0)
		b.took.Store(0)
		if i == 0 {
			p.dial("")
		} else {
			p.answer(hop.answer)
		}
		if counted.reads.Load() != hop.reads || b.loads.Load() != 1 || b.took.Load() != 1 {
			t.Errorf("hop %d (%q): %d statements, %d loads, %d swaps\n%s",
				i, hop.answer, counted.reads.Load(), b.loads.Load(), b.took.Load(), p.screen)
		}
	}
	deep := x.pick(storetest.Amina)
	counted.reads.Store(0)
	deep.dial(string(c.Ref))
	if counted.reads.Load() != 1 {
		t.Errorf("a deep dial costs %d statements", counted.reads.Load())
	}
}

// statements counts the reads of a store, each of which is one statement, and
// its transactions.
type statements struct {
	escrow.Store
	reads atomic.Int64
}

func (s *statements) FindParty(ctx context.Context, phone escrow.Phone, limit int) (escrow.Party, []escrow.Contract, error) {
	s.reads.Add(1)
	return s.Store.FindParty(ctx, phone, limit)
}

func (s *statements) FindContract(ctx context.Context, ref escrow.Ref) (escrow.Contract, escrow.PaymentStatus, error) {
	s.reads.Add(1)
	return s.Store.FindContract(ctx, ref)
}

func (s *statements) FindContracts(ctx context.Context, phone escrow.Phone, offset, limit int) ([]escrow.View, error) {
	s.reads.Add(1)
	return s.Store.FindContracts(ctx, phone, offset, limit)
}

func (s *statements) InTx(ctx context.Context, fn func(context.Context, escrow.Tx) error) error {
	s.reads.Add(1)
	return s.Store.InTx(ctx, fn)
}

// Twenty equal hops at once are one hop: the same bytes and one effect.
func TestEqualHopsAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		x := newExchange(t, storetest.NewWorld(t, open), testkit.MiniRedis(t))
		p := x.ready(storetest.Otieno)
		p.answers("1", "1", "0712000001", "Maize", "500", "1")
		p.text += "*1"
		const times = 20
		got := make([]string, times)
		var all sync.WaitGroup
		for i := range times {
			all.Go(func() { _, got[i], _ = x.post("/ussd", p.form(), p.label) })
		}
		all.Wait()
		for _, screen := range got {
			if screen != got[0] || !strings.HasPrefix(screen, "END ") {
				t.Fatalf("answers differ:\n%s", strings.Join(got, "\n"))
			}
		}
		if x.contracts() != 1 {
			t.Errorf("%d contracts", x.contracts())
		}
	})
}

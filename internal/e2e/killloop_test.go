package e2e_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// The flags of `make kill-loop`.
var (
	rounds = flag.Int("rounds", 8, "how often the kill loop kills something")
	seed   = flag.Uint64("seed", 0, "what the kill loop draws from; 0 takes another one each time")
)

const (
	gateways = 2
	traders  = 8
	// overdue is more than the lease of a job in a hurry (6 s) and what River takes
	// to look for those that are past it (30 s): then somebody else has taken them
	// over from a process that stands still.
	overdue = 40 * time.Second
)

// killLoop is the program under load on storage of its own, all of which may be
// killed at any time.
type killLoop struct {
	*market
	postgres *server
	redis    *server
	started  time.Time
	kills    map[string]int
	took     map[string]time.Duration
}

// kill is a way to die, and how to come back.
type kill struct {
	name   string
	weight int
	before func(*killLoop) // while the load runs on
	do     func(*killLoop)
}

func kills() []kill {
	return []kill{
		{name: "gateway", weight: 6, do: func(l *killLoop) { l.killGateways(l.awake()[0]) }},
		{name: "both gateways", weight: 4, do: func(l *killLoop) { l.killGateways(l.awake()...) }},
		{name: "gateway stands still", weight: 2, do: (*killLoop).putToSleep},
		{name: "redis, empty after", weight: 2, do: func(l *killLoop) { l.killRedis(false) }},
		{name: "redis, old data after", weight: 2, before: (*killLoop).saveRedis, do: func(l *killLoop) { l.killRedis(true) }},
		{name: "redis flushed", weight: 1, do: (*killLoop).flushRedis},
		{name: "redis stands still", weight: 2, do: (*killLoop).freezeRedis},
		{name: "postgres", weight: 5, do: func(l *killLoop) { l.postgres.kill(); l.postgres.start() }},
		{name: "everything", weight: 2, do: (*killLoop).killAll},
	}
}

// TestKillLoop is eight rounds in `make test`, and as many as wanted in `make
// kill-loop N=200`: a power cut somewhere in the middle of deals, and after it the
// books are right, what people know is so, and the deals go on.
//
//nolint:paralleltest // it takes the whole machine
func TestKillLoop(t *testing.T) {
	l := newKillLoop(t)
	l.open(traders)
	for n := 1; n <= *rounds && l.ctx.Err() == nil; n++ {
		l.round(n)
	}
	l.wake(0)
	l.close()
	l.summary()
}

func newKillLoop(t *testing.T) *killLoop {
	t.Helper()
	if *seed == 0 {
		*seed = rand.Uint64N(1_000_000)
	}
	t.Logf("%d rounds from seed %d", *rounds, *seed)
	l := &killLoop{
		postgres: startPostgres(t), redis: startRedis(t), started: time.Now(),
		kills: map[string]int{}, took: map[string]time.Duration{},
	}
	r := newRigOn(t, l.postgres.database(), l.redis.redisURL())
	r.balancer.transport.ResponseHeaderTimeout = answerLimit - time.Second
	l.market = newMarket(r, gateways, *seed)
	return l
}

// round kills something while deals are under way, and looks at the books.
func (l *killLoop) round(n int) {
	l.t.Helper()
	begun := time.Now()
	l.wake(overdue)
	k := l.choose()
	if k.before != nil {
		k.before(l)
	}
	l.pass(300*time.Millisecond + time.Duration(l.draw.Int64N(int64(900*time.Millisecond))))
	k.do(l)
	l.ready()
	l.pass(300 * time.Millisecond)
	before := len(l.found)
	contracts := l.audit()
	l.kills[k.name]++
	l.took[k.name] += time.Since(begun)
	l.t.Logf("round %3d: %-22s %5.1f s, %4d contracts, %5d promises kept, %d violations",
		n, k.name, time.Since(begun).Seconds(), contracts, l.memory.count(), len(l.found)-before)
}

func (l *killLoop) choose() kill {
	all, sum := kills(), 0
	for _, k := range all {
		sum += k.weight
	}
	at := l.draw.IntN(sum)
	for _, k := range all {
		if at -= k.weight; at < 0 {
			return k
		}
	}
	return all[0]
}

func (l *killLoop) killGateways(list ...int) {
	l.t.Helper()
	for _, i := range list {
		l.places[i].kill()
		l.balancer.remove(l.places[i].address)
	}
	for _, i := range list {
		l.run(i)
	}
}

// putToSleep stops a gateway for several rounds, as a host does that moves a
// virtual machine; the other takes over its jobs, and may be killed meanwhile.
func (l *killLoop) putToSleep() {
	l.t.Helper()
	list := l.awake()
	if len(list) < gateways {
		l.killGateways(list[0])
		return
	}
	p := &l.places[list[0]]
	p.signal(syscall.SIGSTOP)
	p.asleep = time.Now()
	// The balancer takes a moment to find out.
	l.pass(500 * time.Millisecond)
	l.balancer.remove(p.address)
}

// wake lets a gateway go on that has been stopped for long enough: it believes
// that no time has passed, and that its jobs are still its own.
func (l *killLoop) wake(after time.Duration) {
	for i := range l.places {
		p := &l.places[i]
		if p.asleep.IsZero() || time.Since(p.asleep) < after {
			continue
		}
		p.asleep = time.Time{}
		p.signal(syscall.SIGCONT)
		l.balancer.add(p.address)
	}
}

// dump is where Redis keeps what it was told to save.
func (l *killLoop) dump() string { return filepath.Join(l.redis.folder, "dump.rdb") }

func (l *killLoop) saveRedis() {
	l.t.Helper()
	if err := l.redis.redis(func(c *redis.Client) error { return c.Save(l.t.Context()).Err() }); err != nil {
		l.t.Fatal(err)
	}
}

func (l *killLoop) killRedis(keep bool) {
	l.t.Helper()
	l.redis.kill()
	if !keep {
		_ = os.Remove(l.dump())
	}
	l.redis.start()
}

func (l *killLoop) flushRedis() {
	l.t.Helper()
	if err := l.redis.redis(func(c *redis.Client) error { return c.FlushAll(l.t.Context()).Err() }); err != nil {
		l.t.Fatal(err)
	}
}

func (l *killLoop) freezeRedis() {
	l.t.Helper()
	l.redis.signal(syscall.SIGSTOP)
	l.pass(time.Second)
	l.redis.signal(syscall.SIGCONT)
}

// killAll is a power cut in the whole house.
func (l *killLoop) killAll() {
	l.t.Helper()
	list := l.awake()
	var dying sync.WaitGroup
	for _, i := range list {
		dying.Go(l.places[i].kill)
	}
	dying.Go(l.postgres.kill)
	dying.Go(l.redis.kill)
	dying.Wait()
	_ = os.Remove(l.dump())
	l.postgres.start()
	l.redis.start()
	l.killGateways(list...)
}

// summary is the table at the end.
func (l *killLoop) summary() {
	l.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-24s %5s %12s\n", "killed", "times", "s per round")
	for _, k := range kills() {
		if times := l.kills[k.name]; times > 0 {
			fmt.Fprintf(&b, "%-24s %5d %12.1f\n", k.name, times, l.took[k.name].Seconds()/float64(times))
		}
	}
	fmt.Fprintf(&b, "%d deals from the first call to the last cent, %d promises to people, %d violations; seed %d, %s",
		l.deals.Load(), l.memory.count(), len(l.found), *seed, time.Since(l.started).Round(time.Second))
	l.t.Log(b.String())
}

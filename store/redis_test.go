package store_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
)

// onEachRedis tells a story on Redis and on the in-process server that stands
// in for it in the embedded mode.
func onEachRedis(t *testing.T, story func(t *testing.T, client *redis.Client)) {
	t.Helper()
	for name, address := range map[string]func(testing.TB) string{"redis": testkit.RealRedis, "miniredis": testkit.MiniRedis} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := store.OpenRedis(address(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { closeIt(t, client) })
			story(t, client)
		})
	}
}

const long = time.Hour

func TestASessionIsSwappedOnlyFromWhatItWas(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		sessions := store.NewSessions(client, "ussd:", time.Now)
		for i, step := range []struct {
			was, now string
			swapped  bool
		}{
			{"x", "1", false},
			{"", "1", true},
			{"", "2", false},
			{"1", "2\x00\xff", true},
			{"1", "3", false},
			{"2\x00\xff", "3", true},
		} {
			swapped, err := sessions.Swap(t.Context(), "a", []byte(step.was), []byte(step.now), long)
			if err != nil || swapped != step.swapped {
				t.Errorf("step %d: swapped %v, %v", i, swapped, err)
			}
		}
		if got, err := sessions.Load(t.Context(), "b", "a"); err != nil || got[0] != nil || string(got[1]) != "3" {
			t.Errorf("loaded %q, %v", got, err)
		}
		for name, other := range map[string]*store.Sessions{"b": sessions, "a": store.NewSessions(client, "other:", time.Now)} {
			if got, err := other.Load(t.Context(), name); err != nil || got[0] != nil {
				t.Errorf("another session is %q, %v", got, err)
			}
		}
	})
}

func TestASessionEnds(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		sessions := store.NewSessions(client, "ussd:", time.Now)
		if _, err := sessions.Swap(t.Context(), "a", nil, []byte("1"), 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "the session ends", func() bool {
			got, err := sessions.Load(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			return got[0] == nil
		})
		if swapped, err := sessions.Swap(t.Context(), "a", nil, []byte("2"), long); err != nil || !swapped {
			t.Errorf("a new session after the end: %v, %v", swapped, err)
		}
	})
}

// What a caller left is kept until it is dropped, or its time is over.
func TestDraftsArePutAndDropped(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		sessions := store.NewSessions(client, "ussd:", time.Now)
		for _, step := range []string{"x", "y", ""} {
			if err := sessions.Put(t.Context(), "draft:a", []byte(step), long); err != nil {
				t.Fatal(err)
			}
			if got, err := sessions.Load(t.Context(), "draft:a"); err != nil || string(got[0]) != step {
				t.Errorf("after %q: %q, %v", step, got[0], err)
			}
		}
	})
}

// A session that began and never ended is counted once, when its time is over.
func TestSessionsThatNeverEndAreReaped(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		now := time.Now()
		sessions := store.NewSessions(client, "ussd:", func() time.Time { return now })
		for _, key := range []string{"a", "b", "c"} {
			if _, err := sessions.Swap(t.Context(), key, nil, []byte("1"), long); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := sessions.Finish(t.Context(), "b", []byte("1"), []byte("2"), long); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			wait time.Duration
			want int64
		}{{0, 0}, {long - time.Second, 0}, {2 * time.Second, 2}, {0, 0}} {
			now = now.Add(step.wait)
			if n, err := sessions.Reap(t.Context()); err != nil || n != step.want {
				t.Errorf("after %s: %d reaped, %v; want %d", step.wait, n, err, step.want)
			}
		}
	})
}

func TestOfManyHopsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		sessions := store.NewSessions(client, "ussd:", time.Now)
		const hops = 20
		won := make(chan string, hops)
		for i := range hops {
			go func() {
				now := fmt.Sprint("hop ", i)
				swapped, err := sessions.Swap(t.Context(), "a", nil, []byte(now), long)
				if err != nil {
					t.Error(err)
				}
				if !swapped {
					now = ""
				}
				won <- now
			}()
		}
		var winners []string
		for range hops {
			if winner := <-won; winner != "" {
				winners = append(winners, winner)
			}
		}
		got, err := sessions.Load(t.Context(), "a")
		if err != nil || len(winners) != 1 || string(got[0]) != winners[0] {
			t.Errorf("%q won, %q is stored, %v", winners, got, err)
		}
	})
}

func TestATokenIsSharedUntilItIsForgotten(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		mine, theirs := store.NewTokens(client, "daraja:token"), store.NewTokens(client, "daraja:token")
		expect := func(want string) {
			t.Helper()
			if got, err := theirs.Get(t.Context()); err != nil || got != want {
				t.Errorf("the token is %q, %v, want %q", got, err, want)
			}
		}
		expect("")
		if err := mine.Put(t.Context(), "one", long); err != nil {
			t.Fatal(err)
		}
		expect("one")
		if err := mine.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect("")
		if err := mine.Put(t.Context(), "two", 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "the token ends", func() bool {
			got, err := theirs.Get(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return got == ""
		})
	})
}

func TestALockHasOneOwner(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		mine, theirs := store.NewTokens(client, "daraja:token"), store.NewTokens(client, "daraja:token")
		lock := func(tokens *store.Tokens, ttl time.Duration, want bool) func() {
			t.Helper()
			release, ok, err := tokens.Lock(t.Context(), ttl)
			if err != nil || ok != want {
				t.Fatalf("locked %v, %v, want %v", ok, err, want)
			}
			return release
		}
		release := lock(mine, long, true)
		lock(theirs, long, false)()
		lock(theirs, long, false) // letting go of what one does not have frees nothing
		release()
		late := lock(theirs, 50*time.Millisecond, true)
		var second func()
		testkit.Eventually(t, "the lock of a dead process ends", func() bool {
			var ok bool
			var err error
			second, ok, err = mine.Lock(t.Context(), long)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		})
		late()
		lock(theirs, long, false) // who comes late does not free the lock of another
		second()
		lock(theirs, long, true)()
	})
}

func TestARedisURLThatCannotBeReadKeepsItsPassword(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"another scheme": "http://user:secret@127.0.0.1:6379/0", "no port": "redis://user:secret@127.0.0.1:port/0",
		"no database": "redis://user:secret@127.0.0.1:6379/first", "not a URL": "redis://user:secret@127.0.0.1:6379/%zz",
	} {
		client, err := store.OpenRedis(address)
		if err == nil {
			t.Errorf("%s: was opened", name)
			closeIt(t, client)
			continue
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
}

// A Redis that takes connections and never answers must not hold up a caller.
func TestASilentRedisIsAnErrorSoon(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIt(t, listener) })
	client, err := store.OpenRedis("redis://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIt(t, client) })
	start := time.Now()
	_, err = store.NewSessions(client, "ussd:", time.Now).Load(t.Context(), "a")
	const patience = 5 * time.Second // the client's own default
	if took := time.Since(start); err == nil || took > patience {
		t.Errorf("answered %v after %s", err, took)
	}
	swapped, err := store.NewSessions(client, "ussd:", time.Now).Swap(t.Context(), "a", nil, []byte("PIN 4321"), long)
	if err == nil || swapped || strings.Contains(err.Error(), "4321") {
		t.Errorf("swapped %v, %v", swapped, err)
	}
}

func TestSlotsAreSharedAndSpacedOut(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		const perMinute, callers = 5, 20
		// Two processes, and another account.
		fleet := []*store.Slots{store.NewSlots(client, "app", perMinute), store.NewSlots(client, "app", perMinute)}
		waits := make(chan time.Duration, callers)
		for i := range callers {
			go func() {
				wait, err := fleet[i%len(fleet)].Take(t.Context())
				if err != nil {
					t.Error(err)
				}
				waits <- wait
			}()
		}
		got := 0
		for range callers {
			switch wait := <-waits; {
			case wait == 0:
				got++
			case wait > time.Minute/perMinute:
				t.Errorf("a slot is free only in %s", wait)
			}
		}
		if got != 1 {
			t.Errorf("%d callers got a slot at once", got)
		}
		if wait, err := store.NewSlots(client, "other", perMinute).Take(t.Context()); err != nil || wait != 0 {
			t.Errorf("another account waits %s, %v", wait, err)
		}
	})
}

func TestASlotIsFreeAgainInTime(t *testing.T) {
	t.Parallel()
	onEachRedis(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		const perMinute = 600 // one in 100 ms
		slots := store.NewSlots(client, "app", perMinute)
		start, taken := time.Now(), 0
		testkit.Eventually(t, "three slots", func() bool {
			wait, err := slots.Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if wait == 0 {
				taken++
			}
			return taken == 3
		})
		if took := time.Since(start); took < 190*time.Millisecond {
			t.Errorf("three slots in %s", took)
		}
	})
}

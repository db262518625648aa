package testkit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

const redisVariable = "TEST_REDIS_URL"

// Redis returns the redis:// URL of an empty numbered database of the test's
// own on the server at TEST_REDIS_URL, or of [MiniRedis] where that is not set.
// The server must be one for tests: its databases are flushed.
func Redis(tb testing.TB) string {
	tb.Helper()
	if os.Getenv(redisVariable) == "" && !inCI() {
		return MiniRedis(tb)
	}
	return RealRedis(tb)
}

// RealRedis is [Redis] on a real server only: without one the test is skipped,
// or fails in CI.
func RealRedis(tb testing.TB) string {
	tb.Helper()
	address := os.Getenv(redisVariable)
	if address == "" {
		missing(tb, redisVariable, "Redis")
	}
	opts, err := redis.ParseURL(address)
	if err != nil {
		tb.Fatalf("%s is not of the form redis://host:port", redisVariable)
	}
	opts.DB = 0
	opts.PoolSize = 1
	directory := redis.NewClient(opts)
	tb.Cleanup(func() { check(tb, "close Redis", directory.Close()) })
	number := lease(tb, directory)
	own, err := url.Parse(address)
	if err != nil {
		tb.Fatalf("%s is not a URL", redisVariable)
	}
	own.Path = "/" + strconv.Itoa(number)
	return own.String()
}

// leaseTime ends the lease of a test whose process was killed; no test is as long.
const leaseTime = 15 * time.Minute

// lease takes one of the numbered databases, of which a server has few, and
// waits for one where all are taken. Database 0 says who has which.
func lease(tb testing.TB, directory *redis.Client) int {
	tb.Helper()
	ctx := tb.Context()
	count, err := databases(ctx, directory)
	if err != nil {
		tb.Fatal(err)
	}
	owner := uuid.NewString()
	var number int
	Eventually(tb, "a free Redis database", func() bool {
		for number = 1; number < count; number++ {
			ok, err := directory.SetNX(ctx, leaseKey(number), owner, leaseTime).Result()
			if err != nil {
				tb.Fatalf("lease a Redis database: %v", err)
			}
			if ok {
				return true
			}
		}
		return false
	})
	check(tb, "empty the Redis database", flush(ctx, directory, number))
	tb.Cleanup(func() {
		ctx := context.WithoutCancel(tb.Context())
		check(tb, "empty the Redis database", flush(ctx, directory, number))
		check(tb, "give the Redis database back", directory.Del(ctx, leaseKey(number)).Err())
	})
	return number
}

func leaseKey(number int) string { return prefix + "lease:" + strconv.Itoa(number) }

func databases(ctx context.Context, directory *redis.Client) (int, error) {
	answer, err := directory.ConfigGet(ctx, "databases").Result()
	if err != nil {
		return 0, fmt.Errorf("ask Redis for its databases: %w", err)
	}
	count, err := strconv.Atoi(answer["databases"])
	if err != nil || count < 2 {
		return 0, fmt.Errorf("Redis has %q databases, want 2 or more", answer["databases"])
	}
	return count, nil
}

// flush empties one numbered database.
func flush(ctx context.Context, directory *redis.Client, number int) error {
	opts := *directory.Options()
	opts.DB = number
	client := redis.NewClient(&opts)
	return errors.Join(client.FlushDB(ctx).Err(), client.Close())
}

// tick is how often the in-process server hears that time has passed.
const tick = 20 * time.Millisecond

// MiniRedis returns the redis:// URL of an in-process server of the test's own.
// By itself it forgets nothing; here its keys expire in real time, as Redis's do.
func MiniRedis(tb testing.TB) string {
	tb.Helper()
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		tb.Fatalf("in-process Redis: %v", err)
	}
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				server.FastForward(tick)
			case <-done:
				return
			}
		}
	}()
	tb.Cleanup(func() {
		close(done)
		<-stopped
		server.Close()
	})
	return "redis://" + server.Addr()
}

func check(tb testing.TB, what string, err error) {
	tb.Helper()
	if err != nil {
		tb.Errorf("%s: %v", what, err)
	}
}

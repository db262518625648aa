package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// redisTimeout is far below the client's default: a caller with a phone at the
// ear cannot wait five seconds for a session. Two tries and the rest of a hop
// stay within a second.
const redisTimeout = 300 * time.Millisecond

// OpenRedis connects to the Redis at address (redis://…).
func OpenRedis(address string) (*redis.Client, error) {
	opts, err := redis.ParseURL(address)
	if err != nil {
		// The library's error prints the URL, password and all.
		return nil, errors.New("Redis URL is not of the form redis://user:password@host:6379/0")
	}
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout = redisTimeout, redisTimeout, redisTimeout
	opts.MaxRetries = 1
	opts.DialerRetries = 1 // five by default, a tenth of a second apart: a Redis that is down would cost half a second
	opts.ContextTimeoutEnabled = true
	return redis.NewClient(opts), nil
}

// Tokens shares one provider token between all processes: Safaricom may void
// the old one when a new one is made.
type Tokens struct {
	redis *redis.Client
	key   string
}

// NewTokens keeps the token under key.
func NewTokens(client *redis.Client, key string) *Tokens { return &Tokens{redis: client, key: key} }

// Get returns the token, or "" where there is none.
func (t *Tokens) Get(ctx context.Context) (string, error) {
	token, err := t.redis.Get(ctx, t.key).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("load token: %w", err)
	}
	return token, nil
}

// Put keeps the token for ttl.
func (t *Tokens) Put(ctx context.Context, token string, ttl time.Duration) error {
	if err := t.redis.Set(ctx, t.key, token, ttl).Err(); err != nil {
		return fmt.Errorf("store token: %w", err)
	}
	return nil
}

// Forget drops a token that the provider refused.
func (t *Tokens) Forget(ctx context.Context) error {
	if err := t.redis.Del(ctx, t.key).Err(); err != nil {
		return fmt.Errorf("forget token: %w", err)
	}
	return nil
}

const unlock = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`

// Lock takes the right to fetch a new token for at most ttl, and reports
// whether it got it. The lock only saves calls; without it two processes would
// fetch, and one would fetch again.
func (t *Tokens) Lock(ctx context.Context, ttl time.Duration) (release func(), ok bool, err error) {
	owner := uuid.NewString()
	ok, err = t.redis.SetNX(ctx, t.key+":lock", owner, ttl).Result()
	if err != nil {
		return func() {}, false, fmt.Errorf("lock token: %w", err)
	}
	release = func() {
		// The lock ends by itself when Redis cannot be told.
		_ = redis.NewScript(unlock).Run(context.WithoutCancel(ctx), t.redis, []string{t.key + ":lock"}, owner).Err()
	}
	return release, ok, nil
}

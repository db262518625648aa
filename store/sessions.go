package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Sessions keeps menu sessions, and what callers were typing in them, in Redis.
// Nothing in them is the guard of money: a lost session is rebuilt from the
// caller's transcript.
type Sessions struct {
	redis  *redis.Client
	prefix string
	now    func() time.Time
}

// NewSessions keeps sessions under the given key prefix.
func NewSessions(client *redis.Client, prefix string, now func() time.Time) *Sessions {
	return &Sessions{redis: client, prefix: prefix, now: now}
}

// open is the key of the sessions that have begun and not ended, by when they are
// taken for abandoned.
func (s *Sessions) open() string { return s.prefix + "open" }

// Load returns the values under the keys, each nil where there is none, in one
// round trip.
func (s *Sessions) Load(ctx context.Context, keys ...string) ([][]byte, error) {
	full := make([]string, len(keys))
	for i, key := range keys {
		full[i] = s.prefix + key
	}
	found, err := s.redis.MGet(ctx, full...).Result()
	if err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}
	values := make([][]byte, len(keys))
	for i, value := range found {
		if text, ok := value.(string); ok {
			values[i] = []byte(text)
		}
	}
	return values, nil
}

// swap stores ARGV[2] for ARGV[3] milliseconds if the value is still ARGV[1],
// where the empty text stands for no value. It keeps the list of open sessions,
// KEYS[2]: a session that ends leaves it, a new one enters with ARGV[5], when it
// will be abandoned.
const swap = `
local now = redis.call('GET', KEYS[1]) or ''
if now ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[4] == 'end' then
    redis.call('ZREM', KEYS[2], KEYS[1])
elseif now == '' then
    redis.call('ZADD', KEYS[2], ARGV[5], KEYS[1])
end
return 1`

// Swap stores now for ttl if the session is still was (nil: there is none), and
// reports whether it did: of two concurrent hops one wins.
func (s *Sessions) Swap(ctx context.Context, key string, was, now []byte, ttl time.Duration) (bool, error) {
	return s.swap(ctx, key, []any{was, now, ttl.Milliseconds(), "on"}, ttl)
}

// Finish is [Sessions.Swap] with the last state of a session.
func (s *Sessions) Finish(ctx context.Context, key string, was, now []byte, ttl time.Duration) (bool, error) {
	return s.swap(ctx, key, []any{was, now, ttl.Milliseconds(), "end"}, ttl)
}

func (s *Sessions) swap(ctx context.Context, key string, args []any, ttl time.Duration) (bool, error) {
	args = append(args, s.now().Add(ttl).UnixMilli())
	n, err := redis.NewScript(swap).Run(ctx, s.redis, []string{s.prefix + key, s.open()}, args...).Int()
	if err != nil {
		return false, fmt.Errorf("store session: %w", err)
	}
	return n == 1, nil
}

// Put stores a value for ttl, whatever was there; an empty one is dropped.
func (s *Sessions) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	var err error
	if len(value) == 0 {
		err = s.redis.Del(ctx, s.prefix+key).Err()
	} else {
		err = s.redis.Set(ctx, s.prefix+key, value, ttl).Err()
	}
	if err != nil {
		return fmt.Errorf("store draft: %w", err)
	}
	return nil
}

// Reap forgets the sessions that began and never ended, and returns how many
// there were. Each is counted once, by one process.
func (s *Sessions) Reap(ctx context.Context) (int64, error) {
	n, err := s.redis.ZRemRangeByScore(ctx, s.open(), "-inf", strconv.FormatInt(s.now().UnixMilli(), 10)).Result()
	if err != nil {
		return 0, fmt.Errorf("reap sessions: %w", err)
	}
	return n, nil
}

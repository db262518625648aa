package store

import (
	"context"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// Slots spaces calls out over all processes, for a provider that limits an
// account and not each of its callers.
type Slots struct {
	limiter *redis_rate.Limiter
	key     string
	limit   redis_rate.Limit
}

// NewSlots hands out perMinute slots in a minute, evenly and never two at once,
// under key.
func NewSlots(client *redis.Client, key string, perMinute int) *Slots {
	return &Slots{
		limiter: redis_rate.NewLimiter(client), key: key,
		limit: redis_rate.Limit{Rate: perMinute, Burst: 1, Period: time.Minute},
	}
}

// Take takes a slot, or says how long there is none: 0 means that it got one.
func (s *Slots) Take(ctx context.Context) (wait time.Duration, err error) {
	return take(ctx, s.limiter, s.key, s.limit)
}

// Pace limits something per key, over all processes.
type Pace struct {
	limiter *redis_rate.Limiter
	prefix  string
	limit   redis_rate.Limit
}

// NewPace lets most through in each period, all of them at once where nothing was
// for long, under keys with the prefix.
func NewPace(client *redis.Client, prefix string, most int, period time.Duration) *Pace {
	return &Pace{
		limiter: redis_rate.NewLimiter(client), prefix: prefix,
		limit: redis_rate.Limit{Rate: most, Burst: most, Period: period},
	}
}

// Take counts one under the key, or says how long it has to wait: 0 means that it
// may go.
func (p *Pace) Take(ctx context.Context, key string) (wait time.Duration, err error) {
	return take(ctx, p.limiter, p.prefix+key, p.limit)
}

func take(ctx context.Context, limiter *redis_rate.Limiter, key string, limit redis_rate.Limit) (time.Duration, error) {
	got, err := limiter.Allow(ctx, key, limit)
	if err != nil {
		return 0, fmt.Errorf("take a slot: %w", err)
	}
	if got.Allowed > 0 {
		return 0, nil
	}
	return max(got.RetryAfter, time.Millisecond), nil
}

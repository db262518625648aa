package simulator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Step does what is due at the clock's present and returns how many callbacks
// it delivered. It is [Sim.Run] for a story with a virtual clock: one thing
// after the other, in the order in which they fall due, so that the same story
// always ends the same way. It is not for use beside Run.
func (s *Sim) Step(ctx context.Context) (int, error) {
	if err := errors.Join(s.expirePrompts(ctx), s.expireSessions(ctx), s.deliverLate(ctx)); err != nil {
		return 0, fmt.Errorf("simulator: step: %w", err)
	}
	last := int64(0)
	for delivered := 0; ; delivered++ {
		var cb callback
		err := s.db.GetContext(ctx, &cb,
			`SELECT `+callbackColumns+` FROM callbacks WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1`, micros(s.now()))
		if errors.Is(err, sql.ErrNoRows) {
			return delivered, nil
		}
		if err != nil {
			return delivered, fmt.Errorf("simulator: step: %w", err)
		}
		if cb.ID == last {
			return delivered, errors.New("simulator: step: a callback was delivered and not settled; the log says why")
		}
		last = cb.ID
		s.deliver(ctx, cb)
		if err := ctx.Err(); err != nil {
			return delivered, fmt.Errorf("simulator: step: %w", err)
		}
	}
}

// Due is when the next callback or late text is to be delivered or the next prompt runs out;
// false when nothing is owed. Sessions that run out are not counted.
func (s *Sim) Due(ctx context.Context) (time.Time, bool, error) {
	var at sql.NullInt64
	if err := s.db.GetContext(ctx, &at,
		`SELECT min(at) FROM (SELECT due_at AS at FROM callbacks UNION ALL SELECT due_at FROM late_texts
		 UNION ALL SELECT expires_at FROM prompts WHERE open = 1)`,
	); err != nil {
		return time.Time{}, false, fmt.Errorf("simulator: next due: %w", err)
	}
	return fromMicros(at.Int64), at.Valid, nil
}

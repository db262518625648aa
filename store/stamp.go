package store

import (
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// stamp stores a time as microseconds since 1970 in UTC, the same on both
// engines: SQLite's strict tables know no time type.
type stamp time.Time

// Value implements [driver.Valuer].
func (s stamp) Value() (driver.Value, error) { return time.Time(s).UnixMicro(), nil }

// Scan implements [sql.Scanner].
func (s *stamp) Scan(value any) error {
	micros, ok := value.(int64)
	if !ok {
		return fmt.Errorf("time is stored as %T, want int64", value)
	}
	*s = stamp(time.UnixMicro(micros).UTC())
	return nil
}

// orNoTime is NULL for the zero time.
func orNoTime(t time.Time) *stamp {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}

// orNever is the zero time for NULL.
func orNever(s *stamp) time.Time {
	if s == nil {
		return time.Time{}
	}
	return time.Time(*s)
}

// optional is NULL for the zero id.
func optional(id uuid.UUID) uuid.NullUUID {
	return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil}
}

// orNull is NULL for the empty text.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

package sim

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// dice is a stream of chance. Every part of the world throws its own, so that a
// change in one does not change what the others do.
type dice struct{ *rand.Rand }

func newDice(seed uint64, part string) dice {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	copy(key[8:], part)
	return dice{rand.New(rand.NewChaCha8(key))}
}

func (d dice) chance(p float64) bool { return d.Float64() < p }

// between is a time from low up to high, in whole milliseconds.
func (d dice) between(low, high time.Duration) time.Duration {
	span := int64((high - low) / time.Millisecond)
	if span <= 0 {
		return low
	}
	return low + time.Duration(d.Int64N(span))*time.Millisecond
}

// wait is a time that people or networks take: mostly short, sometimes days.
func (d dice) wait() time.Duration {
	switch n := d.IntN(20); {
	case n < 9:
		return d.between(5*time.Second, 3*time.Minute)
	case n < 16:
		return d.between(3*time.Minute, 3*time.Hour)
	case n < 19:
		return d.between(3*time.Hour, 20*time.Hour)
	default:
		return d.between(20*time.Hour, 80*time.Hour)
	}
}

// turn is the time until somebody looks at a contract again.
func (d dice) turn() time.Duration {
	switch n := d.IntN(20); {
	case n < 11:
		return d.between(30*time.Second, 40*time.Minute)
	case n < 18:
		return d.between(40*time.Minute, 5*time.Hour)
	default:
		return d.between(5*time.Hour, 40*time.Hour)
	}
}

func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"time"
)

// traceKept is how many lines a violation shows.
const traceKept = 40

// trace is what happened, a line each. People, contracts and transfers stand in
// it under numbers of their own, because ids differ from run to run.
type trace struct {
	digest hash.Hash
	last   []string
	sink   func(string) // gets every line, where somebody reads along
}

func newTrace() *trace { return &trace{digest: sha256.New()} }

func (t *trace) notef(step int, since time.Duration, format string, args ...any) {
	line := fmt.Sprintf("%5d %s %s", step, days(since), fmt.Sprintf(format, args...))
	t.digest.Write([]byte(line + "\n"))
	if t.last = append(t.last, line); len(t.last) > traceKept {
		t.last = t.last[1:]
	}
	if t.sink != nil {
		t.sink(line)
	}
}

// sum is the hash of the whole trace: the same seed, the same sum.
func (t *trace) sum() string {
	const enough = 8
	return hex.EncodeToString(t.digest.Sum(nil)[:enough])
}

// days writes virtual time as "3d 04:05:06.789".
func days(d time.Duration) string {
	const day = 24 * time.Hour
	rest := d % day
	return fmt.Sprintf("%dd %02d:%02d:%06.3f", d/day, int(rest.Hours()), int(rest.Minutes())%60, (rest % time.Minute).Seconds())
}

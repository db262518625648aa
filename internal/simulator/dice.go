package simulator

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"sync"
)

// dice are the simulator's only source of chance: receipts, ids, tokens and
// which callback a fault hits. With [Config.Seed] the same requests in the same
// order meet the same luck.
type dice struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// newDice rolls from a seed and from how much happened before: a simulator that
// is started again on its data file must not roll the ids of its first run.
func newDice(seed, before uint64) *dice {
	if seed == 0 {
		seed = rand.Uint64() //nolint:gosec // nothing here is a secret of value
	}
	return &dice{rng: rand.New(rand.NewPCG(seed, before))} //nolint:gosec // as above
}

// below is a number from 0 to n-1.
func (d *dice) below(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(n)
}

// chance is true in percent of the cases.
func (d *dice) chance(percent int) bool {
	const whole = 100
	return percent > 0 && d.below(whole) < percent
}

// hex32 is 32 random hex digits.
func (d *dice) hex32() string {
	const half = 16
	d.mu.Lock()
	defer d.mu.Unlock()
	id := make([]byte, 0, half)
	id = binary.BigEndian.AppendUint64(id, d.rng.Uint64())
	id = binary.BigEndian.AppendUint64(id, d.rng.Uint64())
	return hex.EncodeToString(id)
}

// requestID looks like Daraja's: groups of hex and a decimal tail.
func (d *dice) requestID() string {
	const tail = 1_000_000 // seven digits, the first not 0
	h := d.hex32()
	return h[0:4] + "-" + h[4:8] + "-" + h[8:12] + "-" + h[12:24] + strconv.Itoa(tail+d.below(9*tail))
}

// Package sim holds the seeded simulation of the whole system: the real use
// cases on the real store, a bank, a crowd of people and a plan of faults, in one
// process on a virtual clock. Everything is drawn from one number, the seed, so
// that a violation replays exactly.
package sim

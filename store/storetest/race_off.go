//go:build !race

package storetest

// raced says that the race detector is built in.
const raced = false

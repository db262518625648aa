// Package testkit is what the tests of every package share: golden files, a
// PostgreSQL database and a Redis database of a test's own, waiting without
// sleeping, one HTTP exchange in a line, and the search for goroutines left
// behind. It knows nothing of VoicePact's own packages, so that each of them can
// use it.
//
// The servers are those at TEST_DATABASE_URL and TEST_REDIS_URL. Where they are
// not set, a test that needs them is skipped, or runs on an in-process Redis;
// with CI=true it fails instead: there a part that is missing is a fault.
package testkit

import (
	"os"
	"testing"
)

// missing ends a test that lacks a server: skipped on a developer's machine, a
// failure in CI.
func missing(tb testing.TB, variable, what string) {
	tb.Helper()
	if inCI() {
		tb.Fatalf("%s is not set, and CI must test %s", variable, what)
	}
	tb.Skipf("%s is not set, so nothing is tested on %s; `make test` starts one", variable, what)
}

func inCI() bool { return os.Getenv("CI") == "true" }

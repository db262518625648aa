package simulator

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/voicepact/gateway/internal/testkit"
)

// modelRuns is how often the bank is compared with its model. SQLite in Go is
// twenty times slower under the race detector, where the default of a hundred
// runs takes most of a minute; the flag -rapid.checks asks for more.
const modelRuns = "25"

// TestMain fails the package when something of ours outlives its test.
func TestMain(m *testing.M) {
	// Before the command line is read, which still may say otherwise.
	if err := flag.Set("rapid.checks", modelRuns); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testkit.Main(m)
}

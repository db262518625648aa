package escrow

import (
	"fmt"
	"strings"
	"testing"

	"github.com/voicepact/gateway/internal/testkit"
)

// Where a transfer may go from each state. Success is reached from everywhere
// and left to nowhere.
func TestEveryTransferStateAnswersEveryOther(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, from := range TransferStates() {
		fmt.Fprintf(&b, "%-10s", from)
		for _, to := range TransferStates() {
			cell := "-"
			if from.mayFollow(to) {
				cell = string(to)
			}
			fmt.Fprintf(&b, " %-10s", cell)
		}
		b.WriteString("\n")
		if from != TransferSucceeded && !from.mayFollow(TransferSucceeded) {
			t.Errorf("money that moved in %s would be lost", from)
		}
		if TransferSucceeded.mayFollow(from) {
			t.Errorf("a success is taken back to %s", from)
		}
	}
	testkit.Golden(t, "testdata/transfers.golden", b.String())
}

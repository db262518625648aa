package escrow

import (
	"fmt"
	"strings"
)

// Diagram draws the contract's states as a Mermaid state diagram, from the one
// table that also decides.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	fmt.Fprintf(&b, "    [*] --> %s: %s\n", Pending, EventPropose)
	for _, r := range rules() {
		for _, from := range r.from {
			fmt.Fprintf(&b, "    %s --> %s: %s\n", from, r.to, r.event)
		}
	}
	for _, state := range States() {
		if state.Terminal() {
			fmt.Fprintf(&b, "    %s --> [*]\n", state)
		}
	}
	return b.String()
}

package audit

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// Invariant names what must always hold, by its number in docs/reliability.md.
type Invariant string

// The invariants that can be proved from the database alone.
const (
	Balanced  Invariant = "I1"  // the entries of a posting sum to zero, and so does the ledger
	Held      Invariant = "I2"  // money is held exactly while it should be, and owed to whom it is due
	Folded    Invariant = "I3"  // a contract ends once; its state is what its events lead to by the rules
	Looked    Invariant = "I6"  // somebody or something looks after every contract and all money
	OneWayOut Invariant = "I7"  // one payout of a payment to a person is under way at most
	Accounted Invariant = "I10" // each event has an actor, evidence and its place in the chain; signatures hold
)

// Violation is an invariant that does not hold.
type Violation struct {
	Invariant Invariant  `json:"invariant"`
	Contract  uuid.UUID  `json:"contract,omitzero"` // zero where it is about the ledger as a whole
	Ref       escrow.Ref `json:"ref,omitempty"`
	What      string     `json:"what"`
	Want      string     `json:"want"`
	Found     string     `json:"found"`
}

// String is one line for a person: "I2 contract 1234: holds Ksh3,500, want Ksh0".
func (v Violation) String() string {
	var b strings.Builder
	b.WriteString(string(v.Invariant))
	if v.Contract != uuid.Nil {
		fmt.Fprintf(&b, " contract %s (%s)", v.Ref, v.Contract)
	}
	fmt.Fprintf(&b, ": %s: found %s, want %s", v.What, v.Found, v.Want)
	return b.String()
}

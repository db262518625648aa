package escrow

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Window is the time that a reconciliation looks at.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Statement limits: how far back M-Pesa's statement goes, and how old a payment
// must be before its absence from the statement means something.
const (
	StatementReach  = 48 * time.Hour
	statementSettle = 30 * time.Minute
	underWayLimit   = 1_000
)

// Reconciliation is what a comparison of our books with the provider's found.
type Reconciliation struct {
	Window

	At       time.Time      `json:"at"`
	Lines    int            `json:"lines"`   // payments on the statement
	Placed   []string       `json:"placed"`  // receipts we had not heard of, which took effect now
	Differs  []string       `json:"differs"` // receipts that both know, with another amount
	Missing  []string       `json:"missing"` // receipts that we counted and the statement does not show
	Asked    int            `json:"asked"`   // transfers without an answer that the provider was asked about
	Settled  int            `json:"settled"` // of those, how many are final now
	Balances []BalanceCheck `json:"balances"`
	Notes    []string       `json:"notes"`  // what this set-up does not compare
	Faults   []string       `json:"faults"` // what could not be compared, and why
}

// Footing is what the ledger says of accounts, and how far the provider may be off
// it for what we know of. More is what it may have more: collections without an
// answer, and what the ledger has seen leave since the provider told its balance.
// Less is what it may have less: payouts and refunds without an answer, what
// M-Pesa charges for what has none, and what the ledger has seen come since. Money
// under way in one direction, or through one account, says nothing of another: a
// payout that is stuck cannot hide that as much is missing where buyers pay in.
type Footing struct {
	Ledger Cents `json:"ledger"`
	More   Cents `json:"may_have_more"`
	Less   Cents `json:"may_have_less"`
}

// BalanceCheck compares one of the provider's accounts with the ledger.
type BalanceCheck struct {
	Footing

	Account  string    `json:"account"` // as the provider names it
	Provider Cents     `json:"provider"`
	Told     time.Time `json:"told"` // when the provider told its balance
}

// Difference is what the provider has more than the ledger says.
func (b BalanceCheck) Difference() Cents { return b.Provider - b.Ledger }

// Agrees reports whether the ledger is right to the cent.
func (b BalanceCheck) Agrees() bool { return b.Difference() == 0 }

// differs says it to a person.
func (b BalanceCheck) differs() string {
	return fmt.Sprintf("%s stands at %s, the ledger says %s: %s more there than here",
		b.Account, b.Provider, b.Ledger, b.Difference())
}

// item is what the operator item about the account is said to be about.
func (b BalanceCheck) item() uuid.UUID { return idFromKey("balance:" + b.Account) }

// Explained reports whether what is under way, or moved since the balance was told,
// can account for the difference, in its direction.
func (b BalanceCheck) Explained() bool {
	return -b.Less <= b.Difference() && b.Difference() <= b.More
}

// Clean reports whether nothing is left that a person has to look at.
func (r Reconciliation) Clean() bool {
	for _, b := range r.Balances {
		if !b.Agrees() && !b.Explained() {
			return false
		}
	}
	return len(r.Differs)+len(r.Missing)+len(r.Faults) == 0
}

// Counted is one payment by a customer that our books hold.
type Counted struct {
	Receipt  string
	Amount   Cents
	Transfer uuid.UUID // zero where it belongs to no contract
	At       time.Time
}

package escrow

import "time"

// StatementLine is one posting of a contract, and what was held after it.
type StatementLine struct {
	At     time.Time
	Reason string // what happened, as a word: "funded", "released"
	Debit  Account
	Credit Account
	Amount Cents
	Held   Cents
}

// Statement lists what the ledger says of a contract, with the money held after
// each line. postings are the contract's, the oldest first.
func Statement(c Contract, postings []Posting) []StatementLine {
	own := EscrowAccount(c.ID)
	var held Cents
	lines := make([]StatementLine, 0, len(postings))
	for _, p := range postings {
		line := StatementLine{At: p.At, Reason: p.Reason}
		for _, e := range p.Entries {
			if e.Account == own {
				held -= e.Amount
			}
			if e.Amount > 0 {
				line.Debit, line.Amount = e.Account, line.Amount+e.Amount
			} else {
				line.Credit = e.Account
			}
		}
		line.Held = held
		lines = append(lines, line)
	}
	return lines
}

// Called names an account of the ledger for people who read a contract's statement.
func (a Account) Called(c Contract) string {
	switch a {
	case EscrowAccount(c.ID):
		return "held"
	case PayableAccount(c.Buyer.ID):
		return "owed to buyer"
	case PayableAccount(c.Seller.ID):
		return "owed to seller"
	default:
		return string(a)
	}
}

package escrow

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Account is one account of the double-entry ledger.
type Account string

// The accounts that are not a contract's or a party's. Debits are positive:
// money that M-Pesa keeps for us stands positive on its account, and what we
// hold for or owe to people stands negative on theirs.
const (
	MpesaCollection Account = "mpesa:collection" // the PayBill that buyers pay into
	MpesaPayout     Account = "mpesa:payout"     // the utility account that B2C pays from
	MpesaCharges    Account = "mpesa:charges"    // what M-Pesa has taken for payouts and settles later
	PayBillCharges  Account = "mpesa:paybill"    // what M-Pesa has taken for payments to the PayBill, likewise
	OwnFloat        Account = "owner:float"      // what we brought to M-Pesa ourselves, to pay charges with and to settle
	Suspense        Account = "suspense"         // money that no contract has, until it is placed or has gone back
	FeesMpesa       Account = "fees:mpesa"       // what M-Pesa's charges cost us
	FeesPlatform    Account = "fees:platform"    // what the service has earned
)

// EscrowAccount holds the money of one contract.
func EscrowAccount(contract uuid.UUID) Account {
	return Account("escrow:" + contract.String())
}

// PayableAccount is what we owe one party and are about to pay.
func PayableAccount(party uuid.UUID) Account {
	return Account("payable:" + party.String())
}

// Entry is one line of the ledger.
type Entry struct {
	Account Account
	Amount  Cents
}

// Posting is the ledger's record of one event: entries that sum to zero.
type Posting struct {
	ID         uuid.UUID
	ContractID uuid.UUID // zero for money of no contract
	TransferID uuid.UUID // the transfer that moved the money, if one did
	Reason     string    // what happened, as a word: "funded", "released", "paid_out"
	Entries    []Entry
	At         time.Time
}

// ErrUnbalanced is a posting that would create or destroy money.
var ErrUnbalanced = errors.New("ledger posting does not sum to zero")

// check refuses a posting that does not sum to zero or moves nothing.
func (p Posting) check() error {
	var sum Cents
	for _, e := range p.Entries {
		if e.Amount == 0 {
			return fmt.Errorf("%w: empty entry on %s", ErrUnbalanced, e.Account)
		}
		sum += e.Amount
	}
	if sum != 0 || len(p.Entries) < 2 {
		return fmt.Errorf("%w: %s is off by %d cents", ErrUnbalanced, p.Reason, sum)
	}
	return nil
}

// entries makes the two lines that carry amount: debited to one account,
// credited to the other.
func entries(debit, credit Account, amount Cents) []Entry {
	return []Entry{{Account: debit, Amount: amount}, {Account: credit, Amount: -amount}}
}

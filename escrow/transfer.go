package escrow

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// TransferKind is the direction of a transfer.
type TransferKind string

// The kinds of transfer.
const (
	Collect TransferKind = "collect" // from the buyer
	Payout  TransferKind = "payout"  // to the seller, by B2C
	Refund  TransferKind = "refund"  // back to the buyer, or to whoever paid
)

// Method is the service of the provider that a transfer goes by.
type Method string

// The methods. A reversal undoes a payment by its receipt: it reaches the payer
// without anyone typing a number, and M-Pesa does it once per receipt.
const (
	MethodSTK      Method = "stk"      // a prompt on the buyer's phone
	MethodPayBill  Method = "paybill"  // the buyer paid by themselves; we never sent anything
	MethodB2C      Method = "b2c"      // from our utility account to a phone
	MethodReversal Method = "reversal" // a payment by customers, undone
)

// TransferState is the life of one instruction to a provider.
type TransferState string

// The states of a transfer. Unknown means that bytes may have left us and no
// final answer is known; it is settled by a callback or a query, never by
// sending again under a new id.
const (
	TransferCreated   TransferState = "created"
	TransferSubmitted TransferState = "submitted"
	TransferAccepted  TransferState = "accepted"
	TransferSucceeded TransferState = "succeeded"
	TransferFailed    TransferState = "failed"
	TransferUnknown   TransferState = "unknown"
)

// Final reports whether no answer of the provider is awaited any more. A failed
// collection may still turn out to have been paid; see [Service.Learn].
func (s TransferState) Final() bool {
	return s == TransferSucceeded || s == TransferFailed
}

// TransferStates lists every state of a transfer.
func TransferStates() []TransferState {
	return []TransferState{
		TransferCreated, TransferSubmitted, TransferAccepted,
		TransferSucceeded, TransferFailed, TransferUnknown,
	}
}

// Transfer is one instruction to the provider. Its ID is minted and committed
// before the call, and is the OriginatorConversationID of a payout: the id that
// lets M-Pesa refuse a second payment of the same thing.
type Transfer struct {
	ID         uuid.UUID
	ContractID uuid.UUID
	PaymentID  uuid.UUID // the buyer's payment that this collects, pays on or returns
	Kind       TransferKind
	Method     Method
	State      TransferState
	Version    int64
	Party      Party // who pays, or who is paid
	Amount     Cents
	Ref        Ref    // the contract's reference, printed on the M-Pesa receipt
	ProviderID string // CheckoutRequestID, which ends in a phone number, or ConversationID
	Receipt    string // M-Pesa receipt of the success
	ResultCode string // the provider's last code
	Original   string // receipt of the payment that a reversal undoes
	Attempt    int    // 1 for the first order of this money, 2 for the next
	// Resent says that an earlier sending of it, of which nothing was known, may
	// still be done: that another sending was refused is then not final.
	Resent bool
	Looks  int // how often the provider was asked about it, or could not be reached

	CreatedAt   time.Time
	NotBefore   time.Time // when it may leave at the earliest; zero for at once
	SubmittedAt time.Time // when it last left for the provider; zero before
	UpdatedAt   time.Time
}

// age is how long ago the transfer last left for the provider, which need not have
// taken it; 0 before it did. What it waited for us until then does not count.
func (t Transfer) age(now time.Time) time.Duration {
	if t.SubmittedAt.IsZero() {
		return 0
	}
	return now.Sub(t.SubmittedAt)
}

// awaited reports whether an answer of the provider can still change something.
// A collection that failed softly may yet turn out to be paid.
func (t Transfer) awaited() bool {
	return !t.State.Final() || t.State == TransferFailed && t.Kind == Collect && soft(t.ResultCode)
}

// PaymentStatus is a payment as the outside sees it.
type PaymentStatus string

// The payment statuses, fixed by the partners' documents.
const (
	PaymentPending  PaymentStatus = "pending"  // asked for
	PaymentHeld     PaymentStatus = "locked"   // received and held
	PaymentReleased PaymentStatus = "released" // paid to the seller
	PaymentRefunded PaymentStatus = "refunded" // returned to the buyer
	PaymentFailed   PaymentStatus = "failed"   // failed or cancelled
)

// Payment is the buyer's money for a contract: one attempt to pay. A contract
// has any number of failed ones and at most one that is locked or later.
type Payment struct {
	ID         uuid.UUID
	ContractID uuid.UUID
	Payer      uuid.UUID
	Amount     Cents
	Status     PaymentStatus
	Receipt    string // M-Pesa receipt of the money in
	Bounced    Bounce // why it came and was not kept; empty otherwise
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// mayFollow says which states a transfer may move to. Success is absorbing, and
// is reachable from every other state: a late success is real money, and so is
// that of a submission that looked as if it had never left us. Unknown goes back
// to created only where the provider says that it has never seen the transfer.
func (s TransferState) mayFollow(next TransferState) bool {
	allowed := map[TransferState][]TransferState{
		TransferCreated:   {TransferSubmitted, TransferSucceeded},
		TransferSubmitted: {TransferCreated, TransferAccepted, TransferUnknown, TransferFailed, TransferSucceeded},
		TransferAccepted:  {TransferUnknown, TransferFailed, TransferSucceeded},
		TransferUnknown:   {TransferCreated, TransferAccepted, TransferFailed, TransferSucceeded},
		TransferFailed:    {TransferSucceeded},
		TransferSucceeded: {},
	}
	return slices.Contains(allowed[s], next)
}

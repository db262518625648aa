package escrow

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Job is work that must happen after a transaction commits, and then for
// certain. It is enqueued in that transaction and survives us.
type Job interface{ Kind() string }

// SubmitTransfer sends one transfer to the provider; see [Service.Submit].
type SubmitTransfer struct {
	Transfer uuid.UUID `json:"transfer"`
}

// Kind implements [Job].
func (SubmitTransfer) Kind() string { return "submit_transfer" }

// WatchTransfer asks what became of a transfer; see [Service.Watch].
type WatchTransfer struct {
	Transfer uuid.UUID `json:"transfer"`
}

// Kind implements [Job].
func (WatchTransfer) Kind() string { return "watch_transfer" }

// SendMessage sends one SMS; see [Service.Send].
type SendMessage struct {
	Message uuid.UUID `json:"message"`
}

// Kind implements [Job].
func (SendMessage) Kind() string { return "send_message" }

// Deadline looks at what is due on a contract; see [Service.Deadline].
type Deadline struct {
	Contract uuid.UUID `json:"contract"`
}

// Kind implements [Job].
func (Deadline) Kind() string { return "deadline" }

// Pulse notes that the service works; see [Service.Beat].
type Pulse struct{}

// Kind implements [Job].
func (Pulse) Kind() string { return "pulse" }

// Sweep finds transfers and deadlines that nobody works on; see [Service.Sweep].
type Sweep struct{}

// Kind implements [Job].
func (Sweep) Kind() string { return "sweep" }

// Reconcile compares our books with the provider's; see [Service.Reconcile].
type Reconcile struct{}

// Kind implements [Job].
func (Reconcile) Kind() string { return "reconcile" }

// Later is what a job returns when it has to run again: nothing failed, it is
// only not time yet.
type Later struct{ After time.Duration }

func (l *Later) Error() string { return fmt.Sprintf("again in %s", l.After) }

// ItemKind names why an operator has to look.
type ItemKind string

// The kinds of operator items.
const (
	ItemDispute        ItemKind = "dispute"          // a party raised a dispute
	ItemPayoutFailed   ItemKind = "payout_failed"    // M-Pesa refused a payout or refund for good
	ItemPayoutSilent   ItemKind = "payout_silent"    // a payout has had no answer for an hour
	ItemProviderAlarm  ItemKind = "provider_alarm"   // credentials, float or configuration at the provider
	ItemAmountMismatch ItemKind = "amount_mismatch"  // M-Pesa told two amounts of one payment
	ItemStrayMoney     ItemKind = "stray_money"      // money that no contract can be named for
	ItemNoWayBack      ItemKind = "no_way_back"      // money must go back, and no rule says how
	ItemNoReceipt      ItemKind = "no_receipt"       // a prompt is called paid without receipt, and no contract waits for it
	ItemUnconfirmed    ItemKind = "unconfirmed"      // told of a payment that M-Pesa's records do not show
	ItemPaidTwice      ItemKind = "paid_twice"       // two attempts to pay the same money have succeeded
	ItemPayoutsHalted  ItemKind = "payouts_halted"   // initiator or float: nothing is paid out
	ItemOtherPrompt    ItemKind = "other_prompt"     // a success under our address is about a prompt that is not ours
	ItemCollectUnknown ItemKind = "collect_unknown"  // a prompt of which M-Pesa told nothing for a day
	ItemUnknownSubject ItemKind = "unknown_subject"  // a callback with a good token is about a transfer we do not have
	ItemJobGivenUp     ItemKind = "job_given_up"     // a job failed until no more tries were left
	ItemNotOnStatement ItemKind = "not_on_statement" // a payment was counted that M-Pesa's statement does not show
	ItemBalanceDiffers ItemKind = "balance_differs"  // M-Pesa's balance and the ledger do not agree
	ItemReceiptReuse   ItemKind = "receipt_reuse"    // one receipt was reported for two payments
	ItemCodeLocked     ItemKind = "code_locked"      // too many wrong release codes
	ItemSMSBalance     ItemKind = "sms_balance"      // the SMS account runs low: soon nobody is told anything

	ItemInspectionOver  ItemKind = "inspection_over"  // delivered, and the buyer did not answer in time
	ItemOverdueUnwarned ItemKind = "overdue_unwarned" // not delivered in time, and the seller may not know
	ItemAcceptedSilent  ItemKind = "accepted_silent"  // accepted, and the seller does not confirm
)

// Mediates reports whether an item of the kind is what a dispute waits for.
func (k ItemKind) Mediates() bool {
	return k == ItemDispute || k == ItemInspectionOver || k == ItemOverdueUnwarned
}

// MovesOn reports whether an item of the kind is what a contract waits for that no
// deadline moves on.
func (k ItemKind) MovesOn() bool { return k.Mediates() || k == ItemAcceptedSilent }

// Item is something that only a person can settle. Money that waits for a
// person always has one.
type Item struct {
	ID         uuid.UUID
	Kind       ItemKind
	ContractID uuid.UUID // zero where it is about no contract
	Ref        Ref       // of the contract
	TransferID uuid.UUID // zero where it is about no transfer
	Note       string
	OpenedAt   time.Time
	Closed     Closing // zero while it is open
}

// Closing is how an item was closed.
type Closing struct {
	By  string // name of the operator; empty where it settled by itself
	Why string
	At  time.Time
}

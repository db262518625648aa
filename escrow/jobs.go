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

// Later is what a job returns when it has to run again: nothing failed, it is
// only not time yet.
type Later struct{ After time.Duration }

func (l *Later) Error() string { return fmt.Sprintf("again in %s", l.After) }

// ItemKind names why an operator has to look.
type ItemKind string

// The kinds of operator items.
const (
	ItemDispute        ItemKind = "dispute"         // a party raised a dispute
	ItemPayoutFailed   ItemKind = "payout_failed"   // M-Pesa refused a payout or refund for good
	ItemPayoutSilent   ItemKind = "payout_silent"   // a payout has had no answer for an hour
	ItemProviderAlarm  ItemKind = "provider_alarm"  // credentials, float or configuration at the provider
	ItemAmountMismatch ItemKind = "amount_mismatch" // money came in another amount than asked
	ItemReceiptReuse   ItemKind = "receipt_reuse"   // one receipt was reported for two payments
	ItemLateMoney      ItemKind = "late_money"      // money came that no contract waits for
	ItemCodeLocked     ItemKind = "code_locked"     // too many wrong release codes
)

// Item is something that only a person can settle. Money that waits for a
// person always has one.
type Item struct {
	ID         uuid.UUID
	Kind       ItemKind
	ContractID uuid.UUID
	TransferID uuid.UUID
	Note       string
	OpenedAt   time.Time
}

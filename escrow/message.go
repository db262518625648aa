package escrow

import (
	"time"

	"github.com/google/uuid"
)

// Template names a text that is sent by SMS. Each has one text per language.
type Template string

// The messages. Their parameters are the fields of [MessageParams].
const (
	MsgProposed        Template = "proposed"         // to the other party: agree or refuse
	MsgDetails         Template = "details"          // to the other party: what else the proposal says
	MsgAgreedBuyer     Template = "agreed_buyer"     // to the buyer: pay now
	MsgAgreedSeller    Template = "agreed_seller"    // to the seller: wait for the money
	MsgDeclined        Template = "declined"         // to the proposer
	MsgCancelled       Template = "cancelled"        // to both
	MsgPromptSent      Template = "prompt_sent"      // to the buyer: enter the M-Pesa PIN
	MsgFundedBuyer     Template = "funded_buyer"     // receipt: money is held
	MsgFundedSeller    Template = "funded_seller"    // deliver now
	MsgPaymentFailed   Template = "payment_failed"   // to the buyer: what went wrong, what to do
	MsgDeliveredBuyer  Template = "delivered_buyer"  // carries the release code
	MsgDeliveredSeller Template = "delivered_seller" // to the seller: wait for the buyer
	MsgAcceptedBuyer   Template = "accepted_buyer"   // accepted before delivery was confirmed
	MsgAcceptedSeller  Template = "accepted_seller"  // confirm delivery and you are paid
	MsgCompletedBuyer  Template = "completed_buyer"  // both confirmed, the seller is being paid
	MsgCompletedSeller Template = "completed_seller" // both confirmed, you are being paid
	MsgPaidSeller      Template = "paid_seller"      // receipt: M-Pesa paid you
	MsgReleasedBuyer   Template = "released_buyer"   // receipt: the seller was paid
	MsgRefunded        Template = "refunded"         // receipt: money returned
	MsgRefundComing    Template = "refund_coming"    // money came that no contract waits for
	MsgRefundAmount    Template = "refund_amount"    // money came in another amount than Due
	MsgRefundPayer     Template = "refund_payer"     // money came from another number than the buyer's
	MsgPayoutDelayed   Template = "payout_delayed"   // to who is owed money: a person is looking into it
	MsgPayoutTomorrow  Template = "payout_tomorrow"  // the same: their M-Pesa is full, we try again in the morning
	MsgPayoutNumber    Template = "payout_number"    // the same: their number is not on M-Pesa, call us
	MsgDisputedRaiser  Template = "disputed_raiser"
	MsgDisputedOther   Template = "disputed_other"

	// MsgExpired and those below it are what time brings.
	MsgExpired         Template = "expired"          // to both: nobody agreed or paid in time
	MsgWarnFirst       Template = "warn_first"       // to the seller: today is the last day
	MsgWarnLast        Template = "warn_last"        // to the seller: the money goes back on Until
	MsgOverdue         Template = "overdue"          // to both: not delivered, the money goes back
	MsgOverdueUnwarned Template = "overdue_unwarned" // to both: not delivered, a mediator looks
	MsgInspectReminder Template = "inspect_reminder" // to the buyer, carries the release code
	MsgInspectionOver  Template = "inspection_over"  // to both: no answer, a mediator looks
	MsgConfirmReminder Template = "confirm_reminder" // to the seller: only your word is missing

	// MsgCancelAsked and those below it are what the two sides undo, and what a mediator decides.
	MsgCancelAsked   Template = "cancel_asked"   // to the side that is asked, carries the code
	MsgCancelAsking  Template = "cancel_asking"  // to the side that asks
	MsgCancelKept    Template = "cancel_kept"    // to both: the wish was taken back
	MsgCancelRefused Template = "cancel_refused" // to the side that asked: the other says no
	MsgWithdrawn     Template = "withdrawn"      // to both: the dispute was taken back
	MsgWordAdded     Template = "word_added"     // to the side that has added a word to the dispute
	MsgResolved      Template = "resolved"       // to both: Own is what the receiver gets, Rest what the other does

	// MsgPINSet and those below it tell a person what happened to their PIN.
	MsgPINSet        Template = "pin_set"
	MsgPINChanged    Template = "pin_changed"
	MsgPINResetAsked Template = "pin_reset_asked" // carries the code of the reset
	MsgPINLocked     Template = "pin_locked"
	MsgPINCleared    Template = "pin_cleared" // by an operator

	MsgStatus        Template = "status"           // answer to STATUS
	MsgHelp          Template = "help"             // answer to HELP
	MsgUnknown       Template = "unknown_contract" // the neutral answer
	MsgNotUnderstood Template = "not_understood"   // answer to what is no command
	MsgSuggest       Template = "suggest"          // answer to what is nearly one: Words is the verb that was meant
	MsgStop          Template = "stop"             // answer to STOP
	MsgStart         Template = "start"            // answer to START
	MsgWhich         Template = "which"            // asks for the reference: Item lists them, Words is the verb
	MsgRefused       Template = "refused"          // a refusal in words, with the true state
	MsgLanguage      Template = "language"         // the language was changed
)

// MessageParams is what a template may show. Money is already in words; people
// are already masked. The release code is not here: it is derived when the
// message is sent, so that no table and no job holds it.
type MessageParams struct {
	Ref       Ref           `json:"ref,omitempty"`
	Item      string        `json:"item,omitempty"`
	Place     string        `json:"place,omitempty"`   // with MsgDetails
	Quality   string        `json:"quality,omitempty"` // with MsgDetails
	Amount    Cents         `json:"amount,omitempty"`
	Due       Cents         `json:"due,omitempty"`     // what the receiver pays or gets, the fee counted in
	Fee       Cents         `json:"fee,omitempty"`     // what of it is the fee, where the receiver bears it
	Held      Cents         `json:"held,omitempty"`    // what is held, or goes back: all that the buyer pays
	Gets      Cents         `json:"gets,omitempty"`    // what the seller gets in the end
	Wait      int           `json:"wait,omitempty"`    // seconds until it may be tried again, with MsgRefused
	Other     string        `json:"other,omitempty"`   // the other party's label
	Receipt   string        `json:"receipt,omitempty"` // M-Pesa receipt
	State     State         `json:"state,omitempty"`
	Role      Role          `json:"role,omitempty"`       // the receiver's side
	Act       Act           `json:"act,omitempty"`        // what is open to the receiver, with MsgStatus and MsgRefused
	Payment   PaymentStatus `json:"payment,omitempty"`    // with MsgStatus
	Code      Code          `json:"code,omitempty"`       // with MsgRefused
	Left      int           `json:"left,omitempty"`       // attempts left, with MsgRefused
	Done      string        `json:"done,omitempty"`       // the milestone that was passed before, with MsgRefused
	On        string        `json:"on,omitempty"`         // YYYY-MM-DD, when that was
	Result    string        `json:"result,omitempty"`     // provider's code, with MsgPaymentFailed
	Cause     Cause         `json:"cause,omitempty"`      // why it failed, with MsgPaymentFailed
	Words     string        `json:"words,omitempty"`      // a party's own words or the key of a menu's, with MsgDisputedOther
	DeliverBy string        `json:"deliver_by,omitempty"` // YYYY-MM-DD
	Until     string        `json:"until,omitempty"`      // YYYY-MM-DD, the last day of what runs on the contract

	// Language, where it is not empty, is the language to answer in instead of
	// the receiver's own: that of the message which is answered.
	Language Language `json:"language,omitempty"`

	Own  Cents `json:"own,omitempty"`  // the receiver's part, with MsgResolved
	Rest Cents `json:"rest,omitempty"` // the other's part, with MsgResolved
}

// Reminder reports a message that only reminds: it waits for the day.
func (t Template) Reminder() bool {
	switch t {
	case MsgWarnFirst, MsgWarnLast, MsgInspectReminder, MsgConfirmReminder:
		return true
	default:
		return false
	}
}

// Stoppable reports a reminder that STOP keeps away. The seller's warnings are
// none: a refund hangs on their arrival, and nobody may end that by a word.
func (t Template) Stoppable() bool { return t == MsgInspectReminder || t == MsgConfirmReminder }

// carriesCode reports a message that is sent with a code of ours in it.
func (t Template) carriesCode() bool {
	switch t {
	case MsgDeliveredBuyer, MsgInspectReminder, MsgCancelAsked, MsgPINResetAsked:
		return true
	default:
		return false
	}
}

// MessageState is the life of one SMS.
type MessageState string

// The states of a message. Unknown means that the gateway may have taken it.
const (
	MessageQueued    MessageState = "queued"
	MessageSending   MessageState = "sending"
	MessageSent      MessageState = "sent"
	MessageDelivered MessageState = "delivered"
	MessageFailed    MessageState = "failed"
	MessageUnknown   MessageState = "unknown"
)

// Message is one SMS to one party: a template and what it shows, kept until it
// is sent and after, as a line of the contract's history.
type Message struct {
	ID         uuid.UUID
	To         Party
	ContractID uuid.UUID // zero where the message is about no contract
	Template   Template
	Params     MessageParams
	State      MessageState
	ProviderID string    // the SMS gateway's message id
	Cost       string    // as the gateway wrote it, "KES 0.8000"
	Note       string    // why it was not taken or did not arrive, or which way it went
	Batch      uuid.UUID // the message in whose request it is being sent; zero where that is its own
	Silent     bool      // the receiver wants no reminders
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

package escrow

import (
	"errors"
	"fmt"
	"time"
)

// Code names why something was refused. Channels own one sentence per code and
// language; the code itself is never shown.
type Code string

// The refusals. A person reads a sentence for each; none of them is a fault.
const (
	UnknownContract  Code = "unknown_contract" // no such contract, or not the caller's: the two answer alike
	NotYourTurn      Code = "not_your_turn"    // the other party has to do this
	Already          Code = "already"          // it has happened before: harmless, nothing is done twice
	NotNow           Code = "not_now"          // the contract's state does not allow it
	Frozen           Code = "frozen"           // a dispute is open
	Closed           Code = "closed"           // the contract has ended
	BadPhone         Code = "bad_phone"        // not a Kenyan mobile number
	SamePerson       Code = "same_person"      // buyer and seller are one
	AmountOutOfRange Code = "amount_out_of_range"
	BadItem          Code = "bad_item"      // what is sold is empty or too long
	BadDetail        Code = "bad_detail"    // place or quality is too long
	BadDate          Code = "bad_date"      // delivery date is past, or more than a year ahead
	PromptOpen       Code = "prompt_open"   // an M-Pesa prompt is already on its way
	TooSoon          Code = "too_soon"      // the last prompt was sent a moment ago; Wait says how long to wait
	CodeNeeded       Code = "code_needed"   // the release code is missing
	CodeNotSent      Code = "code_not_sent" // no delivery notice was sent yet, so no code exists
	BadCode          Code = "bad_code"      // the release code is wrong
	CodeLocked       Code = "code_locked"   // too many wrong release codes
	Reminded         Code = "reminded"      // the other side was reminded not long ago
	BadWords         Code = "bad_words"     // what a party adds to a dispute is empty or too long
	Enough           Code = "enough"        // it was done as often as it may be done in a day
	KeyConflict      Code = "key_conflict"  // the same idempotency key with another input

	DialNeeded       Code = "dial_needed"        // by SMS it is not taken: a sender's number can be forged
	CancelWaits      Code = "cancel_waits"       // the caller has asked to call off, and the other side has not answered
	CancelCodeNeeded Code = "cancel_code_needed" // the code of the message that asked is missing

	PINNeeded     Code = "pin_needed"      // the PIN is missing, or was changed a moment ago
	PINNotSet     Code = "pin_not_set"     // there is no PIN to change, to reset or to prove anything by
	PINWaits      Code = "pin_waits"       // the PIN moves no money yet: it was set a moment ago
	PINIsSet      Code = "pin_is_set"      // there is a PIN already: it can be changed
	BadPIN        Code = "bad_pin"         // the PIN is wrong; Left says how often it may be tried again
	PINLocked     Code = "pin_locked"      // too many wrong PINs: only a reset helps
	WeakPIN       Code = "weak_pin"        // not four digits, or too easily guessed
	SamePIN       Code = "same_pin"        // the new PIN is the old one
	NoPINReset    Code = "no_pin_reset"    // no reset was asked for, or it is over
	PINResetWaits Code = "pin_reset_waits" // a reset was asked for; Wait says how long it waits yet
)

// The refusals that only operators get. They are read on a terminal.
const (
	UnknownOperator Code = "unknown_operator" // no such key, or one that was disabled
	UnknownItem     Code = "unknown_item"
	NoReason        Code = "no_reason"
	BadSplit        Code = "bad_split"     // a share that M-Pesa cannot pay, or more than there is
	RulingWaits     Code = "ruling_waits"  // another ruling waits for its second operator
	SameOperator    Code = "same_operator" // who proposed a ruling cannot approve it
	LastItem        Code = "last_item"     // nobody would look after the contract any more
)

// AllCodes lists every refusal that a party can get, for those who own a sentence
// for each.
func AllCodes() []Code {
	return []Code{
		UnknownContract, NotYourTurn, Already, NotNow, Frozen, Closed, BadPhone, SamePerson, AmountOutOfRange,
		BadItem, BadDetail, BadDate, PromptOpen, TooSoon, CodeNeeded, CodeNotSent, BadCode, CodeLocked, Reminded,
		BadWords, Enough, KeyConflict,
		DialNeeded, CancelWaits, CancelCodeNeeded,
		PINNeeded, PINNotSet, PINWaits, PINIsSet, BadPIN, PINLocked, WeakPIN, SamePIN, NoPINReset, PINResetWaits,
	}
}

// Refusal is a request that the rules do not allow. It changes nothing.
type Refusal struct {
	Code     Code
	Contract *Contract     // the contract as it stands, where the caller may see it
	Left     int           // attempts left, with BadCode and BadPIN
	Wait     time.Duration // when to try again, with TooSoon and PINResetWaits
	Done     Milestone     // what was done before, with Already, or ended the contract, with Closed; zero where that is not known
}

// Error implements error for logs; people read the text of the Code.
func (r *Refusal) Error() string { return "refused: " + string(r.Code) }

// Is matches refusals by code, so that errors.Is(err, Refuse(NotNow)) works.
func (r *Refusal) Is(target error) bool {
	other, ok := target.(*Refusal)
	return ok && other.Code == r.Code
}

// Refuse makes a refusal.
func Refuse(code Code) *Refusal { return &Refusal{Code: code} }

// About returns the refusal with the contract it concerns.
func (r *Refusal) About(c Contract) *Refusal {
	r.Contract = &c
	return r
}

// RefusalOf returns the refusal in err's chain, or nil where err is a fault of
// ours that people see as one neutral sentence.
func RefusalOf(err error) *Refusal {
	refusal, _ := errors.AsType[*Refusal](err)
	return refusal
}

// TransitionError says that a state has no rule for an event. Use cases turn it
// into a [Refusal] or, for provider facts, into suspense: it is never dropped.
type TransitionError struct {
	State State
	Event Event
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("no rule for %s in state %s", e.Event, e.State)
}

// ErrConflict reports that a row changed under us: the transaction is tried again.
var ErrConflict = errors.New("changed by another transaction")

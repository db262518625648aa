package escrow

import (
	"time"

	"github.com/google/uuid"
)

// maxPINTries is how many wrong PINs in a row lock it. Of the 9,000 that are not
// weak, five are one in 1,800.
const maxPINTries = 5

// PINRest is how long a PIN that was set for the first time moves no money, and how
// long a reset waits: whoever has borrowed a phone has given it back by then, and
// the notice lies on it.
const PINRest = 24 * time.Hour

// resetLife is how long after it was asked for a reset can be made.
const resetLife = 7 * day

// PINStatus is what is known of a party's PIN, except the PIN.
type PINStatus struct {
	SetAt      time.Time // zero while there is none
	TrustedAt  time.Time // from when on it moves money
	LockedAt   time.Time // zero unless too many wrong ones were given
	ResetAt    time.Time // when a reset was asked for; zero where none was
	Tries      int       // wrong ones since the last right one
	ResetTries int       // wrong reset codes since ResetAt
}

// Set reports whether there is a PIN.
func (p PINStatus) Set() bool { return !p.SetAt.IsZero() }

// Trusted reports whether there is a PIN that moves money. One that is locked still
// is it: a lock must not open an easier way.
func (p PINStatus) Trusted(now time.Time) bool { return p.Set() && !now.Before(p.TrustedAt) }

// Locked reports whether too many wrong PINs were given: only a reset helps.
func (p PINStatus) Locked() bool { return !p.LockedAt.IsZero() }

// Left is how many wrong PINs may still be given.
func (p PINStatus) Left() int { return max(maxPINTries-p.Tries, 0) }

// Resetting reports whether a reset was asked for that can still be made, and how
// long it has to wait until then.
func (p PINStatus) Resetting(now time.Time) (wait time.Duration, asked bool) {
	if p.ResetAt.IsZero() || now.After(p.ResetAt.Add(resetLife)) {
		return 0, false
	}
	return max(p.ResetAt.Add(PINRest).Sub(now), 0), true
}

// PINCommand is a request about the caller's own PIN. It is taken by USSD only: a
// text message stays in the phone for whoever opens it next.
type PINCommand struct {
	Request
	PIN  PIN    // the new one
	Old  PIN    // the one that is set, with ChangePIN
	Code string // of our SMS, with ResetPIN
}

// PINEventKind is what happened to a PIN.
type PINEventKind string

// The events of a PIN.
const (
	PINSet          PINEventKind = "pin_set"
	PINChanged      PINEventKind = "pin_changed"
	PINUsed         PINEventKind = "pin_used" // to move the money of a contract
	PINWrong        PINEventKind = "pin_wrong"
	PINLockedUp     PINEventKind = "pin_locked"
	PINResetAsked   PINEventKind = "pin_reset_asked"
	PINResetWrong   PINEventKind = "pin_reset_wrong"   // the code of the SMS was wrong
	PINResetDropped PINEventKind = "pin_reset_dropped" // the old one was given after all, or too many wrong codes
	PINReset        PINEventKind = "pin_reset"
	PINCleared      PINEventKind = "pin_cleared" // by an operator
)

// PINEvent is one line of the history of a party's PIN. No digit is in it.
type PINEvent struct {
	ID       uuid.UUID
	Party    uuid.UUID
	Contract uuid.UUID // with PINUsed, and where the wrong one was for a contract
	At       time.Time
	Channel  Channel
	Evidence string // idempotency key
	Event    PINEventKind
	Tries    int    // wrong ones so far
	Detail   string // who cleared it, and why
}

package escrow

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Store is the port to the database.
type Store interface {
	// InTx runs fn in one transaction and commits when it returns nil. It runs
	// fn again, a few times, when the database asks for it (serialization
	// failure, deadlock) or fn returns [ErrConflict]: fn must have no effect
	// but through tx.
	InTx(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error

	// FindParty returns the party with the phone and its open contracts, most
	// urgent first, in one statement. A phone that never came by has no party.
	FindParty(ctx context.Context, phone Phone, limit int) (Party, []Contract, error)
	// FindPIN returns the party with the phone and what is kept of its PIN, which
	// tells the PIN to nobody.
	FindPIN(ctx context.Context, phone Phone) (Party, []byte, error)
	// SealPIN makes what is kept of a PIN, and MatchPIN compares a PIN with it, slowly,
	// so that whoever stole all of it guesses slowly too: neither belongs into a
	// transaction.
	SealPIN(ctx context.Context, phone Phone, pin PIN) ([]byte, error)
	MatchPIN(ctx context.Context, phone Phone, pin PIN, sealed []byte) (bool, error)
	// FindContract returns the newest contract with the reference, and the status
	// of the payment that counts.
	FindContract(ctx context.Context, ref Ref) (Contract, PaymentStatus, error)
	// FindContracts returns a party's contracts as it sees them, newest first.
	FindContracts(ctx context.Context, phone Phone, offset, limit int) ([]View, error)
	// Events returns the audit trail of a contract, oldest first.
	Events(ctx context.Context, contract uuid.UUID) ([]AuditEvent, error)
	// FindTransfer returns a transfer with its party.
	FindTransfer(ctx context.Context, id uuid.UUID) (Transfer, error)
	// FindStale returns transfers under way that nothing was written of since the
	// given time, and that need not wait until after it, oldest first.
	FindStale(ctx context.Context, since time.Time, limit int) ([]Transfer, error)
	// FindDue returns contracts whose deadline passed before the given time, the
	// longest overdue first.
	FindDue(ctx context.Context, before time.Time, limit int) ([]uuid.UUID, error)
	// FindMessage returns a message with its receiver.
	FindMessage(ctx context.Context, id uuid.UUID) (Message, error)

	MoneyStore
}

// Tx is one transaction on the database. Methods that load a row to change it
// lock it until the end; rows are locked in the order contract, transfer.
type Tx interface {
	// Claim takes an idempotency key for the input with the given hash, and
	// reports false where the same input has been worked before. Another input
	// under the key is refused with [KeyConflict].
	Claim(ctx context.Context, key string, hash []byte, contract uuid.UUID) (first bool, err error)
	// NoteRefusal records that what was asked under a claimed key was refused,
	// although the transaction commits: a repetition gets the same refusal.
	NoteRefusal(ctx context.Context, key string, code Code) error
	// NotedRefusal returns what NoteRefusal recorded, or "".
	NotedRefusal(ctx context.Context, key string) (Code, error)

	EnsureParty(ctx context.Context, phone Phone) (Party, error)
	SaveParty(ctx context.Context, p Party) error
	// LockPIN returns what is known and kept of a party's PIN, and locks it.
	LockPIN(ctx context.Context, party uuid.UUID) (PINStatus, []byte, error)
	SavePIN(ctx context.Context, party uuid.UUID, status PINStatus, sealed []byte) error
	AddPINEvent(ctx context.Context, e PINEvent) error

	// AddContract stores a new contract under a free reference, which it returns.
	AddContract(ctx context.Context, c Contract) (Ref, error)
	ContractByRef(ctx context.Context, ref Ref) (Contract, error)
	Contract(ctx context.Context, id uuid.UUID) (Contract, error)
	// SaveContract writes c over the version it was read in, or returns [ErrConflict].
	SaveContract(ctx context.Context, c Contract) error

	AddEvent(ctx context.Context, e AuditEvent) error
	AddPosting(ctx context.Context, p Posting) error
	AddItem(ctx context.Context, i Item) error
	// CloseItem closes the open item of the kind that is about the contract itself,
	// if there is one.
	CloseItem(ctx context.Context, contract uuid.UUID, kind ItemKind, c Closing) error
	Item(ctx context.Context, id uuid.UUID) (Item, error)
	CloseItemByID(ctx context.Context, id uuid.UUID, c Closing) error

	OperatorByKey(ctx context.Context, hash []byte) (Operator, error)
	AddRuling(ctx context.Context, r Ruling) error
	// ProposedRuling returns the ruling that waits for a second operator.
	ProposedRuling(ctx context.Context, contract uuid.UUID) (Ruling, error)
	SaveRuling(ctx context.Context, r Ruling) error
	// LapseRuling ends the ruling that waits, if there is one.
	LapseRuling(ctx context.Context, contract uuid.UUID, at time.Time) error

	AddPayment(ctx context.Context, p Payment) error
	Payment(ctx context.Context, id uuid.UUID) (Payment, error)
	// HeldPayment returns the payment that is locked for a contract.
	HeldPayment(ctx context.Context, contract uuid.UUID) (Payment, error)
	SavePayment(ctx context.Context, p Payment) error
	// Outcome returns what became of a payment by the transfers that carry it away:
	// empty while one of its ways out has not arrived.
	Outcome(ctx context.Context, payment uuid.UUID) (PaymentStatus, error)

	AddTransfer(ctx context.Context, t Transfer) error
	Transfer(ctx context.Context, id uuid.UUID) (Transfer, error)
	SaveTransfer(ctx context.Context, t Transfer) error
	// PromptOpen reports whether a collection is under way for the contract or
	// at the party's phone.
	PromptOpen(ctx context.Context, contract, party uuid.UUID) (bool, error)

	AddMessage(ctx context.Context, m Message) error
	Message(ctx context.Context, id uuid.UUID) (Message, error)
	MessageByProvider(ctx context.Context, providerID string) (Message, error)
	SaveMessage(ctx context.Context, m Message) error
	// Alike returns queued messages that read as m does, without m and without those
	// that another transaction holds.
	Alike(ctx context.Context, m Message, most int) ([]Message, error)
	// Silence notes since when a party wants no reminders; a zero time ends it.
	Silence(ctx context.Context, party uuid.UUID, since time.Time) error
	// MessagesDelivered counts those of the templates that were delivered at least
	// once about a contract, by delivery report.
	MessagesDelivered(ctx context.Context, contract uuid.UUID, templates []Template) (int, error)

	// Pulse returns when the service was last noted to work; zero before the first time.
	Pulse(ctx context.Context) (time.Time, error)
	// SetPulse moves the pulse on, and reports false where somebody else has.
	SetPulse(ctx context.Context, last, now time.Time) (won bool, err error)
	AddOutage(ctx context.Context, o Outage) error
	// Outages returns those that ended after the given time.
	Outages(ctx context.Context, since time.Time) ([]Outage, error)

	// Enqueue stores a job that runs at the given time, if this transaction commits.
	Enqueue(ctx context.Context, job Job, at time.Time) error

	MoneyTx
}

// Messenger is the port to an SMS gateway. Send renders the message in the
// receiver's language and sends it once; code is the release code, where the
// template shows one.
type Messenger interface {
	Send(ctx context.Context, m Message, code string) Dispatch
}

// Broadcaster is a [Messenger] that takes messages which read alike in one
// request. The answers are in the order of the messages.
type Broadcaster interface {
	Broadcast(ctx context.Context, messages []Message) []Dispatch
}

// Dispatch is what is known after an SMS was handed over. NotSent may be tried
// again, Unknown must not be: the receiver could get it twice.
type Dispatch struct {
	Outcome    Outcome
	ProviderID string
	Cost       string
	Reason     string
	Route      string // the way it went, where that was not the usual one
	RetryAfter time.Duration
}

// NotFoundError says that the store has no such row.
type NotFoundError struct{ What string }

func (e *NotFoundError) Error() string { return e.What + " not found" }

// IsNotFound reports whether err says that the store has no such row.
func IsNotFound(err error) bool {
	_, ok := errors.AsType[*NotFoundError](err)
	return ok
}

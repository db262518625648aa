package escrow

import (
	"context"
	"time"
)

// Provider is the port to a mobile-money provider. Neither method returns an
// error: whatever goes wrong is an outcome, and the outcome of a call that may
// have left us without an answer is [Unknown].
type Provider interface {
	// Submit asks the provider to move the money of one transfer. It is called
	// once per submission, never inside a database transaction, and must not
	// retry by itself.
	Submit(ctx context.Context, t Transfer) Submission
	// Look asks what became of a transfer. It moves nothing. Where the provider
	// answers by callback it returns [Processing] and the callback follows.
	Look(ctx context.Context, t Transfer) Finding
	// Confirm asks whether a payment by a customer was made, under the receipt
	// and near the time that somebody told us of. It moves nothing, and says
	// [Moved] only where the provider's own records do. t is the prompt that is
	// said to have been paid, or zero where there was none.
	Confirm(ctx context.Context, receipt string, amount Cents, at time.Time, t Transfer) Verdict
}

// Outcome is what is known after a call.
type Outcome string

// The outcomes of a submission.
const (
	Taken   Outcome = "accepted" // the provider will tell the result later
	Refused Outcome = "refused"  // definitely not moved, and sending again would not help
	NotSent Outcome = "not_sent" // definitely not taken: the same transfer may be sent again later
	Unknown Outcome = "unknown"  // may have been taken
)

// Cause is why money did not move, as far as it decides what happens next.
type Cause string

// The causes. The zero value is any other reason.
const (
	CauseFunds      Cause = "funds"      // the payer has too little money
	CauseFloat      Cause = "float"      // our own account has too little money
	CauseCredential Cause = "credential" // our initiator: every further try can lock it
	CauseConfig     Cause = "config"     // our set-up at the provider
	CauseLimit      Cause = "limit"      // the receiver's or payer's day or wallet is full
	CauseNumber     Cause = "number"     // the phone is not on M-Pesa
	CauseBusy       Cause = "busy"       // another session, the same amount again, overload
	CauseUser       Cause = "user"       // cancelled, no answer, wrong PIN
	CauseDone       Cause = "done"       // a reversal was done before: the money has moved back
)

// Submission is the provider's immediate answer to a transfer.
type Submission struct {
	Outcome    Outcome
	ProviderID string        // CheckoutRequestID or ConversationID, when accepted
	Cause      Cause         // with Refused and NotSent
	Code       string        // the provider's code, for people who look into it
	Reason     string        // the provider's words with secrets removed
	RetryAfter time.Duration // with NotSent: wait at least this long
	Alarm      bool          // an operator must act before the next one can work
}

// Verdict is what the provider says about the money of a transfer.
type Verdict string

// The verdicts. Only Moved and NotMoved are final, and of a query about a
// collection only Moved is: M-Pesa was seen to call paid prompts failed there.
const (
	Moved      Verdict = "moved"
	NotMoved   Verdict = "not_moved"
	Processing Verdict = "processing"
	NeverSeen  Verdict = "never_seen" // the provider knows no such transfer, yet
	NoAnswer   Verdict = "no_answer"  // the answer says nothing, in either direction
	NotAsked   Verdict = "not_asked"  // the question could not be put, and nothing was learnt
)

// Finding is one statement of the provider about a transfer, by callback or by
// query. What the statement does not carry is empty.
type Finding struct {
	Verdict    Verdict
	Cause      Cause // with NotMoved; with Moved where a reversal was done before; with NoAnswer why we may not ask
	Code       string
	Reason     string
	Receipt    string
	Amount     Cents
	ProviderID string        // CheckoutRequestID that the statement is about; with collections
	Payer      string        // the payer's number as M-Pesa shows it, perhaps masked with asterisks; with collections
	Payee      string        // the receiver's name as M-Pesa knows it; with payouts
	By         Method        // by which way it moved, where a person says so; empty for as it was ordered
	Fee        Cents         // what M-Pesa took from us for it; only the answer to a query about a payout tells
	At         time.Time     // when the money moved, by M-Pesa's clock
	RetryAfter time.Duration // with NotAsked: ask no sooner
	Alarm      bool          // an operator must act: wrong initiator, empty float, locked credential
}

// Arrival is one payment by a customer as the provider's records show it: a C2B
// confirmation or a line of the statement. The same payment may also be told of
// by the callback of a prompt; the receipt is the one key over all of them.
type Arrival struct {
	Receipt string
	Amount  Cents
	Account string // what the payer typed as the account number, as it came
	Payer   string // the payer's number as M-Pesa shows it: masked, or hashed with SHA-256
	Name    string // the payer's name, perhaps empty
	At      time.Time
	Channel ArrivalChannel
}

// ArrivalChannel is where an arrival was heard of.
type ArrivalChannel string

// The channels of arrivals.
const (
	ByConfirmation ArrivalChannel = "confirmation" // C2B confirmation
	ByStatement    ArrivalChannel = "statement"    // pulled from the statement
	ByCallback     ArrivalChannel = "callback"     // of a prompt, a payout or a reversal
	ByQuery        ArrivalChannel = "query"        // our own question
	ByOperator     ArrivalChannel = "operator"     // a person told us
)

// Balance is what the provider says stands on our accounts.
type Balance struct {
	At       time.Time
	Accounts []BalanceLine
	PayBill  bool // those of the short code that buyers pay into
}

// BalanceLine is one of our accounts at the provider, "Utility Account".
// Available is what can be spent: less than Current where some is reserved.
type BalanceLine struct {
	Name      string
	Current   Cents
	Available Cents
}

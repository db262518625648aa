package evidence

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Format names the layout below; another layout gets another name.
const Format = "voicepact-contract-1"

// Document is a contract with everything that happened to it. Amounts are cents
// of Kenyan shillings, times are UTC to the microsecond, and people are their ids.
type Document struct {
	Format   string    `json:"format"`
	Exported time.Time `json:"exported_at"`
	Contract Contract  `json:"contract"`
	// Terms is the text that both parties agreed to; its SHA-256 is the terms hash.
	Terms     string     `json:"terms"`
	Parties   []Party    `json:"parties"`
	Events    []Event    `json:"events"`
	Payments  []Payment  `json:"payments"`
	Transfers []Transfer `json:"transfers"`
	Postings  []Posting  `json:"postings"`
	Items     []Item     `json:"open_items"` // what waited for a person
	Messages  []Message  `json:"messages"`
}

// Contract is the deal as it stood when it was exported.
type Contract struct {
	ID           uuid.UUID `json:"id"`
	Ref          string    `json:"ref"`
	State        string    `json:"state"`
	Proposer     string    `json:"proposer"`
	Item         string    `json:"item"`
	Place        string    `json:"place,omitempty"`
	Quality      string    `json:"quality,omitempty"`
	Amount       int64     `json:"amount_cents"`
	Fee          int64     `json:"fee_cents,omitempty"`
	FeePayer     string    `json:"fee_payer,omitempty"`
	DeliverBy    string    `json:"deliver_by"` // YYYY-MM-DD, East Africa Time
	TermsHash    hexBytes  `json:"terms_hash"`
	DisputedFrom string    `json:"disputed_from,omitempty"`
	DisputedBy   string    `json:"disputed_by,omitempty"`
	Reason       string    `json:"reason,omitempty"`
	Due          *Due      `json:"due,omitempty"`
	CancelBy     string    `json:"cancel_asked_by,omitempty"`
	CancelAt     time.Time `json:"cancel_asked_at,omitzero"`
	ChainSeq     int64     `json:"chain_length"`
	ChainHead    hexBytes  `json:"chain_head"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// Due is what would happen by itself next.
type Due struct {
	Kind   string    `json:"kind"`
	At     time.Time `json:"at"`
	Frozen time.Time `json:"frozen_since,omitzero"`
}

// Party is one side. The phone is masked, and the name left out, unless they were
// asked for.
type Party struct {
	Role  string    `json:"role"`
	ID    uuid.UUID `json:"id"`
	Phone string    `json:"phone"`
	Name  string    `json:"name,omitempty"`
}

// Event is one line of the audit trail, with its place in the hash chain.
type Event struct {
	Seq       int64     `json:"seq"`
	ID        uuid.UUID `json:"id"`
	At        time.Time `json:"at"`
	Actor     uuid.UUID `json:"actor,omitzero"`
	Channel   string    `json:"channel"`
	Evidence  string    `json:"evidence"`
	Event     string    `json:"event"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Detail    string    `json:"detail"`
	Prev      hexBytes  `json:"prev"`
	Hash      hexBytes  `json:"hash"`
	Signature hexBytes  `json:"signature,omitempty"`
	SignedBy  string    `json:"signed_by,omitempty"`
}

// Payment is one attempt of the buyer to pay.
type Payment struct {
	ID        uuid.UUID `json:"id"`
	Payer     uuid.UUID `json:"payer"`
	Amount    int64     `json:"amount_cents"`
	Status    string    `json:"status"`
	Receipt   string    `json:"receipt"`
	Bounced   string    `json:"bounced,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Transfer is one instruction to M-Pesa.
type Transfer struct {
	ID         uuid.UUID `json:"id"`
	Payment    uuid.UUID `json:"payment"`
	Kind       string    `json:"kind"`
	Method     string    `json:"method"`
	State      string    `json:"state"`
	Party      uuid.UUID `json:"party"`
	Amount     int64     `json:"amount_cents"`
	Receipt    string    `json:"receipt"`
	ResultCode string    `json:"result_code"`
	Original   string    `json:"original,omitempty"`
	Attempt    int       `json:"attempt"`
	CreatedAt  time.Time `json:"created_at"`
	Submitted  time.Time `json:"submitted_at,omitzero"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// Posting is one record of the ledger; debits are positive.
type Posting struct {
	ID       uuid.UUID `json:"id"`
	Transfer uuid.UUID `json:"transfer,omitzero"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	Entries  []Entry   `json:"entries"`
}

// Entry is one line of a posting.
type Entry struct {
	Account string `json:"account"`
	Amount  int64  `json:"amount_cents"`
}

// Item is what waited for a person.
type Item struct {
	ID       uuid.UUID `json:"id"`
	Kind     string    `json:"kind"`
	Transfer uuid.UUID `json:"transfer,omitzero"`
	Note     string    `json:"note"`
	OpenedAt time.Time `json:"opened_at"`
}

// Message is one SMS: which text went to whom, and when.
type Message struct {
	ID        uuid.UUID `json:"id"`
	To        uuid.UUID `json:"to"`
	Template  string    `json:"template"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// hexBytes stands in JSON as lower-case hexadecimal.
type hexBytes []byte

// MarshalText implements encoding.TextMarshaler.
func (b hexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *hexBytes) UnmarshalText(text []byte) error {
	*b = nil
	if len(text) == 0 {
		return nil
	}
	decoded, err := hex.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("not hexadecimal: %w", err)
	}
	*b = decoded
	return nil
}

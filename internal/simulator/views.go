package simulator

import (
	"context"
	"time"
)

// Watcher shows the gateway's contracts to the page. It is the only thing the
// simulator learns from the gateway other than over the wire, and it is for
// eyes only: nothing here decides by it.
type Watcher interface {
	// Contracts lists what the page should show, newest first.
	Contracts(ctx context.Context) ([]ContractView, error)
}

// ContractView is a contract as the page shows it. Amounts are cents.
type ContractView struct {
	Ref           string      `json:"ref"`
	Item          string      `json:"item"`
	State         string      `json:"state"`
	AmountCents   int64       `json:"amountCents"`
	HeldCents     int64       `json:"heldCents"`
	PaymentStatus string      `json:"paymentStatus"`
	Buyer         string      `json:"buyer"`  // masked label
	Seller        string      `json:"seller"` // masked label
	DeliverBy     string      `json:"deliverBy"`
	Events        []EventView `json:"events"` // oldest first
}

// EventView is one line of a contract's history.
type EventView struct {
	At      time.Time `json:"at"`
	Event   string    `json:"event"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Actor   string    `json:"actor"`
	Channel string    `json:"channel"`
}

// State is everything that the page shows.
type State struct {
	// Version grows with every reading of the state, so that a page that gets
	// one by a call and one by the stream knows the newer. It starts again with
	// the simulator.
	Version     int64       `json:"version"`
	ServiceCode string      `json:"serviceCode"`
	ShortCode   string      `json:"shortCode"`
	PayBill     string      `json:"payBill"` // the business number that collects
	Phones      []PhoneView `json:"phones"`
	// Watched says that there is a [Watcher]; without one Contracts is empty and
	// says nothing about the gateway.
	Watched   bool           `json:"watched"`
	Contracts []ContractView `json:"contracts"`
	Wire      []WireEntry    `json:"wire"` // newest last
}

// PhoneView is a phone and its owner's wallet.
type PhoneView struct {
	Number      string        `json:"number"` // E.164
	Name        string        `json:"name"`
	Role        string        `json:"role"`
	Language    string        `json:"language"` // of the owner; "" when not known here
	WalletCents int64         `json:"walletCents"`
	PIN         string        `json:"pin"` // printed on the page: these are toys
	USSD        USSDView      `json:"ussd"`
	Inbox       []MessageView `json:"inbox"` // newest last
	Prompt      *PromptView   `json:"prompt"`
	Network     Network       `json:"network"`
	Waiting     int           `json:"waiting"` // texts on their way to it
}

// USSDView is the USSD dialog of a phone.
type USSDView struct {
	// Open says that the session lasts: an answer can be given.
	Open bool `json:"open"`
	// Screen is the text without CON or END. It stays after the session ended
	// until the person hangs up or dials again.
	Screen string `json:"screen"`
	// Label is the name that the gateway gives to the screen for the operator's
	// statistics (hop metadata), the same in every language; "" where it gives none.
	Label string `json:"label"`
	// Ended says that Screen is the last of a session that is over.
	Ended bool `json:"ended"`
	// Lost says that Screen is the network's own word about a call that failed,
	// ran out or was dropped, and not the gateway's.
	Lost bool `json:"lost"`
	// Busy says that the phone waits for the network.
	Busy bool `json:"busy"`
}

// MessageView is a text in a phone.
type MessageView struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	From string    `json:"from"` // the phone's own number when Out
	Text string    `json:"text"`
	Out  bool      `json:"out"`
	// Status is the delivery state in Africa's Talking's words; for Out,
	// Sending, Sent (the gateway answered 200) or Failed.
	Status string `json:"status"`
}

// PromptView is an M-PESA request for a PIN.
type PromptView struct {
	ID          string    `json:"id"`
	AmountCents int64     `json:"amountCents"`
	Payee       string    `json:"payee"`
	Account     string    `json:"account"`
	ExpiresAt   time.Time `json:"expiresAt"`
}

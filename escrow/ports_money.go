package escrow

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// MoneyStore is the part of [Store] about money that has its own ways.
type MoneyStore interface {
	// FindReceipts returns the payments by customers that were counted between
	// two times, oldest first.
	FindReceipts(ctx context.Context, from, to time.Time) ([]Counted, error)
	// ProviderBalances returns what the provider last said of each of our
	// accounts, by its own names.
	ProviderBalances(ctx context.Context) (map[string]Balance, error)
	// Footing returns what stands on accounts of the ledger together, debits positive,
	// and what may make the provider's balance another that was told at about the given
	// time; all as of one moment. paid is the table of what it charges for payments in.
	Footing(ctx context.Context, accounts []Account, paid Tariff, since time.Time) (Footing, error)
	// FindMoves returns the money that has moved for a contract, oldest first.
	FindMoves(ctx context.Context, contract uuid.UUID) ([]Move, error)
	// KeepReconciliation stores a report.
	KeepReconciliation(ctx context.Context, r Reconciliation) error
	// Strays returns the money that waits in suspense for a person, oldest first.
	Strays(ctx context.Context) ([]Stray, error)
	// Halts returns what payouts are halted by now.
	Halts(ctx context.Context) ([]Halt, error)
	// FirstDoubt returns when it was first called with the key.
	FirstDoubt(ctx context.Context, key string, now time.Time) (time.Time, error)
}

// MoneyTx is the part of [Tx] about receipts, payouts and what holds them up.
type MoneyTx interface {
	// Receipt returns what is known of an M-Pesa receipt.
	Receipt(ctx context.Context, number string) (Receipt, error)
	// AddReceipt stores a receipt, or returns [ErrConflict] where another
	// transaction was faster.
	AddReceipt(ctx context.Context, r Receipt) error
	// PlaceReceipt gives a receipt without a transfer the one of r. It keeps since when
	// it is known.
	PlaceReceipt(ctx context.Context, r Receipt) error

	// Collections returns the transfers that collect for a contract, newest first.
	Collections(ctx context.Context, contract uuid.UUID) ([]Transfer, error)
	// Attempts returns the transfers of the kind that a payment has had, newest first.
	Attempts(ctx context.Context, payment uuid.UUID, kind TransferKind) ([]Transfer, error)
	// LastPrompt returns the prompt that was last sent to the party's phone.
	LastPrompt(ctx context.Context, party uuid.UUID) (Transfer, error)
	// MarkBounced records that a payment is not kept, and why.
	MarkBounced(ctx context.Context, p Payment) error

	AddStray(ctx context.Context, s Stray) error
	Stray(ctx context.Context, receipt string) (Stray, error)
	// OpenStrays returns the receipts of those that are open.
	OpenStrays(ctx context.Context) ([]string, error)
	// SaveStray closes a stray that is open, or returns [ErrConflict].
	SaveStray(ctx context.Context, s Stray) error

	// Halted returns the halts that hold now.
	Halted(ctx context.Context) ([]Halt, error)
	// AddHalt makes a halt hold, unless one of its kind does.
	AddHalt(ctx context.Context, h Halt) error
	// Probe notes that one transfer is let through a halt, or returns
	// [ErrConflict] where another was since h was read.
	Probe(ctx context.Context, h Halt, now time.Time) error
	// LiftHalt ends a halt. One that does not hold stays as it is.
	LiftHalt(ctx context.Context, kind HaltKind, by string, now time.Time) error
	// OldestWaiting returns the payout or refund by B2C that has waited longest.
	OldestWaiting(ctx context.Context, now time.Time) (Transfer, error)
	// AddBalance keeps what the provider says of our accounts.
	AddBalance(ctx context.Context, b Balance) error

	// Tariff returns what the provider takes for an amount at a time.
	Tariff(ctx context.Context, service Tariff, amount Cents, at time.Time) (Cents, error)
	// SettleItems closes the open operator items of the kind about a transfer, or
	// about what stands in its place.
	SettleItems(ctx context.Context, kind ItemKind, subject uuid.UUID, c Closing) error
}

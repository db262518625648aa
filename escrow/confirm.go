package escrow

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"
)

// How long a success that we cannot confirm waits between two tries, and when a
// person is called to it. The tries go on for doubtLimit and then end: the
// person has it.
const (
	shortestDoubt = 15 * time.Second
	longestDoubt  = time.Hour
	doubtShare    = 4 // part of its age
	doubtPatience = 24 * time.Hour
	doubtLimit    = 7 * 24 * time.Hour
)

// confirmSuccess asks the provider whether a payment that a callback tells of
// was made. Callbacks are not signed: whoever learns an address can forge one.
// It returns [Later] until the provider says so, and after a week that the
// statement is not to be believed.
func (s *Service) confirmSuccess(ctx context.Context, t Transfer, f Finding) (believed bool, err error) {
	amount := f.Amount
	if amount == 0 {
		amount = t.Amount
	}
	told := t.State == TransferSucceeded && (f.Receipt == "" || f.Receipt == t.Receipt)
	if f.Verdict != Moved || t.Kind != Collect || told || !s.doubts(amount) {
		return true, nil
	}
	// Where the callback names no time, that of the prompt is near enough; ours moves
	// away from the payment with every try.
	at := cmp.Or(f.At, t.SubmittedAt, s.now())
	if s.provider.Confirm(ctx, f.Receipt, amount, at, t) == Moved {
		return true, nil
	}
	return s.doubt(ctx, "transfer:"+t.ID.String()+":"+f.Receipt, t.ContractID, t.ID, f.Receipt)
}

// confirmArrival does the same for a PayBill confirmation. A line of the
// statement is the provider's answer to a question of ours and needs none.
func (s *Service) confirmArrival(ctx context.Context, a Arrival) (believed bool, err error) {
	if a.Channel != ByConfirmation || !s.doubts(a.Amount) {
		return true, nil
	}
	if s.provider.Confirm(ctx, a.Receipt, a.Amount, a.At, Transfer{}) == Moved {
		return true, nil
	}
	return s.doubt(ctx, "receipt:"+a.Receipt, uuid.Nil, receiptItem(a.Receipt), a.Receipt)
}

func (s *Service) doubts(amount Cents) bool {
	return s.policy.ConfirmAbove >= 0 && amount >= s.policy.ConfirmAbove
}

// doubt says when to ask again about a success that could not be confirmed.
func (s *Service) doubt(ctx context.Context, key string, contract, subject uuid.UUID, receipt string) (bool, error) {
	now := s.now()
	since, err := s.store.FirstDoubt(ctx, key, now)
	if err != nil {
		return false, err
	}
	age := now.Sub(since)
	if age >= doubtPatience {
		item := Item{
			ID: newID(), Kind: ItemUnconfirmed, ContractID: contract, TransferID: subject, OpenedAt: now,
			Note: "told of a payment under receipt " + receipt + " that M-Pesa's own records do not show",
		}
		if err := s.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.AddItem(ctx, item) }); err != nil {
			return false, err
		}
	}
	if age >= doubtLimit {
		return false, nil
	}
	return false, &Later{After: min(max(shortestDoubt, age/doubtShare), longestDoubt)}
}

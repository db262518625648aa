package escrow

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Receipt is one payment by M-Pesa's own number, as we first heard of it. The
// same payment is told of by a prompt's callback, a PayBill confirmation, a
// query and the statement, in any order: the number is the one key over them.
type Receipt struct {
	Number     string
	TransferID uuid.UUID // the transfer that it is the success of; zero while nobody knows
	ContractID uuid.UUID // zero likewise
	Amount     Cents
	Channel    ArrivalChannel // by which it was first heard of
	FromBuyer  bool           // the payer's number, as far as it was shown, is the buyer's
	At         time.Time      // when we first heard of it
}

// What a receipt turns out to be when a transfer is said to have succeeded
// under it.
type standing string

const (
	freshReceipt   standing = "fresh"   // never heard of, or only as money for nobody
	countedReceipt standing = "counted" // the same contract has it under another transfer
	otherReceipt   standing = "other"   // it belongs elsewhere, or has gone back
)

// takeReceipt makes f's receipt the one of t, if it is free. A statement that
// contradicts what is known of the number goes to a person.
func (w *work) takeReceipt(ctx context.Context, t Transfer, f Finding) (standing, error) {
	if f.Receipt == "" {
		return freshReceipt, nil
	}
	row := Receipt{
		Number: f.Receipt, TransferID: t.ID, ContractID: t.ContractID, Amount: f.Amount,
		Channel: w.via, FromBuyer: t.Party.Phone.shownAs(f.Payer), At: w.now,
	}
	known, err := w.Receipt(ctx, f.Receipt)
	switch {
	case IsNotFound(err):
		return freshReceipt, w.AddReceipt(ctx, row)
	case err != nil:
		return "", err
	case known.Amount != f.Amount:
		note := "receipt " + f.Receipt + " was told over " + known.Amount.String() + ", then over " + f.Amount.String()
		return otherReceipt, w.ask(ctx, ItemAmountMismatch, t.ID, note)
	case known.TransferID == t.ID, known.ContractID == t.ContractID && t.Kind == Collect:
		return countedReceipt, nil
	case known.TransferID == uuid.Nil && t.Kind == Collect:
		return w.takeStray(ctx, row)
	default:
		return otherReceipt, w.ask(ctx, ItemReceiptReuse, t.ID, "receipt "+f.Receipt+" was counted before")
	}
}

// takeStray gives money that nobody could place to the transfer that it turns
// out to be the success of.
func (w *work) takeStray(ctx context.Context, row Receipt) (standing, error) {
	stray, err := w.Stray(ctx, row.Number)
	if err != nil {
		return "", err
	}
	if stray.State != StrayOpen {
		return otherReceipt, w.ask(ctx, ItemReceiptReuse, row.TransferID, "receipt "+row.Number+" has been given back")
	}
	stray.State, stray.ClosedAt, stray.Reason = StrayAssigned, w.now, "told by the prompt that it paid"
	if err := w.SaveStray(ctx, stray); err != nil {
		return "", err
	}
	if err := w.PlaceReceipt(ctx, row); err != nil {
		return "", err
	}
	if err := w.placed(ctx, stray); err != nil {
		return "", err
	}
	return freshReceipt, w.SettleItems(ctx, ItemStrayMoney, receiptItem(row.Number),
		Closing{Why: "paid for " + string(w.contract.Ref), At: w.now})
}

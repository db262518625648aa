package escrow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// StrayState is what has become of a stray.
type StrayState string

// The states of a stray.
const (
	StrayOpen     StrayState = "open"
	StrayAssigned StrayState = "assigned" // counted for a contract
	StrayReturned StrayState = "returned" // given back in the M-Pesa portal
)

// Stray is money that came for no contract anyone can name. It stands in
// suspense until a person finds out whose it is.
type Stray struct {
	Receipt  string
	Amount   Cents
	Account  string    // what the payer typed
	Payer    string    // as M-Pesa shows the number
	Name     string    // the payer's, perhaps empty
	At       time.Time // when it was paid
	State    StrayState
	Reversal string // receipt of the reversal, once returned
	By       string // who closed it; empty where a prompt did
	Reason   string
	ClosedAt time.Time
}

// stray keeps an arrival that belongs to no contract.
func (w *work) stray(ctx context.Context, a Arrival) error {
	row := Receipt{Number: a.Receipt, Amount: a.Amount, Channel: a.Channel, At: w.now}
	if err := w.AddReceipt(ctx, row); err != nil {
		return err
	}
	stray := Stray{
		Receipt: a.Receipt, Amount: a.Amount, Account: a.Account, Payer: a.Payer, Name: a.Name,
		At: w.movedAt(a.At), State: StrayOpen,
	}
	if err := w.AddStray(ctx, stray); err != nil {
		return err
	}
	if err := w.postStray(ctx, "stray", a.Receipt, entries(MpesaCollection, Suspense, a.Amount)); err != nil {
		return err
	}
	if err := w.chargeStray(ctx, stray); err != nil {
		return err
	}
	note := a.Amount.String() + " under receipt " + a.Receipt + " for no contract we know"
	return w.ask(ctx, ItemStrayMoney, receiptItem(a.Receipt), note)
}

// placed takes a stray out of suspense, and M-Pesa's charge for it off the books, as
// if it came only now: the books of the contract that it turned out to be for then
// begin like those of any other. A prompt that was called paid without a receipt has
// booked both already.
func (w *work) placed(ctx context.Context, stray Stray) error {
	err := w.postStray(ctx, "stray_placed", stray.Receipt, entries(Suspense, MpesaCollection, stray.Amount))
	if err != nil {
		return err
	}
	lines, err := w.payBillFee(ctx, stray.Amount, stray.At)
	if err != nil || lines == nil {
		return err
	}
	for i := range lines {
		lines[i].Amount = -lines[i].Amount
	}
	return w.postStray(ctx, "mpesa_fee_placed", stray.Receipt, lines)
}

// chargeStray books what M-Pesa takes for money that no contract has.
func (w *work) chargeStray(ctx context.Context, stray Stray) error {
	lines, err := w.payBillFee(ctx, stray.Amount, stray.At)
	if err != nil || lines == nil {
		return err
	}
	return w.postStray(ctx, "mpesa_fee", stray.Receipt, lines)
}

// postStray posts what concerns no contract.
func (w *work) postStray(ctx context.Context, reason, receipt string, lines []Entry) error {
	p := Posting{ID: newID(), TransferID: receiptItem(receipt), Reason: reason, Entries: lines, At: w.now}
	if err := p.check(); err != nil {
		return err
	}
	return w.AddPosting(ctx, p)
}

// Strays returns the money that waits for a person to say whose it is.
func (s *Service) Strays(ctx context.Context) ([]Stray, error) { return s.store.Strays(ctx) }

// AssignStray counts a stray as the payment of a contract. That the payer is
// the buyer is the operator's finding, and above [Policy.FourEyesAbove] that of
// two; the amount must be what the contract waits for.
func (s *Service) AssignStray(ctx context.Context, receipt string, ref Ref, e Errand) error {
	return s.onStray(ctx, receipt, ref, &e, func(ctx context.Context, w *work, by Operator, stray Stray) error {
		switch {
		case w.contract.ID == uuid.Nil:
			return fmt.Errorf("there is no contract %s", ref)
		case w.contract.State != Confirmed:
			return fmt.Errorf("contract %s is %s and does not wait for money", ref, w.contract.State)
		case stray.Amount != w.contract.Payable():
			return fmt.Errorf("contract %s waits for %s, and this is %s", ref, w.contract.Payable(), stray.Amount)
		}
		if err := w.fourEyes(ctx, stray.Amount, by, &e); err != nil {
			return err
		}
		stray.State, stray.By = StrayAssigned, e.names
		if err := w.SaveStray(ctx, stray); err != nil {
			return err
		}
		f := Finding{Verdict: Moved, Receipt: receipt, Amount: stray.Amount, At: stray.At}
		if err := w.placed(ctx, stray); err != nil {
			return err
		}
		if err := w.byPayBill(ctx, f, w.PlaceReceipt); err != nil {
			return err
		}
		if err := w.note(ctx, "stray_assigned", receipt+" by "+e.words()); err != nil {
			return err
		}
		return w.save(ctx)
	})
}

// ReturnStray records that a stray was given back by hand, under the receipt of
// the reversal. Above [Policy.FourEyesAbove] two operators say so: what is taken off
// the books is looked for by nobody.
func (s *Service) ReturnStray(ctx context.Context, receipt, reversal string, e Errand) error {
	if reversal == "" {
		return errors.New("a return needs the receipt of the reversal")
	}
	return s.onStray(ctx, receipt, "", &e, func(ctx context.Context, w *work, by Operator, stray Stray) error {
		if err := w.fourEyes(ctx, stray.Amount, by, &e); err != nil {
			return err
		}
		stray.State, stray.Reversal, stray.By = StrayReturned, reversal, e.names
		if err := w.SaveStray(ctx, stray); err != nil {
			return err
		}
		if err := w.AddReceipt(ctx, Receipt{Number: reversal, Amount: stray.Amount, Channel: ByOperator, At: w.now}); err != nil {
			return err
		}
		return w.postStray(ctx, "stray_returned", receipt, entries(Suspense, MpesaCollection, stray.Amount))
	})
}

// onStray opens the work of an operator on a stray that is open.
func (s *Service) onStray(
	ctx context.Context, receipt string, ref Ref, e *Errand, fn func(context.Context, *work, Operator, Stray) error,
) error {
	var by Operator
	err := s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		var err error
		if by, err = e.who(ctx, tx); err != nil {
			return err
		}
		w := &work{
			Tx: tx, signer: s.signer, policy: &s.policy, now: s.now(),
			actor: by.ID, operator: by.Name, channel: ChannelOperator, evidence: e.Key, via: ByOperator,
		}
		if w.contract, err = contractOf(ctx, tx, string(ref)); err != nil {
			return err
		}
		stray, err := tx.Stray(ctx, receipt)
		switch {
		case IsNotFound(err):
			return fmt.Errorf("no money waits under receipt %s", receipt)
		case err != nil:
			return err
		case stray.State != StrayOpen:
			return fmt.Errorf("receipt %s was %s before, by %s: %s", receipt, stray.State, stray.By, stray.Reason)
		}
		stray.Reason, stray.ClosedAt = e.Reason, w.now
		if err := fn(ctx, w, by, stray); err != nil {
			return err
		}
		return w.SettleItems(ctx, ItemStrayMoney, receiptItem(receipt), e.closing(w.now))
	})
	if err == nil {
		s.log.InfoContext(ctx, "stray money settled", "receipt", receipt, "ref", ref, "by", by.Name)
	}
	return err
}

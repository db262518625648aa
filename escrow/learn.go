package escrow

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Learn takes one statement of the provider about a transfer, from a callback
// or a query, and does what follows from it. Callback, query and, later,
// reconciliation all end here, any number of times and in any order: money that
// moved is counted once, a success is never taken back, and a failure says
// nothing once money has moved.
func (s *Service) Learn(ctx context.Context, id uuid.UUID, f Finding, evidence string) error {
	_, err := s.onTransfer(ctx, id, evidence, func(ctx context.Context, w *work, t *Transfer) error {
		if f.Alarm {
			if err := w.ask(ctx, ItemProviderAlarm, t.ID, f.Reason); err != nil {
				return err
			}
		}
		switch f.Verdict {
		case Moved:
			return w.moved(ctx, t, f)
		case NotMoved:
			if t.State.Final() {
				return nil
			}
			return w.fail(ctx, t, f)
		case Processing, NoAnswer:
			return nil
		default:
			return fmt.Errorf("provider verdict %q", f.Verdict)
		}
	})
	if err == nil {
		s.log.InfoContext(ctx, "provider statement", "transfer", id, "verdict", f.Verdict, "code", f.Code)
	}
	return err
}

// moved records that the money of a transfer has moved.
func (w *work) moved(ctx context.Context, t *Transfer, f Finding) error {
	if t.State == TransferSucceeded {
		return w.attachReceipt(ctx, t, f)
	}
	if fresh, err := w.claimReceipt(ctx, t, f.Receipt); err != nil || !fresh {
		return err
	}
	t.Receipt, t.ResultCode = f.Receipt, f.Code
	if f.Amount == 0 {
		f.Amount = t.Amount
	}
	if err := w.turn(ctx, t, TransferSucceeded, f.Code); err != nil {
		return err
	}
	switch t.Kind {
	case Collect:
		return w.received(ctx, *t, f.Amount)
	case Payout:
		return w.paidOut(ctx, *t, f.Amount, PaymentReleased)
	case Refund:
		return w.paidOut(ctx, *t, f.Amount, PaymentRefunded)
	default:
		return fmt.Errorf("transfer kind %q", t.Kind)
	}
}

// claimReceipt makes an M-Pesa receipt count once across every channel that
// reports it. A receipt that another transfer has used moves nothing and goes
// to a person.
func (w *work) claimReceipt(ctx context.Context, t *Transfer, receipt string) (bool, error) {
	if receipt == "" {
		return true, nil
	}
	hash, err := input("receipt", t.ID)
	if err != nil {
		return false, err
	}
	_, err = w.Claim(ctx, "receipt:"+receipt, hash, t.ContractID)
	if errors.Is(err, Refuse(KeyConflict)) {
		return false, w.ask(ctx, ItemReceiptReuse, t.ID, "receipt "+receipt+" was counted before")
	}
	return err == nil, err
}

// attachReceipt keeps the receipt of money that a query without receipt had
// already told us about.
func (w *work) attachReceipt(ctx context.Context, t *Transfer, f Finding) error {
	if f.Receipt == "" || f.Receipt == t.Receipt {
		return nil
	}
	if t.Receipt != "" {
		return w.ask(ctx, ItemReceiptReuse, t.ID, "second receipt "+f.Receipt+" for one transfer")
	}
	fresh, err := w.claimReceipt(ctx, t, f.Receipt)
	if err != nil || !fresh {
		return err
	}
	t.Receipt = f.Receipt
	if err := w.SaveTransfer(ctx, *t); err != nil {
		return err
	}
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	if t.Kind == Collect {
		payment.Receipt, payment.UpdatedAt = f.Receipt, w.now
		if err := w.SavePayment(ctx, payment); err != nil {
			return err
		}
	}
	return w.recordTransferFrom(ctx, *t, t.State, "receipt")
}

// received places money that a buyer paid: into the contract if it waits for
// exactly that, else into suspense.
func (w *work) received(ctx context.Context, t Transfer, amount Cents) error {
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	payment.Receipt, payment.UpdatedAt = t.Receipt, w.now
	if amount != payment.Amount {
		return w.mismatch(ctx, t, payment, amount)
	}
	if w.contract.State != Confirmed {
		return w.returnLate(ctx, t, payment)
	}
	payment.Status = PaymentHeld
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if err := w.post(ctx, "funded", t.ID, entries(MpesaCollection, EscrowAccount(w.contract.ID), amount)); err != nil {
		return err
	}
	if err := w.move(ctx, EventLock, t.Receipt); err != nil {
		return err
	}
	if err := w.receipt(ctx, Buyer, MsgFundedBuyer, withReceipt(t.Receipt)); err != nil {
		return err
	}
	return w.receipt(ctx, Seller, MsgFundedSeller)
}

func withReceipt(receipt string) func(*MessageParams) {
	return func(p *MessageParams) { p.Receipt = receipt }
}

// mismatch parks money that came in another amount than asked, for a person.
func (w *work) mismatch(ctx context.Context, t Transfer, payment Payment, amount Cents) error {
	payment.Status = PaymentFailed
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if err := w.post(ctx, "suspense", t.ID, entries(MpesaCollection, Suspense, amount)); err != nil {
		return err
	}
	note := fmt.Sprintf("asked %s, received %s", payment.Amount, amount)
	if err := w.ask(ctx, ItemAmountMismatch, t.ID, note); err != nil {
		return err
	}
	return w.receipt(ctx, Buyer, MsgRefundComing, withReceipt(t.Receipt), func(p *MessageParams) { p.Amount = amount })
}

// returnLate sends money back that arrived when no contract waited for it: the
// prompt of a cancelled contract, or the second of two that were both paid.
func (w *work) returnLate(ctx context.Context, t Transfer, payment Payment) error {
	payment.Status = PaymentFailed
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if err := w.post(ctx, "suspense", t.ID, entries(MpesaCollection, Suspense, payment.Amount)); err != nil {
		return err
	}
	owed := entries(Suspense, PayableAccount(t.Party.ID), payment.Amount)
	if err := w.post(ctx, "refund_due", t.ID, owed); err != nil {
		return err
	}
	if err := w.order(ctx, Refund, payment, t.Party); err != nil {
		return err
	}
	return w.receipt(ctx, Buyer, MsgRefundComing, withReceipt(t.Receipt))
}

// paidOut records that money left us for the party it was owed to.
func (w *work) paidOut(ctx context.Context, t Transfer, amount Cents, status PaymentStatus) error {
	if amount != t.Amount {
		note := fmt.Sprintf("ordered %s, paid %s", t.Amount, amount)
		if err := w.ask(ctx, ItemAmountMismatch, t.ID, note); err != nil {
			return err
		}
	}
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	payment.Status, payment.UpdatedAt = status, w.now
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if err := w.post(ctx, "paid_out", t.ID, entries(PayableAccount(t.Party.ID), MpesaPayout, amount)); err != nil {
		return err
	}
	if t.Kind == Refund {
		return w.receipt(ctx, Buyer, MsgRefunded, withReceipt(t.Receipt))
	}
	if err := w.receipt(ctx, Seller, MsgPaidSeller, withReceipt(t.Receipt)); err != nil {
		return err
	}
	return w.receipt(ctx, Buyer, MsgReleasedBuyer, withReceipt(t.Receipt))
}

// fail records that the money of a transfer did not move. The buyer can pay
// again; a payout that failed for good goes to a person, because only a person
// knows another number to pay.
func (w *work) fail(ctx context.Context, t *Transfer, f Finding) error {
	t.ResultCode = f.Code
	if t.State == TransferCreated {
		if err := w.turn(ctx, t, TransferSubmitted, "not sent"); err != nil {
			return err
		}
	}
	if err := w.turn(ctx, t, TransferFailed, f.Code+" "+f.Reason); err != nil {
		return err
	}
	if t.Kind != Collect {
		if err := w.ask(ctx, ItemPayoutFailed, t.ID, f.Code+" "+f.Reason); err != nil {
			return err
		}
		if t.Kind == Refund {
			return nil
		}
		return w.receipt(ctx, Seller, MsgPayoutDelayed)
	}
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	payment.Status, payment.UpdatedAt = PaymentFailed, w.now
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if w.contract.State != Confirmed {
		return nil
	}
	return w.receipt(ctx, Buyer, MsgPaymentFailed, func(p *MessageParams) { p.Result = f.Code })
}

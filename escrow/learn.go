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
		case NeverSeen:
			return s.neverSeen(ctx, w, t)
		case Processing, NoAnswer, NotAsked:
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

// neverSeen sends an unknown payout again, under the same id, once the provider
// has had time to know it. A prompt has no id that would make this harmless.
func (s *Service) neverSeen(ctx context.Context, w *work, t *Transfer) error {
	if t.Kind == Collect || t.State != TransferUnknown || t.age(w.now) < s.policy.ResendAfter {
		return nil
	}
	if err := w.turn(ctx, t, TransferCreated, "never seen by the provider"); err != nil {
		return err
	}
	return w.Enqueue(ctx, SubmitTransfer{Transfer: t.ID}, w.now)
}

// moved records that the money of a transfer has moved.
func (w *work) moved(ctx context.Context, t *Transfer, f Finding) error {
	if t.State == TransferSucceeded {
		return w.attachReceipt(ctx, t, f)
	}
	if f.ProviderID != "" && t.ProviderID != "" && f.ProviderID != t.ProviderID {
		// Whether money moved at all is for a person to find out by the receipt.
		return w.ask(ctx, ItemOtherPrompt, t.ID, "a success of another prompt, receipt "+f.Receipt)
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
		return w.received(ctx, *t, f)
	case Payout:
		return w.paidOut(ctx, *t, f, PaymentReleased)
	case Refund:
		return w.paidOut(ctx, *t, f, PaymentRefunded)
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
	if f.Amount != 0 && f.Amount != t.Amount {
		note := fmt.Sprintf("counted %s, reported %s under receipt %s", t.Amount, f.Amount, f.Receipt)
		if err := w.ask(ctx, ItemAmountMismatch, t.ID, note); err != nil {
			return err
		}
	}
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
func (w *work) received(ctx context.Context, t Transfer, f Finding) error {
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	payment.Receipt, payment.UpdatedAt = t.Receipt, w.now
	switch {
	case f.Amount != payment.Amount:
		note := fmt.Sprintf("asked %s, received %s", payment.Amount, f.Amount)
		return w.suspend(ctx, t, payment, f.Amount, ItemAmountMismatch, note)
	case !t.Party.Phone.shownAs(f.Payer):
		return w.suspend(ctx, t, payment, f.Amount, ItemOtherPayer, "paid from another number than was asked")
	}
	if w.contract.State != Confirmed {
		return w.returnLate(ctx, t, payment)
	}
	payment.Status = PaymentHeld
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if err := w.post(ctx, "funded", t.ID, entries(MpesaCollection, EscrowAccount(w.contract.ID), f.Amount)); err != nil {
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

// suspend parks money that came otherwise than asked, for a person.
func (w *work) suspend(ctx context.Context, t Transfer, payment Payment, amount Cents, why ItemKind, note string) error {
	payment.Status = PaymentFailed
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if err := w.post(ctx, "suspense", t.ID, entries(MpesaCollection, Suspense, amount)); err != nil {
		return err
	}
	if err := w.ask(ctx, why, t.ID, note); err != nil {
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
	if err := w.order(ctx, Refund, payment, t.Party, payment.Amount); err != nil {
		return err
	}
	return w.receipt(ctx, Buyer, MsgRefundComing, withReceipt(t.Receipt))
}

// paidOut records that money left us for the party it was owed to.
func (w *work) paidOut(ctx context.Context, t Transfer, f Finding, status PaymentStatus) error {
	if f.Amount != t.Amount {
		note := fmt.Sprintf("ordered %s, paid %s", t.Amount, f.Amount)
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
	if err := w.post(ctx, "paid_out", t.ID, entries(PayableAccount(t.Party.ID), MpesaPayout, f.Amount)); err != nil {
		return err
	}
	if err := w.learnName(ctx, t.Party, f.Payee); err != nil {
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

// learnName keeps the name that M-Pesa knows a person by, where we know none: the
// other side of their next deal then sees whom it deals with.
func (w *work) learnName(ctx context.Context, party Party, name string) error {
	if party.Name != "" || name == "" {
		return nil
	}
	party.Name = name
	return w.SaveParty(ctx, party)
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
			return w.receipt(ctx, Buyer, MsgPayoutDelayed)
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

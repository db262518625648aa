package escrow

import (
	"cmp"
	"context"
	"time"
)

// debt is the account that a transfer out of here pays from: what we owe the
// seller or the buyer, or suspense where the money was never taken in.
func (w *work) debt(t Transfer, payment Payment) Account {
	switch {
	case payment.Bounced != "":
		return Suspense
	case t.Kind == Payout:
		return PayableAccount(w.contract.Seller.ID)
	default:
		return PayableAccount(w.contract.Buyer.ID)
	}
}

// purse is where the money of a transfer leaves M-Pesa from: a reversal takes
// back what was paid in.
func (t Transfer) purse() Account {
	if t.Method == MethodReversal {
		return MpesaCollection
	}
	return MpesaPayout
}

// left records that the money of a payout or refund has left us.
func (w *work) left(ctx context.Context, t *Transfer, f Finding) error {
	if t.State == TransferSucceeded {
		return w.leftAgain(ctx, t, f)
	}
	sole, err := w.soleWay(ctx, *t)
	if err != nil {
		return err
	}
	if !sole {
		return w.paidLate(ctx, t, f)
	}
	if t.ResultCode == paidAfterAll {
		return w.countLate(ctx, t)
	}
	if standing, err := w.takeReceipt(ctx, *t, f); err != nil || standing != freshReceipt {
		return err
	}
	t.Receipt, t.ResultCode = f.Receipt, f.Code
	if err := w.turn(ctx, t, TransferSucceeded, f.Code); err != nil {
		return err
	}
	return w.paidOut(ctx, *t, f)
}

// leftAgain takes what is said of money that has left us already: its receipt,
// where it was not known.
func (w *work) leftAgain(ctx context.Context, t *Transfer, f Finding) error {
	switch {
	case f.Receipt == "" || f.Receipt == t.Receipt:
		return nil
	case t.Receipt != "":
		return w.ask(ctx, ItemReceiptReuse, t.ID, "second receipt "+f.Receipt+" for one transfer")
	}
	if standing, err := w.takeReceipt(ctx, *t, f); err != nil || standing != freshReceipt {
		return err
	}
	t.Receipt, t.UpdatedAt = f.Receipt, w.now
	if err := w.SaveTransfer(ctx, *t); err != nil {
		return err
	}
	t.Version++
	return w.recordTransferFrom(ctx, *t, t.State, "receipt")
}

// soleWay makes sure that no other attempt to pay the same money goes on. One
// that has not left us is called back; one that has may have paid twice, which
// only a person can put right.
func (w *work) soleWay(ctx context.Context, t Transfer) (bool, error) {
	attempts, err := w.Attempts(ctx, t.PaymentID, t.Kind)
	if err != nil {
		return false, err
	}
	for _, other := range attempts {
		if other.ID == t.ID || other.State == TransferFailed {
			continue
		}
		if other.State != TransferCreated {
			return false, w.ask(ctx, ItemPaidTwice, t.ID, "attempt "+other.ID.String()+" is "+string(other.State)+" too")
		}
		if err := w.callBack(ctx, &other); err != nil {
			return false, err
		}
	}
	return true, nil
}

// giveWay keeps a payout or refund from being sent, or sent again, whose money an
// earlier attempt has moved already, and reports whether it did. What certainly has
// not left us ends, and the earlier one counts. Of what was sent twice one may still
// be done: it stays unknown, and with a person.
func (s *Service) giveWay(ctx context.Context, w *work, t *Transfer) (bool, error) {
	if t.Kind == Collect {
		return false, nil
	}
	late, found, err := w.late(ctx, *t)
	if err != nil || !found {
		return false, err
	}
	if !t.Resent {
		if err := w.callBack(ctx, t); err != nil {
			return false, err
		}
		return true, w.countLate(ctx, &late)
	}
	if err := w.ask(ctx, ItemPaidTwice, late.ID, "attempt "+t.ID.String()+" may be paid too"); err != nil {
		return false, err
	}
	if t.State != TransferCreated {
		return true, nil
	}
	if err := w.turn(ctx, t, TransferSubmitted, "not sent"); err != nil {
		return false, err
	}
	return true, s.watchFrom(ctx, w, t, TransferUnknown)
}

// callBack ends a transfer that has not left us and must not any more.
func (w *work) callBack(ctx context.Context, t *Transfer) error {
	if t.State == TransferCreated {
		if err := w.turn(ctx, t, TransferSubmitted, "not sent"); err != nil {
			return err
		}
	}
	return w.turn(ctx, t, TransferFailed, "an earlier attempt was paid after all")
}

// paidOut records that money left us for the party it was owed to, and what
// M-Pesa took for it.
func (w *work) paidOut(ctx context.Context, t Transfer, f Finding) error {
	t.Method = cmp.Or(f.By, t.Method)
	if f.Amount != t.Amount {
		note := "ordered " + t.Amount.String() + ", paid " + f.Amount.String()
		if err := w.ask(ctx, ItemAmountMismatch, t.ID, note); err != nil {
			return err
		}
	}
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	if err := w.post(ctx, "paid_out", t.ID, entries(w.debt(t, payment), t.purse(), f.Amount)); err != nil {
		return err
	}
	if err := w.charge(ctx, t, f); err != nil {
		return err
	}
	if err := w.conclude(ctx, payment); err != nil {
		return err
	}
	if err := w.learnName(ctx, t.Party, f.Payee); err != nil {
		return err
	}
	if err := w.flows(ctx, t); err != nil {
		return err
	}
	return w.tellPaid(ctx, t)
}

func (w *work) tellPaid(ctx context.Context, t Transfer) error {
	amount := func(p *MessageParams) { p.Amount = t.Amount }
	if t.Kind == Refund {
		return w.receipt(ctx, Buyer, MsgRefunded, withReceipt(t.Receipt), amount)
	}
	if err := w.receipt(ctx, Seller, MsgPaidSeller, withReceipt(t.Receipt), amount); err != nil {
		return err
	}
	return w.receipt(ctx, Buyer, MsgReleasedBuyer, withReceipt(t.Receipt), amount)
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

// paidAfterAll is the result code that we give ourselves to an attempt that was
// called failed and turned out to be paid while the next one was under way. It is
// counted when that one fails; if it succeeds, a person has it already.
const paidAfterAll = "paid_after_all"

// paidLate notes that an attempt was paid after all beside one that is under way.
func (w *work) paidLate(ctx context.Context, t *Transfer, f Finding) error {
	if t.ResultCode == paidAfterAll {
		return nil
	}
	if standing, err := w.takeReceipt(ctx, *t, f); err != nil || standing != freshReceipt {
		return err
	}
	t.Receipt, t.ResultCode, t.UpdatedAt = f.Receipt, paidAfterAll, w.now
	if err := w.SaveTransfer(ctx, *t); err != nil {
		return err
	}
	t.Version++
	return w.recordTransferFrom(ctx, *t, t.State, "paid after all")
}

// countLate counts an attempt that was paid after all, when no other is under way.
func (w *work) countLate(ctx context.Context, t *Transfer) error {
	if err := w.turn(ctx, t, TransferSucceeded, paidAfterAll); err != nil {
		return err
	}
	if err := w.SettleItems(ctx, ItemPaidTwice, t.ID, Closing{Why: "the other attempt failed", At: w.now}); err != nil {
		return err
	}
	amount, err := w.paidAmount(ctx, *t)
	if err != nil {
		return err
	}
	return w.paidOut(ctx, *t, Finding{Receipt: t.Receipt, Amount: amount})
}

// late finds the attempt at the same money as t that was paid after all.
func (w *work) late(ctx context.Context, t Transfer) (Transfer, bool, error) {
	attempts, err := w.Attempts(ctx, t.PaymentID, t.Kind)
	for _, other := range attempts {
		if other.ResultCode == paidAfterAll {
			return other, true, err
		}
	}
	return Transfer{}, false, err
}

// payDays is on how many days a payout is tried that the receiver's limits
// refuse, before a person has to look.
const payDays = 3

// notPaid decides what follows when a payout or refund has failed for good: the
// next attempt, under a new id because M-Pesa has used up the old one, or a
// person. Only a person knows another number to pay.
func (w *work) notPaid(ctx context.Context, t Transfer, f Finding) error {
	if err := w.haltBy(ctx, t, f); err != nil {
		return err
	}
	if late, found, err := w.late(ctx, t); err != nil {
		return err
	} else if found {
		return w.countLate(ctx, &late)
	}
	days, err := w.limitDays(ctx, t)
	if err != nil {
		return err
	}
	switch {
	case haltFor(t, f.Cause) != "":
		return w.again(ctx, t, t.Method, time.Time{}) // when the halt is lifted
	case t.Method == MethodReversal:
		return w.afterReversal(ctx, t, f)
	case f.Cause == CauseLimit && days < payDays:
		if err := w.again(ctx, t, t.Method, nextPayHour(w.now)); err != nil {
			return err
		}
		return w.receipt(ctx, t.receiver(), MsgPayoutTomorrow, amountOf(t))
	case f.Cause == CauseNumber:
		return w.toPerson(ctx, t, f, MsgPayoutNumber)
	default:
		return w.toPerson(ctx, t, f, MsgPayoutDelayed)
	}
}

// limitDays counts the days on which the money of t was tried, since an operator
// ordered it last: each but the first is an attempt that waited for its morning.
// Those that were ordered for another cause were not refused by a limit.
func (w *work) limitDays(ctx context.Context, t Transfer) (int, error) {
	attempts, err := w.Attempts(ctx, t.PaymentID, t.Kind)
	days := 1
	for _, each := range attempts {
		switch {
		case each.NotBefore.After(each.CreatedAt):
			days++
		case !each.NotBefore.IsZero():
			return days, err // by an operator, at once
		}
	}
	return days, err
}

// afterReversal pays a refund to the buyer's phone where M-Pesa would not undo
// the payment, if the buyer is who paid.
func (w *work) afterReversal(ctx context.Context, t Transfer, f Finding) error {
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	ours, err := w.fromBuyer(ctx, payment)
	if err != nil {
		return err
	}
	if !ours || t.Amount < MinAmount || !t.Amount.Whole() {
		return w.toPerson(ctx, t, f, MsgPayoutDelayed)
	}
	return w.again(ctx, t, MethodB2C, time.Time{})
}

func (w *work) toPerson(ctx context.Context, t Transfer, f Finding, words Template) error {
	if err := w.ask(ctx, ItemPayoutFailed, t.ID, f.Code+" "+f.Reason); err != nil {
		return err
	}
	return w.receipt(ctx, t.receiver(), words, amountOf(t))
}

// receiver is the side that a payout or refund is owed to.
func (t Transfer) receiver() Role {
	if t.Kind == Refund {
		return Buyer
	}
	return Seller
}

func amountOf(t Transfer) func(*MessageParams) {
	return func(p *MessageParams) { p.Amount = t.Amount }
}

// payTime is when day limits are taken for renewed, and people are awake to
// read that they were paid.
const payTime = 6 * time.Hour

// nextPayHour is the next six o'clock in the morning, East Africa Time.
func nextPayHour(now time.Time) time.Time {
	at := Day(now).Add(payTime)
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

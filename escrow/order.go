package escrow

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// order creates a transfer and the job that submits it. How it goes is decided
// here, once: a transfer never changes its method. A refund for which there is
// no way back goes to a person.
func (w *work) order(ctx context.Context, kind TransferKind, payment Payment, party Party, amount Cents) error {
	t := Transfer{
		ContractID: w.contract.ID, PaymentID: payment.ID, Kind: kind, Method: MethodB2C,
		Party: party, Amount: amount, Ref: w.contract.Ref,
	}
	switch kind {
	case Collect:
		t.Method = MethodSTK
	case Refund:
		if err := w.wayBack(ctx, &t, payment); err != nil {
			return err
		}
	case Payout:
	}
	if t.Method == "" {
		return w.leaveToPerson(ctx, t, payment)
	}
	return w.send(ctx, t)
}

// leaveToPerson stores a refund that no rule knows a way for as one that has
// failed: a person settles it by hand, or orders it again to a number.
func (w *work) leaveToPerson(ctx context.Context, t Transfer, payment Payment) error {
	t.Method = MethodReversal
	t, err := w.add(ctx, t)
	if err != nil {
		return err
	}
	for _, step := range []TransferState{TransferSubmitted, TransferFailed} {
		if err := w.turn(ctx, &t, step, "not sent: no rule says how"); err != nil {
			return err
		}
	}
	return w.ask(ctx, ItemNoWayBack, t.ID, t.Amount.String()+" under receipt "+payment.Receipt+" cannot be returned by rule")
}

// add stores the next attempt to move money as t says.
func (w *work) add(ctx context.Context, t Transfer) (Transfer, error) {
	t.State, t.Attempt = TransferCreated, t.Attempt+1
	t.ID = t.ownID()
	t.CreatedAt, t.UpdatedAt = w.now, w.now
	if err := w.AddTransfer(ctx, t); err != nil {
		return t, err
	}
	return t, w.recordTransfer(ctx, t, string(t.Method))
}

// send stores the next attempt to move money as t says, and its job.
func (w *work) send(ctx context.Context, t Transfer) error {
	t, err := w.add(ctx, t)
	if err != nil {
		return err
	}
	at := w.now
	if t.NotBefore.After(at) {
		at = t.NotBefore
	}
	return w.Enqueue(ctx, SubmitTransfer{Transfer: t.ID}, at)
}

// ownID is the id of an attempt to move this money: always the same one. After a
// backup was restored that is older than what the provider has done, the payout
// that people then cause once more is one that the provider has seen, and refuses
// to pay again.
func (t Transfer) ownID() uuid.UUID {
	return idFromKey(strings.Join([]string{"transfer", t.PaymentID.String(), string(t.Kind), strconv.Itoa(t.Attempt)}, ":"))
}

// again orders the money of a transfer that has failed once more, by the given
// method and not before the given time.
func (w *work) again(ctx context.Context, t Transfer, method Method, notBefore time.Time) error {
	next := Transfer{
		ContractID: t.ContractID, PaymentID: t.PaymentID, Kind: t.Kind, Method: method,
		Party: t.Party, Amount: t.Amount, Ref: t.Ref, Attempt: t.Attempt, NotBefore: notBefore,
	}
	if method == MethodReversal {
		next.Original = t.Original
	}
	return w.send(ctx, next)
}

// wayBack decides how a refund goes: the whole of a recent payment by reversal,
// which reaches exactly who paid; else to the buyer's phone, if the buyer is
// who paid. It leaves no method where neither can be.
func (w *work) wayBack(ctx context.Context, t *Transfer, payment Payment) error {
	known, err := w.Receipt(ctx, payment.Receipt)
	if err != nil && !IsNotFound(err) {
		return err
	}
	found := err == nil
	paid, err := w.paidAt(ctx, known)
	if err != nil {
		return err
	}
	switch {
	case !t.Amount.Whole():
		t.Method = ""
	case found && known.Amount == t.Amount && w.now.Sub(paid) < w.policy.ReverseWithin:
		t.Method, t.Original = MethodReversal, payment.Receipt
	case found && !known.FromBuyer, t.Amount < MinAmount:
		t.Method = ""
	}
	return nil
}

// paidAt is when a payment was made: when it was told that belonged to no contract at
// first, which can be long before it was placed; else when we heard of it.
func (w *work) paidAt(ctx context.Context, known Receipt) (time.Time, error) {
	stray, err := w.Stray(ctx, known.Number)
	if IsNotFound(err) {
		return known.At, nil
	}
	return stray.At, err
}

// fromBuyer reports whether a payment came from the buyer's number, as far as
// M-Pesa showed it. A prompt goes to no other.
func (w *work) fromBuyer(ctx context.Context, payment Payment) (bool, error) {
	known, err := w.Receipt(ctx, payment.Receipt)
	if IsNotFound(err) {
		return true, nil
	}
	return known.FromBuyer, err
}

// giveBack moves held money to what we owe the buyer and orders the refund.
func (w *work) giveBack(ctx context.Context, payment Payment, amount Cents) error {
	buyer := w.contract.Buyer
	owed := entries(EscrowAccount(w.contract.ID), PayableAccount(buyer.ID), amount)
	if err := w.post(ctx, "refund_due", payment.ID, owed); err != nil {
		return err
	}
	return w.order(ctx, Refund, payment, buyer, amount)
}

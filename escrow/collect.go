package escrow

import (
	"context"

	"github.com/google/uuid"
)

// Bounce is why a payment was not kept. It goes back to whoever paid it.
type Bounce string

// The reasons. The zero value is a payment that was kept, or never came.
const (
	BounceAmount Bounce = "amount" // more or less than was asked
	BouncePayer  Bounce = "payer"  // from another number than the buyer's
	BounceClosed Bounce = "closed" // the contract has ended, or is not agreed yet
	BounceSecond Bounce = "second" // the contract is paid
)

// countedElsewhere is the result code that we give ourselves to a prompt whose
// money was counted under another one of the same contract.
const countedElsewhere = "counted"

// collected records that a buyer's money has come.
func (w *work) collected(ctx context.Context, t *Transfer, f Finding) error {
	if t.State == TransferSucceeded {
		return w.toldAgain(ctx, t, f)
	}
	if f.ProviderID != "" && t.ProviderID != "" && f.ProviderID != t.ProviderID {
		// Whether money moved at all is for a person to find out by the receipt.
		return w.ask(ctx, ItemOtherPrompt, t.ID, "a success of another prompt, receipt "+f.Receipt)
	}
	if f.Receipt == "" && (w.contract.State != Confirmed || t.ResultCode == countedElsewhere) {
		return w.unreceipted(ctx, t)
	}
	standing, err := w.takeReceipt(ctx, *t, f)
	if err != nil {
		return err
	}
	switch standing {
	case freshReceipt:
		return w.succeeded(ctx, t, f)
	case countedReceipt:
		return w.countedBefore(ctx, t)
	default:
		return nil
	}
}

func (w *work) succeeded(ctx context.Context, t *Transfer, f Finding) error {
	if t.ResultCode == timedOut {
		if err := w.SettleItems(ctx, ItemCollectUnknown, t.ID, Closing{Why: "paid after all", At: w.now}); err != nil {
			return err
		}
	}
	t.Receipt, t.ResultCode = f.Receipt, f.Code
	if err := w.turn(ctx, t, TransferSucceeded, f.Code); err != nil {
		return err
	}
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	return w.received(ctx, *t, payment, f)
}

// unreceipted leaves a prompt alone that a query calls paid, for which no
// contract waits. The query tells no receipt: the money may well be that which
// another channel has told of already, and sending it back without knowing
// would send it back twice. The confirmation or the statement brings the
// receipt; a person looks in the meantime.
func (w *work) unreceipted(ctx context.Context, t *Transfer) error {
	if t.ResultCode == countedElsewhere {
		return nil
	}
	return w.ask(ctx, ItemNoReceipt, t.ID, "M-Pesa calls this prompt paid and tells no receipt")
}

// countedBefore ends a prompt whose money was counted under another transfer of
// the contract: a PayBill confirmation does not say which prompt it is of.
func (w *work) countedBefore(ctx context.Context, t *Transfer) error {
	if !t.State.Final() {
		return w.fail(ctx, t, Finding{Code: countedElsewhere, Reason: "its receipt has been counted"})
	}
	t.ResultCode, t.UpdatedAt = countedElsewhere, w.now
	if err := w.SaveTransfer(ctx, *t); err != nil {
		return err
	}
	t.Version++
	return nil
}

// toldAgain takes what is said of a prompt that has succeeded already: the
// receipt, where it was not known, or a second payment.
func (w *work) toldAgain(ctx context.Context, t *Transfer, f Finding) error {
	switch {
	case f.Receipt == "":
		return nil
	case f.Receipt == t.Receipt:
		_, err := w.takeReceipt(ctx, *t, f) // compares the amounts
		return err
	case t.Receipt != "":
		return w.second(ctx, f)
	case f.Amount != t.Amount:
		note := "counted " + t.Amount.String() + ", reported " + f.Amount.String() + " under receipt " + f.Receipt
		return w.ask(ctx, ItemAmountMismatch, t.ID, note)
	}
	return w.attachReceipt(ctx, t, f)
}

// attachReceipt keeps the receipt of money that a query without receipt had
// already told us about.
func (w *work) attachReceipt(ctx context.Context, t *Transfer, f Finding) error {
	standing, err := w.takeReceipt(ctx, *t, f)
	if err != nil {
		return err
	}
	if standing != freshReceipt {
		return w.ask(ctx, ItemReceiptReuse, t.ID, "receipt "+f.Receipt+" was counted before")
	}
	t.Receipt, t.UpdatedAt = f.Receipt, w.now
	if err := w.SaveTransfer(ctx, *t); err != nil {
		return err
	}
	t.Version++
	payment, err := w.Payment(ctx, t.PaymentID)
	if err != nil {
		return err
	}
	payment.Receipt, payment.UpdatedAt = f.Receipt, w.now
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	return w.recordTransferFrom(ctx, *t, t.State, "receipt")
}

// second counts a payment that was made beside the prompts that we know of.
func (w *work) second(ctx context.Context, f Finding) error {
	_, err := w.Receipt(ctx, f.Receipt)
	if IsNotFound(err) {
		return w.byPayBill(ctx, f, w.AddReceipt)
	}
	return err
}

// byPayBill counts money that came without a prompt of ours: a payment and a
// transfer that has succeeded from the start. keep stores the receipt.
func (w *work) byPayBill(ctx context.Context, f Finding, keep func(context.Context, Receipt) error) error {
	buyer := w.contract.Buyer
	payment := Payment{
		ID: newID(), ContractID: w.contract.ID, Payer: buyer.ID, Amount: f.Amount,
		Status: PaymentPending, CreatedAt: w.now, UpdatedAt: w.now,
	}
	t := Transfer{
		ID: newID(), ContractID: w.contract.ID, PaymentID: payment.ID, Kind: Collect, Method: MethodPayBill,
		State: TransferSucceeded, Party: buyer, Amount: f.Amount, Ref: w.contract.Ref, Receipt: f.Receipt,
		Attempt: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}
	if err := w.AddPayment(ctx, payment); err != nil {
		return err
	}
	if err := w.AddTransfer(ctx, t); err != nil {
		return err
	}
	row := Receipt{
		Number: f.Receipt, TransferID: t.ID, ContractID: t.ContractID, Amount: f.Amount,
		Channel: w.via, FromBuyer: buyer.Phone.shownAs(f.Payer), At: w.now,
	}
	if err := keep(ctx, row); err != nil {
		return err
	}
	if err := w.recordTransfer(ctx, t, "by PayBill"); err != nil {
		return err
	}
	return w.received(ctx, t, payment, f)
}

// received places money that a buyer paid: into the contract if it waits for
// exactly that, else back to whoever paid it.
func (w *work) received(ctx context.Context, t Transfer, payment Payment, f Finding) error {
	payment.Receipt, payment.UpdatedAt = t.Receipt, w.now
	if why := w.unwanted(t, f); why != "" {
		return w.bounce(ctx, t, payment, f, why)
	}
	return w.fund(ctx, t, payment, f)
}

// fund holds money for the contract that waited for it.
func (w *work) fund(ctx context.Context, t Transfer, payment Payment, f Finding) error {
	payment.Status = PaymentHeld
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if err := w.post(ctx, "funded", t.ID, entries(MpesaCollection, EscrowAccount(w.contract.ID), f.Amount)); err != nil {
		return err
	}
	if err := w.chargePaid(ctx, t, f); err != nil {
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

// unwanted says why money does not fund the contract, or nothing.
func (w *work) unwanted(t Transfer, f Finding) Bounce {
	switch {
	case w.contract.State.Funded():
		return BounceSecond
	case w.contract.State != Confirmed:
		return BounceClosed
	case f.Amount != w.contract.Payable():
		return BounceAmount
	case !t.Party.Phone.shownAs(f.Payer):
		return BouncePayer
	default:
		return ""
	}
}

func withReceipt(receipt string) func(*MessageParams) {
	return func(p *MessageParams) { p.Receipt = receipt }
}

// bounce puts money into suspense and orders its return.
func (w *work) bounce(ctx context.Context, t Transfer, payment Payment, f Finding, why Bounce) error {
	payment.Status, payment.Bounced = PaymentFailed, why
	if err := w.SavePayment(ctx, payment); err != nil {
		return err
	}
	if err := w.MarkBounced(ctx, payment); err != nil {
		return err
	}
	if err := w.post(ctx, "suspense", t.ID, entries(MpesaCollection, Suspense, f.Amount)); err != nil {
		return err
	}
	if err := w.chargePaid(ctx, t, f); err != nil {
		return err
	}
	if err := w.SettleItems(ctx, ItemNoReceipt, t.ID, Closing{Why: "receipt " + t.Receipt, At: w.now}); err != nil {
		return err
	}
	if err := w.order(ctx, Refund, payment, t.Party, f.Amount); err != nil {
		return err
	}
	template := map[Bounce]Template{BounceAmount: MsgRefundAmount, BouncePayer: MsgRefundPayer}[why]
	if template == "" {
		template = MsgRefundComing
	}
	return w.receipt(ctx, Buyer, template, withReceipt(t.Receipt), func(p *MessageParams) {
		p.Amount, p.Due = f.Amount, w.contract.Payable()
	})
}

// receiptItem is what an operator item about a receipt without a transfer is
// said to be about.
func receiptItem(number string) uuid.UUID { return idFromKey("receipt:" + number) }

package escrow

import "context"

// order creates a transfer and the job that submits it. How it goes is decided
// here, once: a transfer never changes its method.
func (w *work) order(ctx context.Context, kind TransferKind, payment Payment, party Party, amount Cents) error {
	t := Transfer{
		ID: newID(), ContractID: w.contract.ID, PaymentID: payment.ID, Kind: kind, Method: MethodB2C, State: TransferCreated,
		Party: party, Amount: amount, Ref: w.contract.Ref, Attempt: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}
	if kind == Collect {
		t.Method = MethodSTK
	}
	if err := w.AddTransfer(ctx, t); err != nil {
		return err
	}
	if err := w.recordTransfer(ctx, t, ""); err != nil {
		return err
	}
	return w.Enqueue(ctx, SubmitTransfer{Transfer: t.ID}, w.now)
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

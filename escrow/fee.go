package escrow

import "context"

// FeePlan is what the service takes for a contract: a part of the price and a
// flat sum, from one of the two. The zero value takes nothing.
type FeePlan struct {
	BasisPoints int64 // hundredths of a per cent of the price
	Flat        Cents
	Payer       Role
}

// basis is how many basis points make the whole.
const basis = 10_000

// For is the fee for a price: whole shillings, because M-Pesa moves no others,
// and rounded down, so that nobody pays more than was said.
func (p FeePlan) For(price Cents) Cents {
	return Shillings((price*Cents(p.BasisPoints)/basis + p.Flat).Shillings())
}

// Payable is what the buyer pays, and what is held.
func (c Contract) Payable() Cents {
	if c.FeePayer == Buyer {
		return c.Amount + c.Fee
	}
	return c.Amount
}

// Receivable is what the seller receives when the contract is completed.
func (c Contract) Receivable() Cents {
	if c.FeePayer == Seller {
		return c.Amount - c.Fee
	}
	return c.Amount
}

// affordable reports whether M-Pesa can move what a contract asks for and pays.
func (c Contract) affordable() bool {
	return c.Amount >= MinAmount && c.Amount.Whole() && c.Payable() <= MaxAmount && c.Receivable() >= MinAmount
}

// earn takes the fee out of the held money. Only a completed contract pays one.
func (w *work) earn(ctx context.Context) error {
	if w.contract.Fee == 0 {
		return nil
	}
	return w.post(ctx, "fee_earned", w.contract.ID,
		entries(EscrowAccount(w.contract.ID), FeesPlatform, w.contract.Fee))
}

// charge books what M-Pesa takes for a payout. It tells so in no callback: the
// table does, and the statement is held against it.
func (w *work) charge(ctx context.Context, t Transfer) error {
	if t.Method != MethodB2C {
		return nil
	}
	fee, err := w.Tariff(ctx, t.Method, t.Amount, w.now)
	if err != nil || fee == 0 {
		return err
	}
	return w.post(ctx, "mpesa_fee", t.ID, entries(FeesMpesa, MpesaCharges, fee))
}

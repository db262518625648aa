package escrow

import (
	"context"
	"time"
)

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

// Tariff names a table of what M-Pesa charges.
type Tariff string

// The tables. TariffNone has no rows.
const (
	TariffNone          Tariff = ""
	TariffB2C           Tariff = "b2c"            // a payout, which the business pays for
	TariffPayBill       Tariff = "paybill"        // the whole of a payment to the PayBill
	TariffPayBillShared Tariff = "paybill_shared" // the business's share of one
)

// Bouquet says who bears what M-Pesa charges for a payment to the PayBill. The
// business chooses it when Safaricom opens the short code.
type Bouquet string

// The bouquets, as Safaricom calls them.
const (
	BouquetBusiness Bouquet = "business" // the customer pays all
	BouquetCustomer Bouquet = "customer" // the business pays all
	BouquetMgao     Bouquet = "mgao"     // each pays a share
)

// tariff is the table of what the business pays.
func (b Bouquet) tariff() Tariff {
	switch b {
	case BouquetCustomer:
		return TariffPayBill
	case BouquetMgao:
		return TariffPayBillShared
	case BouquetBusiness:
		return TariffNone
	default:
		return TariffNone
	}
}

// Known reports whether there is such a bouquet.
func (b Bouquet) Known() bool {
	return b == BouquetBusiness || b == BouquetCustomer || b == BouquetMgao
}

// movedAt is when money moved, as far as that can be: the first time told that is
// not to come. M-Pesa charges by its tariff of then, whenever we hear of it.
func (w *work) movedAt(told ...time.Time) time.Time {
	for _, at := range told {
		if !at.IsZero() && !at.After(w.now) {
			return at
		}
	}
	return w.now
}

// charge books what M-Pesa takes for a payout. It tells so in no callback: the
// table does, and the balance is held against it.
func (w *work) charge(ctx context.Context, t Transfer, f Finding) error {
	if t.Method != MethodB2C {
		return nil
	}
	fee, err := w.Tariff(ctx, TariffB2C, t.Amount, w.movedAt(f.At, t.SubmittedAt))
	if err != nil || fee == 0 {
		return err
	}
	return w.post(ctx, "mpesa_fee", t.ID, entries(FeesMpesa, MpesaCharges, fee))
}

// payBillFee is what M-Pesa takes from the business for a payment to the PayBill,
// by prompt or without one. It keeps that when the payment is undone.
func (w *work) payBillFee(ctx context.Context, amount Cents, at time.Time) ([]Entry, error) {
	tariff := w.policy.Bouquet.tariff()
	if tariff == TariffNone {
		return nil, nil
	}
	fee, err := w.Tariff(ctx, tariff, amount, at)
	if err != nil || fee == 0 {
		return nil, err
	}
	return entries(FeesMpesa, PayBillCharges, fee), nil
}

// chargePaid books what M-Pesa takes for a payment that has come.
func (w *work) chargePaid(ctx context.Context, t Transfer, f Finding) error {
	lines, err := w.payBillFee(ctx, f.Amount, w.movedAt(f.At, t.SubmittedAt))
	if err != nil || lines == nil {
		return err
	}
	return w.post(ctx, "mpesa_fee", t.ID, lines)
}

package escrow

import (
	"context"

	"github.com/google/uuid"
)

// FloatChange is money of our own that was brought to the account that payouts
// leave from, or taken from it: a top-up from the bank, a sweep to it, charges
// that M-Pesa settled. What goes from the PayBill to another short code is taken
// from the one and brought to the other.
type FloatChange struct {
	Key      string // idempotency key
	Operator string // the operator's own key, which is a secret
	Amount   Cents  // positive in, negative out
	Charges  bool   // the money settled what M-Pesa had charged, instead of leaving
	PayBill  bool   `json:",omitempty"` // it is about the account that buyers pay into
	Reason   string
}

// BookFloat records a change of the float in the ledger, once per key, so that
// it goes on to agree with the provider's balance. It moves no money. It refuses
// [UnknownOperator], [NoReason] and [Already].
func (s *Service) BookFloat(ctx context.Context, f FloatChange) error {
	f.Reason = printable(f.Reason)
	if f.Reason == "" {
		return Refuse(NoReason)
	}
	secret := f.Operator
	f.Operator = ""
	hash, err := input("float", f)
	if err != nil {
		return err
	}
	var by Operator
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if by, err = operatorOf(ctx, tx, secret); err != nil {
			return err
		}
		if first, err := tx.Claim(ctx, f.Key, hash, uuid.Nil); err != nil {
			return err
		} else if !first {
			return Refuse(Already)
		}
		p := Posting{
			ID: newID(), TransferID: idFromKey(f.Key), Reason: "float " + by.Name + ": " + f.Reason,
			Entries: entries(f.purse(), f.other(), f.Amount), At: s.now(),
		}
		if err := p.check(); err != nil {
			return err
		}
		return tx.AddPosting(ctx, p)
	})
	if err == nil {
		s.log.InfoContext(ctx, "float booked", "amount", f.Amount, "by", by.Name)
	}
	return err
}

// purse is the account that the money is brought to or taken from.
func (f FloatChange) purse() Account {
	if f.PayBill {
		return MpesaCollection
	}
	return MpesaPayout
}

// other is the account that the float is booked against.
func (f FloatChange) other() Account {
	switch {
	case !f.Charges:
		return OwnFloat
	case f.PayBill:
		return PayBillCharges
	default:
		return MpesaCharges
	}
}

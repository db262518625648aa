package escrow

import (
	"context"
	"time"
)

// UtilityAccount is what M-Pesa calls the account that payouts are paid from.
const UtilityAccount = "Utility Account"

// chargesAccount is where M-Pesa takes what it charges us.
const chargesAccount = "Charges Paid Account"

// ofPayBill names an account of the short code that buyers pay into, where
// another one pays out: M-Pesa calls the accounts of both alike.
func ofPayBill(account string) string { return "PayBill " + account }

// PurseAccounts names the accounts in which the provider keeps other people's
// money, as the store's ProviderBalances does.
func (s *Service) PurseAccounts() []string {
	if s.policy.OneShortCode {
		return []string{UtilityAccount}
	}
	return []string{UtilityAccount, ofPayBill(UtilityAccount)}
}

// Balances keeps what the provider says of our accounts, and lifts the halt of an
// empty float when there is enough for whoever has waited longest.
func (s *Service) Balances(ctx context.Context, b Balance, evidence string) error {
	if b.PayBill && !s.policy.OneShortCode {
		b = b.renamed(ofPayBill)
	}
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.AddBalance(ctx, b); err != nil {
			return err
		}
		w := &work{Tx: tx, signer: s.signer, policy: &s.policy, now: s.now(), channel: ChannelProvider, evidence: evidence}
		return w.filled(ctx, b)
	})
}

func (b Balance) renamed(name func(string) string) Balance {
	lines := make([]BalanceLine, len(b.Accounts))
	for i, line := range b.Accounts {
		line.Name = name(line.Name)
		lines[i] = line
	}
	b.Accounts = lines
	return b
}

// filled lifts the halt of an empty float by a balance that shows enough. One that
// is older than the float was found empty says nothing of now: balances come by
// callback, in any order.
func (w *work) filled(ctx context.Context, b Balance) error {
	if before, err := w.beforeEmpty(ctx, b.At); err != nil || before {
		return err
	}
	oldest, err := w.OldestWaiting(ctx, w.now)
	if err != nil && !IsNotFound(err) {
		return err
	}
	for _, line := range b.Accounts {
		if line.Name == UtilityAccount && line.Available > 0 && line.Available >= oldest.Amount {
			return w.lift(ctx, HaltFloat, "the utility account holds "+line.Available.String())
		}
	}
	return nil
}

// beforeEmpty reports whether a moment lies before the float was last found empty,
// or tried: what was so then says nothing of now.
func (w *work) beforeEmpty(ctx context.Context, at time.Time) (bool, error) {
	halts, err := w.Halted(ctx)
	for _, h := range halts {
		if h.Kind == HaltFloat && at.Before(later(h.Since, h.ProbedAt)) {
			return true, err
		}
	}
	return false, err
}

// compareBalances compares what the provider last told of our accounts with the
// ledger.
func (s *Service) compareBalances(ctx context.Context, r *Reconciliation) error {
	told, err := s.store.ProviderBalances(ctx)
	if err != nil {
		return err
	}
	for _, account := range s.policy.compared() {
		b, known := told[account.name]
		if !known {
			if account.needed {
				r.Faults = append(r.Faults, "the balance: M-Pesa has not told of the "+account.name+" yet")
			}
			continue
		}
		if err := s.compareBalance(ctx, r, account, b); err != nil {
			return err
		}
	}
	return nil
}

// comparison says by which accounts of the ledger one of the provider's is checked.
type comparison struct {
	name   string
	ledger []Account
	needed bool
}

// compared lists the provider's accounts that the ledger follows.
func (p Policy) compared() []comparison {
	if p.OneShortCode {
		return []comparison{
			{UtilityAccount, []Account{MpesaCollection, MpesaPayout}, true},
			{chargesAccount, []Account{MpesaCharges, PayBillCharges}, false},
		}
	}
	return []comparison{
		{UtilityAccount, []Account{MpesaPayout}, true},
		{chargesAccount, []Account{MpesaCharges}, false},
		{ofPayBill(UtilityAccount), []Account{MpesaCollection}, true},
		{ofPayBill(chargesAccount), []Account{PayBillCharges}, false},
	}
}

func (s *Service) compareBalance(ctx context.Context, r *Reconciliation, account comparison, told Balance) error {
	b := BalanceCheck{Account: account.name, Provider: told.Accounts[0].Current, Told: told.At}
	var err error
	// What moved about when the balance was told may be in it or not.
	since := told.At.Add(-statementSettle)
	if b.Footing, err = s.store.Footing(ctx, account.ledger, s.policy.Bouquet.tariff(), since); err != nil {
		return err
	}
	r.Balances = append(r.Balances, b)
	switch {
	case b.Agrees():
		return s.balanceAgrees(ctx, b)
	case b.Explained():
		return nil
	default:
		return s.CallPerson(ctx, ItemBalanceDiffers, b.item(), b.differs())
	}
}

// balanceAgrees closes what a person was asked about a balance that differed.
func (s *Service) balanceAgrees(ctx context.Context, b BalanceCheck) error {
	closing := Closing{Why: "it agrees again, at " + b.Provider.String(), At: s.now()}
	return s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		return tx.SettleItems(ctx, ItemBalanceDiffers, b.item(), closing)
	})
}

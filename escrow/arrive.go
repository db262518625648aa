package escrow

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// ParseAccount reads the account number that somebody typed at M-Pesa's PayBill
// menu: a contract's reference, however it was spaced; see [ParseRef].
func ParseAccount(text string) (Ref, error) { return ParseRef(text) }

// Arrived takes a payment that M-Pesa's records show: a PayBill confirmation or
// a line of the statement. It may be a payment that a prompt's callback tells
// of too, in either order; the receipt counts once. Money that no contract can
// be named for goes to suspense and to a person.
func (s *Service) Arrived(ctx context.Context, a Arrival, evidence string) error {
	if a.Receipt == "" || a.Amount <= 0 {
		return errors.New("an arrival without receipt or amount")
	}
	believed, err := s.confirmArrival(ctx, a)
	if err != nil || !believed {
		return err
	}
	var asked []Item
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		w := &work{
			Tx: tx, signer: s.signer, policy: &s.policy, now: s.now(),
			channel: ChannelProvider, evidence: evidence, via: a.Channel,
		}
		var err error
		if w.contract, err = contractOf(ctx, tx, a.Account); err != nil {
			return err
		}
		err = w.arrived(ctx, a)
		asked = w.asked
		return err
	})
	if err == nil {
		s.announce(ctx, asked)
		s.log.InfoContext(ctx, "money arrived", "receipt", a.Receipt, "channel", a.Channel)
	}
	return err
}

// contractOf locks the contract that an account number names; the zero one
// where it names none.
func contractOf(ctx context.Context, tx Tx, account string) (Contract, error) {
	ref, err := ParseAccount(account)
	if err != nil {
		return Contract{}, nil //nolint:nilerr // typed by a person, who may type anything
	}
	contract, err := tx.ContractByRef(ctx, ref)
	if IsNotFound(err) {
		return Contract{}, nil
	}
	return contract, err
}

func (w *work) arrived(ctx context.Context, a Arrival) error {
	known, err := w.Receipt(ctx, a.Receipt)
	switch {
	case err == nil && known.Amount == a.Amount:
		return nil
	case err == nil:
		note := "receipt " + a.Receipt + " was told over " + known.Amount.String() + ", then over " + a.Amount.String()
		return w.ask(ctx, ItemAmountMismatch, receiptItem(a.Receipt), note)
	case !IsNotFound(err):
		return err
	case w.contract.ID == uuid.Nil:
		return w.stray(ctx, a)
	}
	before := w.contract.ChainSeq
	if err := w.place(ctx, a); err != nil || w.contract.ChainSeq == before {
		return err
	}
	return w.save(ctx)
}

// place finds out what an arrival for a contract is: the success of a prompt
// that told nothing yet, or a payment that the buyer made by themselves.
func (w *work) place(ctx context.Context, a Arrival) error {
	prompts, err := w.Collections(ctx, w.contract.ID)
	if err != nil {
		return err
	}
	f := Finding{Verdict: Moved, Code: "0", Receipt: a.Receipt, Amount: a.Amount, Payer: a.Payer, At: a.At}
	for _, fits := range []func(Transfer) bool{paidWithoutReceipt, promptUnderWay, failedSoftly} {
		for _, t := range prompts {
			if t.Method == MethodSTK && t.Amount == a.Amount && t.Party.Phone.shownAs(a.Payer) && fits(t) {
				return w.collected(ctx, &t, f)
			}
		}
	}
	return w.byPayBill(ctx, f, w.AddReceipt)
}

func paidWithoutReceipt(t Transfer) bool { return t.State == TransferSucceeded && t.Receipt == "" }

func promptUnderWay(t Transfer) bool { return !t.State.Final() && t.State != TransferCreated }

func failedSoftly(t Transfer) bool { return t.State == TransferFailed && t.awaited() }

// Expect says whether a payment would be taken, before it is made: M-Pesa asks
// this while the buyer waits. It changes nothing, and promises nothing either:
// two buyers may ask at once. It refuses [UnknownContract], [NotNow], [Closed],
// [Already], [AmountOutOfRange] where it is not what the contract waits for, and
// [BadPhone] where it comes from another number than the buyer's.
func (s *Service) Expect(ctx context.Context, a Arrival) error {
	ref, err := ParseAccount(a.Account)
	if err != nil {
		return err
	}
	contract, _, err := s.store.FindContract(ctx, ref)
	switch {
	case IsNotFound(err):
		return Refuse(UnknownContract)
	case err != nil:
		return err
	case contract.State.Funded(), contract.State == Completed:
		return Refuse(Already)
	case contract.State.Terminal():
		return Refuse(Closed)
	case contract.State != Confirmed:
		return Refuse(NotNow)
	case a.Amount != contract.Payable():
		return Refuse(AmountOutOfRange)
	case !contract.Buyer.Phone.shownAs(a.Payer):
		return Refuse(BadPhone)
	default:
		return nil
	}
}

package escrow

import "context"

// Unlock lets the codes of a contract be tried again, after an operator has made
// sure who it was that mistyped them: the counts of wrong release codes, and of
// wrong codes to call off, begin anew. Who has to accept gets the code once more.
// It refuses [UnknownOperator], [NoReason] and [NotNow] where nothing is locked.
func (s *Service) Unlock(ctx context.Context, m Mediation) (Result, error) {
	return s.mediate(ctx, "unlock", m, func(ctx context.Context, w *work, by Operator) error {
		reason := printable(m.Reason)
		if reason == "" {
			return Refuse(NoReason).About(w.contract)
		}
		accepts := w.contract.CodeLocked()
		if !accepts && !w.contract.CancelLocked() {
			return w.notNow()
		}
		w.contract.CodeTries, w.contract.CancelTries = 0, 0
		if err := w.note(ctx, "code_unlocked", by.Name+": "+reason); err != nil {
			return err
		}
		if err := w.CloseItem(ctx, w.contract.ID, ItemCodeLocked, Closing{By: by.Name, Why: reason, At: w.now}); err != nil {
			return err
		}
		if accepts && w.contract.State == Delivered {
			return w.tell(ctx, Buyer, MsgDeliveredBuyer)
		}
		return nil
	})
}

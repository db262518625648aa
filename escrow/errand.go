package escrow

import (
	"context"
	"time"
)

// Errand is what an operator does about money, outside any party's act.
type Errand struct {
	Key      string // idempotency key
	Operator string // the operator's own key, which is a secret
	Second   string // that of a second operator, where two are needed
	Reason   string

	names string // of those who were found to stand behind it
}

// who finds the operator, and folds the reason into one line, as everything is that
// goes into the history. It refuses [NoReason] and [UnknownOperator].
func (e *Errand) who(ctx context.Context, tx Tx) (Operator, error) {
	e.Reason = printable(e.Reason)
	if e.Reason == "" {
		return Operator{}, Refuse(NoReason)
	}
	by, err := operatorOf(ctx, tx, e.Operator)
	e.names = by.Name
	return by, err
}

// fourEyes makes sure that a second operator stands behind an errand about more
// than [Policy.FourEyesAbove], and notes the name. It refuses [UnknownOperator] and
// [SameOperator].
func (w *work) fourEyes(ctx context.Context, amount Cents, by Operator, e *Errand) error {
	if amount <= w.policy.FourEyesAbove {
		return nil
	}
	second, err := operatorOf(ctx, w.Tx, e.Second)
	if err != nil {
		return err
	}
	if second.ID == by.ID {
		return Refuse(SameOperator).About(w.contract)
	}
	e.names = by.Name + " and " + second.Name
	return nil
}

// words is who stands behind the errand, and why, as the history keeps it.
func (e *Errand) words() string { return e.names + ": " + e.Reason }

// closing is how the operators close what the errand settles.
func (e *Errand) closing(now time.Time) Closing {
	return Closing{By: e.names, Why: e.Reason, At: now}
}

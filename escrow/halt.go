package escrow

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// HaltKind is why nothing is paid out.
type HaltKind string

// The kinds of halt. The initiator's stops every call that our initiator signs,
// because each further try with a wrong or locked password can lock it for
// longer; only an operator lifts it. The float's stops payouts to phones until
// there is money again, and lifts itself.
const (
	HaltInitiator HaltKind = "initiator"
	HaltFloat     HaltKind = "float"
)

// Halt stops payouts in every process at once: each asks for it in the
// transaction in which it sends.
type Halt struct {
	Kind     HaltKind
	Since    time.Time
	Reason   string    // the provider's code and words
	ProbedAt time.Time // when one transfer was last let through to see
}

const (
	// probeEvery is how often one payout is let through an empty float to see
	// whether it has been filled.
	probeEvery = 15 * time.Minute
	// haltPause is how long a halted transfer waits before it looks again.
	haltPause = time.Minute
)

// halt makes the halt hold and calls a person, once.
func (w *work) halt(ctx context.Context, kind HaltKind, at string, f Finding) error {
	reason := f.Code + " " + f.Reason
	err := w.AddHalt(ctx, Halt{Kind: kind, Since: w.now, Reason: reason, ProbedAt: w.now})
	if err != nil {
		return err
	}
	item := Item{
		ID: newID(), Kind: ItemPayoutsHalted, TransferID: haltItem(kind), OpenedAt: w.now,
		Note: "all payouts stop (" + string(kind) + "): " + reason + ", at " + at,
	}
	w.asked = append(w.asked, item)
	return w.AddItem(ctx, item)
}

// haltFor is the halt that a transfer makes when the provider turns it away for
// this cause, or none.
func haltFor(t Transfer, cause Cause) HaltKind {
	switch {
	case t.Kind == Collect:
		return ""
	case cause == CauseCredential, cause == CauseConfig && t.Method == MethodB2C:
		return HaltInitiator
	case cause == CauseFloat && t.Method == MethodB2C:
		return HaltFloat
	default:
		return ""
	}
}

// haltBy stops what the cause of a failure stops.
func (w *work) haltBy(ctx context.Context, t Transfer, f Finding) error {
	if kind := haltFor(t, f.Cause); kind != "" {
		return w.halt(ctx, kind, "transfer "+t.ID.String(), f)
	}
	return nil
}

func haltItem(kind HaltKind) uuid.UUID { return idFromKey("halt:" + string(kind)) }

// stops reports whether the halt stops a transfer.
func (h Halt) stops(t Transfer) bool {
	switch t.Method {
	case MethodB2C:
		return true
	case MethodReversal:
		return h.Kind == HaltInitiator
	case MethodSTK, MethodPayBill:
		return false
	default:
		return true
	}
}

// held reports whether a transfer has to wait, for a halt or for its day. An
// empty float lets one through from time to time, unless another halt holds it: the
// try would be used up, and show nothing.
func (w *work) held(ctx context.Context, t Transfer) (bool, error) {
	if t.NotBefore.After(w.now) {
		return true, nil
	}
	if t.Kind == Collect {
		return false, nil
	}
	halts, err := w.Halted(ctx)
	if err != nil {
		return false, err
	}
	var empty Halt
	for _, h := range halts {
		switch {
		case !h.stops(t):
		case h.Kind != HaltFloat || w.now.Sub(h.ProbedAt) < probeEvery:
			return true, nil
		default:
			empty = h
		}
	}
	if empty.Kind == "" {
		return false, nil
	}
	return false, w.Probe(ctx, empty, w.now)
}

// flows lifts the halt of an empty float when a payout went through that was sent
// since. One that was sent before may have found the last of the money, and what a
// person moved in the portal need not have come from the float.
func (w *work) flows(ctx context.Context, t Transfer) error {
	if t.Method != MethodB2C || w.via == ByOperator {
		return nil
	}
	if before, err := w.beforeEmpty(ctx, t.SubmittedAt); err != nil || before {
		return err
	}
	return w.lift(ctx, HaltFloat, "a payout went through")
}

func (w *work) lift(ctx context.Context, kind HaltKind, by string) error {
	if err := w.LiftHalt(ctx, kind, by, w.now); err != nil {
		return err
	}
	return w.SettleItems(ctx, ItemPayoutsHalted, haltItem(kind), Closing{Why: by, At: w.now})
}

// initiatorHalted reports whether no call may be made that our initiator signs.
func (s *Service) initiatorHalted(ctx context.Context) (bool, error) {
	halts, err := s.store.Halts(ctx)
	for _, h := range halts {
		if h.Kind == HaltInitiator {
			return true, err
		}
	}
	return false, err
}

// InitiatorRefused halts what our initiator signs, because the provider has refused
// it with a question that is about no transfer: that for the balance.
func (s *Service) InitiatorRefused(ctx context.Context, f Finding) error {
	var asked []Item
	err := s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		w := &work{Tx: tx, signer: s.signer, policy: &s.policy, now: s.now(), channel: ChannelProvider}
		if err := w.halt(ctx, HaltInitiator, "the question for the balance", f); err != nil {
			return err
		}
		asked = w.asked
		return nil
	})
	if err == nil {
		s.announce(ctx, asked)
	}
	return err
}

// Halts returns what payouts are halted by.
func (s *Service) Halts(ctx context.Context) ([]Halt, error) { return s.store.Halts(ctx) }

// Resume lifts every halt, after an operator has put right what was wrong.
func (s *Service) Resume(ctx context.Context, e Errand) error {
	var by Operator
	err := s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		var err error
		if by, err = e.who(ctx, tx); err != nil {
			return err
		}
		w := &work{Tx: tx, signer: s.signer, policy: &s.policy, now: s.now(), channel: ChannelOperator, evidence: e.Key}
		for _, kind := range []HaltKind{HaltInitiator, HaltFloat} {
			if err := w.lift(ctx, kind, by.Name+": "+e.Reason); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.log.InfoContext(ctx, "payouts resumed", "by", by.Name)
	}
	return err
}

package escrow

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Pay asks the buyer's phone for the money: one payment, one collection, and
// the job that sends the prompt. At most one prompt is open per contract and
// per phone ([PromptOpen]), because M-Pesa has no way to make a second one
// harmless.
func (s *Service) Pay(ctx context.Context, cmd Command) (Result, error) {
	return s.party(ctx, "pay", cmd, func(ctx context.Context, w *work) error {
		if w.role != Buyer {
			return Refuse(NotYourTurn).About(w.contract)
		}
		if w.contract.State.Funded() || w.contract.State == Completed {
			return Refuse(Already).About(w.contract)
		}
		if w.contract.State != Confirmed {
			return w.notNow()
		}
		open, err := w.PromptOpen(ctx, w.contract.ID, w.contract.Buyer.ID)
		if err != nil {
			return err
		}
		if open {
			return Refuse(PromptOpen).About(w.contract)
		}
		if wait, err := w.pause(ctx); err != nil {
			return err
		} else if wait > 0 {
			return &Refusal{Code: TooSoon, Contract: &w.contract, Wait: wait}
		}
		payment := Payment{
			ID: newID(), ContractID: w.contract.ID, Payer: w.contract.Buyer.ID, Amount: w.contract.Payable(),
			Status: PaymentPending, CreatedAt: w.now, UpdatedAt: w.now,
		}
		if err := w.AddPayment(ctx, payment); err != nil {
			return err
		}
		if err := w.order(ctx, Collect, payment, w.contract.Buyer, payment.Amount); err != nil {
			return err
		}
		return w.tell(ctx, Buyer, MsgPromptSent)
	})
}

// pause is how long the buyer's phone has to rest before the next prompt. M-Pesa
// fails a second session that follows too closely, and the same amount within
// two minutes for its own reasons (Daraja portal, STK push, result code 17).
func (w *work) pause(ctx context.Context) (time.Duration, error) {
	last, err := w.LastPrompt(ctx, w.contract.Buyer.ID)
	if IsNotFound(err) {
		return 0, nil
	}
	rest := w.policy.PromptPause
	if last.Amount == w.contract.Payable() {
		rest = max(rest, w.policy.SamePromptPause)
	}
	return rest - last.age(w.now), err
}

// submitTries is how often a collection that was certainly not sent is tried
// before the buyer is told to pay in another way; payouts are tried until sent.
const submitTries = 4

// Submit sends a transfer to the provider, once. It is the work of
// [SubmitTransfer] and may run any number of times: a transfer that was
// submitted before a crash may have left us, so it becomes unknown and is
// asked about instead of being sent again.
func (s *Service) Submit(ctx context.Context, id uuid.UUID) error {
	var next step
	t, err := s.onTransfer(ctx, id, submitEvidence(id), func(ctx context.Context, w *work, t *Transfer) error {
		var err error
		next, err = s.beforeSending(ctx, w, t)
		return err
	})
	if err == nil && next.wait > 0 {
		return &Later{After: next.wait}
	}
	if err != nil || !next.send {
		return err
	}
	answer := s.provider.Submit(ctx, t)
	s.log.InfoContext(ctx, "transfer submitted", "transfer", id, "kind", t.Kind, "ref", t.Ref,
		"outcome", answer.Outcome, "code", answer.Code, "reason", answer.Reason)
	return s.keepAnswer(ctx, t, answer)
}

func submitEvidence(id uuid.UUID) string { return "submit:" + id.String() }

// step is what comes after the look at a transfer that is to be sent: its sending,
// a wait, or, with neither, nothing.
type step struct {
	send bool
	wait time.Duration
}

// beforeSending marks the transfer as submitted if it is to be sent now.
func (s *Service) beforeSending(ctx context.Context, w *work, t *Transfer) (step, error) {
	switch {
	case t.State == TransferSubmitted:
		return step{}, s.settle(ctx, w, t, Submission{Outcome: Unknown, Reason: "interrupted while sending"})
	case t.State != TransferCreated:
		return step{}, nil
	case t.Kind == Collect && w.contract.State != Confirmed:
		return step{}, w.fail(ctx, t, Finding{Code: "withdrawn", Reason: "the contract no longer waits for money"})
	case t.Kind == Collect && w.now.Sub(t.CreatedAt) >= s.policy.PromptLife:
		// Nobody expects a prompt long after they asked for it.
		return step{}, w.fail(ctx, t, Finding{Code: "stale", Reason: "the prompt could not be sent in time"})
	}
	if given, err := s.giveWay(ctx, w, t); err != nil || given {
		return step{}, err
	}
	held, err := w.held(ctx, *t)
	if err != nil {
		return step{}, err
	}
	if held {
		return step{wait: max(t.NotBefore.Sub(w.now), haltPause)}, w.touch(ctx, t)
	}
	t.SubmittedAt = w.now
	return step{send: true}, w.turn(ctx, t, TransferSubmitted, "")
}

// keepAnswer records what the provider answered to the sending of t, even when the
// job's own time is up.
func (s *Service) keepAnswer(ctx context.Context, sent Transfer, answer Submission) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordBudget)
	defer cancel()
	t, err := s.onTransfer(ctx, sent.ID, submitEvidence(sent.ID), func(ctx context.Context, w *work, t *Transfer) error {
		if !t.SubmittedAt.Equal(sent.SubmittedAt.Truncate(time.Microsecond)) { // as it is stored
			return nil // it was found, and sent again, while this process stood still
		}
		return s.settle(ctx, w, t, answer)
	})
	if err != nil {
		return err
	}
	if t.State == TransferCreated {
		return &Later{After: max(answer.RetryAfter, pauseAfter(t.Looks))}
	}
	return nil
}

// touch notes from time to time that a transfer which waits has a job, so that
// [Service.Sweep] does not give it another.
func (w *work) touch(ctx context.Context, t *Transfer) error {
	if w.now.Sub(t.UpdatedAt) < untouched/4 {
		return nil
	}
	t.UpdatedAt = w.now
	if err := w.SaveTransfer(ctx, *t); err != nil {
		return err
	}
	t.Version++
	return nil
}

// pauseAfter is how long a transfer that could not be sent waits: longer each time.
func pauseAfter(tries int) time.Duration {
	pause := retryPause
	for range tries - 1 {
		if pause *= 2; pause >= longestPause {
			return longestPause
		}
	}
	return pause
}

const (
	// recordBudget is how long the answer of a provider may take to be stored.
	recordBudget = 10 * time.Second
	// retryPause and longestPause bound the time between two submissions of a
	// transfer that was certainly not taken.
	retryPause   = 5 * time.Second
	longestPause = 5 * time.Minute
)

// settle records the provider's immediate answer. A callback may have been
// faster than the answer, so a transfer that is further along stays there.
func (s *Service) settle(ctx context.Context, w *work, t *Transfer, answer Submission) error {
	if t.ProviderID == "" && answer.ProviderID != "" {
		t.ProviderID = answer.ProviderID
	}
	if t.State != TransferSubmitted {
		return w.SaveTransfer(ctx, *t)
	}
	t.ResultCode = answer.Code
	if err := w.refusedAlarm(ctx, *t, answer); err != nil {
		return err
	}
	switch answer.Outcome {
	case Taken:
		return s.watchFrom(ctx, w, t, TransferAccepted)
	case NotSent:
		return s.notTaken(ctx, w, t, answer)
	case Refused:
		if t.Resent {
			if err := w.haltBy(ctx, *t, Finding{Cause: answer.Cause, Code: answer.Code, Reason: answer.Reason}); err != nil {
				return err
			}
			return s.watchFrom(ctx, w, t, TransferUnknown)
		}
		return w.fail(ctx, t, Finding{Verdict: NotMoved, Cause: answer.Cause, Code: answer.Code, Reason: answer.Reason})
	case Unknown:
		return s.watchFrom(ctx, w, t, TransferUnknown)
	default:
		return errors.New("provider returned no outcome")
	}
}

// refusedAlarm calls a person to what a submission was turned away for, unless
// what follows from the refusal does so.
func (w *work) refusedAlarm(ctx context.Context, t Transfer, answer Submission) error {
	if !answer.Alarm || answer.Outcome == Refused && t.Method == MethodB2C && answer.Cause != "" {
		return nil
	}
	return w.ask(ctx, ItemProviderAlarm, t.ID, answer.Reason)
}

// notTaken puts a transfer back that was certainly not taken. The buyer is told
// after a few tries to pay in another way; a payout is tried until it is taken,
// and a person is called when that takes long.
func (s *Service) notTaken(ctx context.Context, w *work, t *Transfer, answer Submission) error {
	t.Looks++
	if t.Kind == Collect && t.Looks >= submitTries {
		return w.fail(ctx, t, Finding{Code: answer.Code, Reason: answer.Reason})
	}
	if t.Kind != Collect && w.now.Sub(t.CreatedAt) >= s.policy.PayoutPatience {
		if err := w.ask(ctx, ItemPayoutSilent, t.ID, "cannot be sent: "+answer.Reason); err != nil {
			return err
		}
	}
	return w.turn(ctx, t, TransferCreated, answer.Reason)
}

func (s *Service) watchFrom(ctx context.Context, w *work, t *Transfer, state TransferState) error {
	t.Looks = 0
	if err := w.turn(ctx, t, state, t.ResultCode); err != nil {
		return err
	}
	next, _ := s.nextLook(*t, w.now)
	return w.Enqueue(ctx, WatchTransfer{Transfer: t.ID}, next)
}

// onTransfer locks a transfer's contract and then the transfer, and runs fn.
func (s *Service) onTransfer(
	ctx context.Context, id uuid.UUID, evidence string, fn func(context.Context, *work, *Transfer) error,
) (Transfer, error) {
	known, err := s.store.FindTransfer(ctx, id)
	if err != nil {
		return Transfer{}, err
	}
	var t Transfer
	var asked []Item
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		asked = nil
		contract, err := tx.Contract(ctx, known.ContractID)
		if err != nil {
			return err
		}
		if t, err = tx.Transfer(ctx, id); err != nil {
			return err
		}
		w := &work{
			Tx: tx, signer: s.signer, policy: &s.policy, now: s.now(), contract: contract,
			channel: ChannelProvider, evidence: evidence, via: ByCallback,
		}
		before := contract.ChainSeq
		if err := fn(ctx, w, &t); err != nil {
			return err
		}
		asked = w.asked
		if w.contract.ChainSeq == before {
			return nil
		}
		return w.save(ctx)
	})
	if err == nil {
		s.announce(ctx, asked)
	}
	return t, err
}

// turn takes a transfer to another state and audits it.
func (w *work) turn(ctx context.Context, t *Transfer, next TransferState, why string) error {
	if t.State == next {
		return nil
	}
	if !t.State.mayFollow(next) {
		return &TransitionError{State: State(t.State), Event: Event(next)}
	}
	from := t.State
	t.State, t.UpdatedAt = next, w.now
	if err := w.SaveTransfer(ctx, *t); err != nil {
		return err
	}
	t.Version++
	if next.Final() && t.Kind != Collect { // then it is not silent any more
		closing := Closing{By: w.operator, Why: "it is " + string(next), At: w.now}
		if err := w.SettleItems(ctx, ItemPayoutSilent, t.ID, closing); err != nil {
			return err
		}
	}
	return w.recordTransferFrom(ctx, *t, from, why)
}

func (w *work) recordTransfer(ctx context.Context, t Transfer, why string) error {
	return w.recordTransferFrom(ctx, t, "", why)
}

func (w *work) recordTransferFrom(ctx context.Context, t Transfer, from TransferState, why string) error {
	detail := t.ID.String() + " " + t.Amount.String() + " " + t.Receipt + " " + why
	return w.record(ctx, string(t.Kind)+"."+string(t.State), string(from), string(t.State), detail)
}

package escrow

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Watch asks the provider what became of a transfer that has not been answered,
// and comes back until it has. It is the work of [WatchTransfer].
//
// A collection that is not answered within [Policy.PromptLife] counts as failed,
// so that the buyer can pay again, but is asked about for a day more: a late
// success is real money.
func (s *Service) Watch(ctx context.Context, id uuid.UUID) error {
	t, err := s.store.FindTransfer(ctx, id)
	if err != nil || !t.awaited() {
		return err
	}
	finding := Finding{Verdict: NoAnswer}
	switch halted, err := s.initiatorHalted(ctx); {
	case err != nil:
		return err
	case halted && t.Kind != Collect:
		finding = Finding{Verdict: NotAsked} // the initiator signs this question too
	case t.ProviderID != "" || t.Kind != Collect:
		finding = s.provider.Look(ctx, t)
	}
	if finding.counts(t.Kind) {
		if err := s.learn(ctx, id, finding, "query:"+id.String(), ByQuery); err != nil {
			return err
		}
	}
	return s.rest(ctx, id, finding)
}

// counts reports whether the answer to a query says something that must be
// learnt. That a prompt was not paid is not: a query can only promote, because
// M-Pesa was seen to call paid prompts failed, and answers so before the prompt
// has left the phone (Daraja, STK query, observed in March 2026).
func (f Finding) counts(kind TransferKind) bool {
	switch f.Verdict {
	case Moved, NeverSeen:
		return true
	case NotMoved:
		return kind != Collect || f.Alarm
	case Processing, NoAnswer, NotAsked:
		return f.Alarm || f.Cause == CauseCredential
	default:
		return f.Alarm
	}
}

// timedOut is the result code that we give ourselves to a prompt nobody answered.
const timedOut = "timeout"

// soft reports whether a failed collection may yet turn out to be paid. M-Pesa
// sends 1032 and 1037 also for prompts that were answered late, and our own
// timeout knows nothing; see Daraja portal, STK push result codes.
func soft(code string) bool {
	switch code {
	case timedOut, "1019", "1031", "1032", "1037", "17", "26", "1001":
		return true
	default:
		return false
	}
}

// A question that could not be put waits at least askPause, because Daraja takes
// five a minute, and longer the older the transfer is. About a collection it is
// not put any more after askLimit.
const (
	askPause = 13 * time.Second
	askShare = 50 // part of the transfer's age
	askLimit = 48 * time.Hour
)

// rest decides what follows a look: nothing, another look later, or giving up. A
// question that could not be put does not count as a look.
func (s *Service) rest(ctx context.Context, id uuid.UUID, finding Finding) error {
	var next time.Time
	var again bool
	t, err := s.onTransfer(ctx, id, "watch:"+id.String(), func(ctx context.Context, w *work, t *Transfer) error {
		if !t.awaited() || t.State == TransferCreated {
			return nil // what is sent again is watched anew
		}
		if finding.Verdict != NotAsked {
			t.Looks++
		}
		t.UpdatedAt = w.now
		if err := w.SaveTransfer(ctx, *t); err != nil {
			return err
		}
		t.Version++
		if next, again = s.nextLook(*t, w.now); finding.Verdict == NotAsked {
			age := t.age(w.now)
			next, again = w.now.Add(max(askPause, finding.RetryAfter, age/askShare)), t.Kind != Collect || age < askLimit
		}
		return s.losePatience(ctx, w, t, finding, again)
	})
	if err != nil || !again || !t.awaited() || t.State == TransferCreated {
		return err
	}
	return &Later{After: next.Sub(s.now())}
}

// losePatience fails a prompt that outlived its time, and calls a person to what
// has been silent for too long.
func (s *Service) losePatience(ctx context.Context, w *work, t *Transfer, finding Finding, again bool) error {
	age := t.age(w.now)
	switch {
	case t.State.Final():
		if !again && t.ResultCode == timedOut && finding.Verdict != NotMoved {
			return w.ask(ctx, ItemCollectUnknown, t.ID, "no callback and no answer for "+age.Round(time.Minute).String())
		}
		return nil
	case t.Kind == Collect && age >= s.policy.PromptLife:
		return w.fail(ctx, t, Finding{Code: timedOut, Reason: "no answer in time"})
	case t.Kind != Collect && age >= s.policy.PayoutPatience:
		return w.ask(ctx, ItemPayoutSilent, t.ID, "no answer for "+age.Round(time.Minute).String())
	default:
		return nil
	}
}

// nextLook says when a transfer is asked about again, and whether it is at all.
func (s *Service) nextLook(t Transfer, now time.Time) (time.Time, bool) {
	plan := s.policy.PayoutLooks
	if t.Kind == Collect {
		plan = s.policy.CollectLooks
	}
	if t.Looks >= len(plan) {
		return now.Add(time.Hour), t.Kind != Collect
	}
	at := t.SubmittedAt.Add(plan[t.Looks])
	if at.Before(now) {
		at = now
	}
	return at, true
}

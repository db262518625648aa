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
	if err != nil || t.State == TransferSucceeded {
		return err
	}
	if t.State.Final() && (t.Kind != Collect || !soft(t.ResultCode)) {
		return nil
	}
	finding := Finding{Verdict: NoAnswer}
	if t.ProviderID != "" || t.Kind != Collect {
		finding = s.provider.Look(ctx, t)
	}
	if finding.Verdict == Moved || finding.Verdict == NotMoved || finding.Alarm {
		if err := s.Learn(ctx, id, finding, "query:"+t.ProviderID); err != nil {
			return err
		}
	}
	return s.rest(ctx, id)
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

// rest decides what follows a look: nothing, another look later, or giving up.
func (s *Service) rest(ctx context.Context, id uuid.UUID) error {
	var next time.Time
	var again bool
	t, err := s.onTransfer(ctx, id, "watch", func(ctx context.Context, w *work, t *Transfer) error {
		if t.State == TransferSucceeded {
			return nil
		}
		t.Looks++
		if err := w.SaveTransfer(ctx, *t); err != nil {
			return err
		}
		t.Version++
		next, again = s.nextLook(*t, w.now)
		return s.losePatience(ctx, w, t)
	})
	if err != nil || t.State == TransferSucceeded || !again {
		return err
	}
	if t.State.Final() && (t.Kind != Collect || !soft(t.ResultCode)) {
		return nil
	}
	return &Later{After: next.Sub(s.now())}
}

// losePatience fails a prompt that outlived its time, and calls a person to a
// payout that has been silent for too long.
func (s *Service) losePatience(ctx context.Context, w *work, t *Transfer) error {
	age := w.now.Sub(t.CreatedAt)
	switch {
	case t.State.Final():
		return nil
	case t.Kind == Collect && age >= s.policy.PromptLife:
		return w.fail(ctx, t, Finding{Code: timedOut, Reason: "no answer in time"})
	case t.Kind != Collect && age >= s.policy.PayoutPatience && t.Looks == len(s.policy.PayoutLooks):
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
	if t.Looks < len(plan) {
		at := t.CreatedAt.Add(plan[t.Looks])
		if at.Before(now) {
			at = now
		}
		return at, true
	}
	return now.Add(time.Hour), t.Kind != Collect
}

package main

import (
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/voicepact/gateway/escrow"
)

// paced divides the times of a policy that a provider's silence is waited for by
// [hurry], which is 1 in the program as it is shipped.
func paced(policy escrow.Policy) escrow.Policy {
	for _, wait := range []*time.Duration{
		&policy.PromptLife, &policy.PayoutPatience, &policy.ResendAfter, &policy.PromptPause, &policy.SamePromptPause,
	} {
		*wait /= hurry
	}
	for _, looks := range []*[]time.Duration{&policy.CollectLooks, &policy.PayoutLooks} {
		*looks = slices.Clone(*looks)
		for i := range *looks {
			(*looks)[i] /= hurry
		}
	}
	return policy
}

// demonstrated asks sooner: nobody waits a quarter of an hour at a demonstration for
// a payout that a kill caught on its way.
func demonstrated(policy escrow.Policy) escrow.Policy {
	policy.PayoutLooks = []time.Duration{2 * time.Second, 10 * time.Second, 20 * time.Second, time.Minute, 10 * time.Minute}
	policy.ResendAfter = 5 * time.Second
	policy.PromptPause, policy.SamePromptPause = 0, 0
	return policy
}

// retries tries a job that failed again as River does by itself, longer each
// time, and in a hurry sooner.
type retries struct{ river.DefaultClientRetryPolicy }

// NextRetry implements [river.ClientRetryPolicy].
func (r *retries) NextRetry(job *rivertype.JobRow) time.Time {
	now := time.Now()
	return now.Add(r.DefaultClientRetryPolicy.NextRetry(job).Sub(now) / hurry)
}

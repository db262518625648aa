package main

import (
	"slices"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// paced divides the times of a policy that a provider's silence is waited for by
// [hurry], which is 1 in the program as it is shipped.
func paced(policy escrow.Policy) escrow.Policy {
	for _, wait := range []*time.Duration{&policy.PromptLife, &policy.PayoutPatience, &policy.ResendAfter} {
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

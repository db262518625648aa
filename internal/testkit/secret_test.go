package testkit_test

import (
	"testing"

	"github.com/voicepact/gateway/internal/testkit"
)

func TestShowsFindsASecretThatStandsByItself(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"8642":                                 true,
		`{"pin":"8642"}`:                       true,
		"1*8642*2":                             true,
		"ACCEPT 1234 8642.":                    true,
		"pin=8642\n":                           true,
		"the PIN is 8642, at 12:00:05.1":       true,
		"ACCEPT 1234.8642":                     true,
		"your PIN.8642":                        true,
		"":                                     false,
		"86421":                                false,
		"+254786420001":                        false,
		"2026-11-26T03:24:32.8642Z":            false,
		"took=1.8642ms":                        false,
		"819350cf-8642-8a59-94e0-4016018ef92e": false,
		"9f8642ab":                             false,
	} {
		if got := testkit.Shows(text, "8642"); got != want {
			t.Errorf("Shows(%q) = %v", text, got)
		}
	}
}

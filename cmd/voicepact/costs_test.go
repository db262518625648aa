package main

import (
	"slices"
	"testing"

	"github.com/voicepact/gateway/escrow"
)

func TestTheCostOfMessagesIsAddedUp(t *testing.T) {
	t.Parallel()
	var messages []escrow.Message
	for _, cost := range []string{"KES 0.8000", "KES 1.6", "USD 0.0079", "KES 2", "0", "", "KES x", "KES 0.00001", "KES -1"} {
		messages = append(messages, escrow.Message{Cost: cost})
	}
	if got, want := costs(messages), []string{"KES 4.4000", "USD 0.0079"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

package sms

import "testing"

func TestDates(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	for language, want := range map[string]string{"en": "3 Dec", "sw": "3 Des"} {
		if got := c.day(language, "2026-12-03"); got != want {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
	if got := c.day("en", ""); got != "" {
		t.Errorf("no date is %q", got)
	}
}

package sms

import (
	"slices"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
)

func TestFiveWrongCodes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contract = d.DealIn(escrow.Delivered, escrow.Shillings(100))
	d.letters()
	for _, left := range []string{"Tries left: 4", "Tries left: 3", "Tries left: 2", "Tries left: 1", "Too many wrong codes"} {
		letters := d.text(amina, "accept 1234 0000")
		if len(letters) != 1 || !strings.Contains(letters[0].text, left) {
			t.Errorf("want %q, got %v", left, letters)
		}
	}
	letters := d.text(amina, "accept 1234 8305")
	if len(letters) != 1 || !strings.Contains(letters[0].text, "Too many wrong codes") || d.state() != escrow.Delivered {
		t.Errorf("the right code after five wrong ones: %v, %s", letters, d.state())
	}
	for _, text := range []string{"status 1234", "1234", "accept 1234", "pay 1234"} {
		letters := d.text(amina, text)
		if len(letters) != 1 || !strings.Contains(letters[0].text, "Code locked. Dial *384*12345# or call 0700000000") ||
			strings.Contains(letters[0].text, "ACCEPT") {
			t.Errorf("%q with a locked code: %v", text, letters)
		}
	}
	if letters := d.text(otieno, "status 1234"); len(letters) != 1 || strings.Contains(letters[0].text, "Code") {
		t.Errorf("the seller is told %v", letters)
	}
	if items := d.Items(); !slices.Contains(items, escrow.ItemCodeLocked) {
		t.Errorf("nobody is called: %v", items)
	}
	d.Prove()
}

// TestAWetHalfReleasesNothing writes more beside the code than that all is well.
func TestAWetHalfReleasesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contract = d.DealIn(escrow.Delivered, escrow.Shillings(100))
	d.letters()
	for text, answer := range map[string]string{
		"received 1234 8305 only 7 bags": "Nothing was done", "ACCEPT 1234 8305 half is wet": "Nothing was done",
		"confirm 1234 8305 half": "Nothing was done", "nimepokea 1234 8305 magunia saba tu": "Hakuna kilichofanyika",
	} {
		letters := d.text(amina, text)
		if len(letters) != 1 || !strings.Contains(letters[0].text, answer) || d.state() != escrow.Delivered {
			t.Errorf("%q: %v, %s", text, letters, d.state())
		}
	}
	d.text(amina, "received 1234 8305 all good, thanks")
	if d.state() != escrow.Completed {
		t.Errorf("praise leaves the contract %s", d.state())
	}
	d.Prove()
}

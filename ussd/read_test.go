package ussd

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/menus"
)

func TestReadDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 3, 22, 30, 0, 0, time.UTC) // already the 4th in East Africa
	for text, want := range map[string]string{
		"+0": "2026-12-04", "+1": "2026-12-05", "+7": "2026-12-11",
		"4/12": "2026-12-04", "24/12": "2026-12-24", "24-12": "2026-12-24", "24.12": "2026-12-24", "24*12": "2026-12-24",
		"3/12": "", "1/1": "2027-01-01", "01/02": "2027-02-01", "1/6": "2027-06-01", "3/6": "", // a day just past is a mistake
		"24/12/2026": "2026-12-24", "4/12/2027": "2027-12-04",
		"3/12/2026": "", "5/12/2027": "", "24/12/2030": "", "24/12/1999": "",
		"31/11": "", "29/2": "", "32/1": "", "0/1": "", "1/13": "", "1/0": "",
		"": "", "tomorrow": "", "24": "", "24/": "", "2412": "", "24/12/27": "", "+": "", "1/2/3/4": "",
	} {
		day, ok := readDay(text, now)
		if got := day.Format(time.DateOnly); ok != (want != "") || ok && got != want {
			t.Errorf("%q is %s, %t; want %q", text, got, ok, want)
		}
	}
}

// Every day that is read can be promised, by the escrow's own rule.
func TestEveryDayThatIsReadCanBePromised(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const years = 4 * 365 * 24 * 3600
		now := time.Unix(1_770_000_000+rapid.Int64Range(0, years).Draw(t, "now"), 0)
		day, ok := readDay(rapid.StringMatching(`\d{1,2}[/.-]\d{1,2}([/.-]20[23]\d)?`).Draw(t, "text"), now)
		if ok && (day.Before(escrow.Day(now)) || day.After(now.Add(365*24*time.Hour)) || !day.Equal(escrow.Day(day))) {
			t.Fatalf("at %s: %s", now, day)
		}
	})
}

func TestRead(t *testing.T) {
	t.Parallel()
	c := &call{Handler: newTestHandler(t), hop: hop{phone: longPhone}}
	for _, test := range []struct {
		kind               menus.Kind
		typed, want, wrong string
	}{
		{menus.KindRef, "1234", "1234", ""},
		{menus.KindRef, "12", "12", "wrong.choice"},
		{menus.KindRef, "12a4", "12a4", "wrong.choice"},
		{menus.KindPhone, "0712 000 001", "+254712000001", ""},
		{menus.KindPhone, "0722000418", longPhone, "wrong.self"},
		{menus.KindPhone, "12", "", "wrong.phone"},
		{menus.KindItem, "  Maize   10 bags ", "Maize 10 bags", ""},
		{menus.KindItem, strings.Repeat("x", 25), "", "wrong.item"},
		{menus.KindAmount, "Ksh 3,500/=", "3500", ""},
		{menus.KindAmount, "3500.50", "0", "wrong.amount"},
		{menus.KindAmount, "250001", "0", "wrong.amount"},
		{menus.KindReason, " it\tis  wet ", "it is wet", ""},
		{menus.KindReason, strings.Repeat("é", escrow.MaxWords), strings.Repeat("é", escrow.MaxWords), ""},
		{menus.KindReason, strings.Repeat("é", escrow.MaxWords+1), strings.Repeat("é", escrow.MaxWords+1), "wrong.reason"},
		{menus.KindReason, " ", "", "wrong.reason"},
		{menus.KindCode, "83 05", "8305", ""},
		{menus.KindCode, "830", "830", "wrong.code"},
		{menus.KindCode, "830a", "830a", "wrong.code"},
		{menus.KindWord, "seller", "seller", ""},
		{"unheard of", "x", "", "wrong.choice"},
	} {
		if got, wrong := c.read(test.kind, nil, test.typed); got != test.want || wrong != test.wrong {
			t.Errorf("%s %q: %q, %q; want %q, %q", test.kind, test.typed, got, wrong, test.want, test.wrong)
		}
	}
}

// Whatever was seen, one more answer is found whole, and nothing else is taken
// for one.
func TestCompareFindsTheAnswer(t *testing.T) {
	t.Parallel()
	h := &Handler{}
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.String().Draw(t, "before")
		s := h.seeing(session{}, before)
		answer := rapid.String().Draw(t, "answer")
		if what, got := h.compare(s, before+"*"+answer); what != oneAnswer || got != answer {
			t.Fatalf("%q then %q: %d %q", before, answer, what, got)
		}
		if what, _ := h.compare(s, before); what != nothingNew {
			t.Fatalf("%q again: %d", before, what)
		}
		changed := rapid.String().Draw(t, "changed")
		if strings.HasPrefix(changed, before) {
			return
		}
		if what, _ := h.compare(s, changed); what != another {
			t.Fatalf("%q after %q: %d", changed, before, what)
		}
	})
}

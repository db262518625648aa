package sms

import (
	"slices"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
)

// kiswahili reports whether an answer is in Kiswahili: it then has one of these words.
func kiswahili(text string) bool {
	return slices.ContainsFunc([]string{"Msaada", "Piga", "Jibu", "Kulipa", "utapata"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

// TestLanguageOfTheAnswer tells what language a message is answered in, and what
// it makes of the writer's choice.
func TestLanguageOfTheAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	en, sw := escrow.English, escrow.Kiswahili
	for _, tt := range []struct {
		chosen escrow.Language
		text   string
		answer escrow.Language
		then   escrow.Language
	}{
		{"", "help", en, ""},
		{"", "msaada", sw, ""},
		{"", "acha", sw, ""},
		{"", "status", en, ""},
		{"", "hali", sw, ""},
		{"", "hali 1235", sw, ""},
		{"", "kubalii 1234", sw, ""},
		{"", "kubali 1234 kesho", sw, ""},
		{"", "accept 1234", en, ""},
		{"", "kubali 1234", sw, sw},
		{"", "kubali", sw, sw},
		{"", "lipa 1234", sw, sw},
		{"", "kiswahili", sw, sw},
		{"", "english", en, en},
		{sw, "help", sw, sw},
		{sw, "stop", sw, sw},
		{sw, "status 1234", sw, sw},
		{sw, "accept 1234", sw, sw},
		{sw, "good morning", sw, sw},
		{sw, "english", en, en},
		{en, "msaada", sw, en},
		{en, "hali 1234", sw, en},
		{en, "kubalii 1234", en, en},
		{en, "kubali 1234", en, en},
		{en, "lugha kiswahili", sw, sw},
	} {
		d.introduce(tt.chosen)
		d.propose()
		d.letters()
		var answers []string
		for _, l := range d.text(amina, tt.text) {
			if l.to == amina {
				answers = append(answers, l.text)
			}
		}
		if len(answers) != 1 || kiswahili(answers[0]) != (tt.answer == sw) {
			t.Errorf("%q after %q is answered %q, want one answer in %s", tt.text, tt.chosen, answers, tt.answer)
		}
		home, err := d.Service.Home(t.Context(), amina)
		if err != nil || home.Party.Language != tt.then {
			t.Errorf("%q after %q makes the language %q, want %q (%v)", tt.text, tt.chosen, home.Party.Language, tt.then, err)
		}
	}
}

// TestDisputeAcrossLanguages has a reason chosen on a USSD screen reach the other
// side in the other side's language.
func TestDisputeAcrossLanguages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		raiser, other escrow.Phone
		raises, reads escrow.Language
		reason        string
	}{
		{amina, otieno, escrow.English, escrow.Kiswahili, "trouble.less"},
		{amina, otieno, escrow.Kiswahili, escrow.English, "trouble.less"},
		{otieno, amina, escrow.English, escrow.Kiswahili, "trouble.away"},
		{otieno, amina, escrow.Kiswahili, escrow.English, "mahindi yameoza"},
	} {
		t.Run(tt.reason+" in "+string(tt.reads), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.contract = d.DealIn(escrow.PaymentLocked, escrow.Shillings(100))
			d.speaks(tt.raiser, tt.raises)
			d.speaks(tt.other, tt.reads)
			d.letters()
			want := tt.reason
			if screens := newTestComposer(t).screens; screens.Has(tt.reason) {
				want = screens.Text(string(tt.reads), tt.reason, nil)
			}
			cmd := d.Command(tt.raiser, d.contract.Ref)
			cmd.Words = tt.reason
			if _, err := d.Service.Dispute(t.Context(), cmd); err != nil {
				t.Fatal(err)
			}
			d.Work()
			letters := d.letters()
			told := func(l letter) bool { return l.to == tt.other && strings.Contains(l.text, `"`+want+`"`) }
			if !slices.ContainsFunc(letters, told) {
				t.Errorf("%q does not reach the other side: %v", want, letters)
			}
		})
	}
}

// speaks keeps a language as if it had been chosen.
func (d *desk) speaks(phone escrow.Phone, language escrow.Language) {
	d.TB.Helper()
	if err := d.Service.SetLanguage(d.TB.Context(), phone, language); err != nil {
		d.TB.Fatal(err)
	}
}

package sms

import (
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
)

func TestDatesOfBothKinds(t *testing.T) {
	t.Parallel()
	want := time.Date(2017, 5, 3, 6, 4, 45, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2017-05-03T06:04:45Z": want, "2017-05-03 06:04:45": want, " 2017-05-03T09:04:45+03:00 ": want,
		"2017-05-03T06:04:45.250Z": want.Add(250 * time.Millisecond),
		"2017-05-03T06:04":         {}, "": {}, "yesterday": {},
	} {
		if got := readDate(text); !got.Equal(want) {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestTheKeywordOfASharedShortCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"PACT confirm 1234": "confirm 1234", " pact: HELP": ": HELP", "Pact1234": "1234", "pact": "",
		"confirm 1234": "confirm 1234", "pacts 1": "pacts 1", "pac": "pac", "": "",
	} {
		if got := withoutKeyword(text, "PACT"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := withoutKeyword("PACT 1234", ""); got != "PACT 1234" {
		t.Errorf("without a keyword: %q", got)
	}
	d := newDesk(t)
	d.propose()
	d.letters()
	d.handler.keyword = "PACT"
	if letters := d.text(amina, "pact accept 1234"); len(letters) != 2 || d.state() != escrow.Confirmed {
		t.Errorf("got %v, %s", letters, d.state())
	}
}

// TestOurOwnNumberIsNotAnswered has a message come from the number it went to.
func TestOurOwnNumberIsNotAnswered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.handler.shortCode = "VOICEPACT"
	for _, body := range []string{
		"id=1&from=%2B254712000001&to=%2B254712000001&text=HELP", "id=2&from=0712000001&to=254712000001&text=STOP",
	} {
		if err := d.handler.Work(t.Context(), []byte(body)); err != nil {
			t.Error(err)
		}
	}
	d.Work()
	if letters := d.letters(); len(letters) != 0 {
		t.Errorf("answered %v", letters)
	}
}

// TestALateWithdrawalTakesNothingBack brings a WITHDRAW about a first dispute when
// a second one is open.
func TestALateWithdrawalTakesNothingBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contract = d.DealIn(escrow.PaymentLocked, escrow.Shillings(100))
	d.text(amina, "dispute 1234 wet")
	late := d.body(amina, d.fill("withdraw 1234"))
	d.text(amina, "withdraw 1234")
	d.Clock.Advance(time.Hour)
	d.text(amina, "dispute 1234 rotten")
	d.work(late)
	letters := d.letters()
	if len(letters) != 1 || !strings.Contains(letters[0].text, "Did you mean WITHDRAW") || d.state() != escrow.Disputed {
		t.Errorf("the late one: %v, %s", letters, d.state())
	}
	d.text(amina, "withdraw 1234")
	if d.state() != escrow.PaymentLocked {
		t.Errorf("the new one leaves it %s", d.state())
	}
	d.Prove()
}

// TestALateNoRefusesNothing brings a NO about a first wish to cancel when a second
// one is open.
func TestALateNoRefusesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contract = d.DealIn(escrow.PaymentLocked, escrow.Shillings(100))
	d.text(amina, "cancel 1234")
	late := d.body(otieno, d.fill("no 1234"))
	d.text(amina, "withdraw 1234")
	d.Clock.Advance(time.Hour)
	d.text(amina, "cancel 1234")
	d.work(late)
	letters := d.letters()
	if len(letters) != 1 || !strings.Contains(letters[0].text, "Did you mean DECLINE") {
		t.Errorf("the late one: %v", letters)
	}
	if letters := d.text(otieno, "no 1234"); len(letters) != 2 || !strings.Contains(letters[1].text+letters[0].text, "does not want to cancel") {
		t.Errorf("the new one: %v", letters)
	}
	d.Prove()
}

// Words that sound as if all were well are words to an open dispute like any other,
// and open none.
func TestMoreWordsToADispute(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contract = d.DealIn(escrow.PaymentLocked, escrow.Shillings(100))
	d.Work()
	d.letters()
	const words = "dispute 1234 he fixed only 2 of 10"
	if letters := d.text(amina, words); len(letters) != 1 || d.state() != escrow.PaymentLocked {
		t.Errorf("without a dispute: %v, %s", letters, d.state())
	}
	d.text(amina, "dispute 1234 rotten")
	if letters := d.text(amina, words); len(letters) != 1 || strings.Contains(letters[0].text, "Nothing was done") {
		t.Errorf("to the open one: %v", letters)
	}
	_, history, err := d.Service.History(t.Context(), amina, d.contract.Ref)
	if err != nil || history[0].What != "word_added" {
		t.Errorf("%v, %v", history, err)
	}
	d.Prove()
}

func FuzzInbound(f *testing.F) {
	for _, seed := range []string{
		"id=1&from=%2B254712000001&to=40404&text=HELP&date=2017-05-03+06%3A04%3A45", "%", "from=MTN", "=&=", "text=%ff&from=+254",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		fields, _ := parseForm([]byte(body))
		in := readInbound(fields)
		if in.id == "" || len(in.id) > maxID {
			t.Errorf("%q has the key %q", body, in.id)
		}
		if from, ok := in.person("40404"); ok && (from == "40404" || !strings.HasPrefix(string(from), "+254")) {
			t.Errorf("%q is answered to %q", body, from)
		}
		withoutKeyword(in.text, "PACT")
	})
}

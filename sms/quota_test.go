package sms

import (
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// TestNoEndlessTalk has a machine answer whatever we say. Each kind of answer is
// given so many times in an hour of our clock, and then again in the next one; no
// message is answered twice, or later after all.
func TestNoEndlessTalk(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.propose()
	d.letters()
	for _, tt := range []struct {
		from escrow.Phone
		text string
		most int
	}{
		{storetest.Mallory, "I am driving", answersAnHour},
		{storetest.Mallory, "status 1234", answersAnHour},
		{storetest.Mallory, "STOP", answersAnHour},
		{storetest.Mallory, "HELP", helpAnHour},
		{storetest.Mallory, "KISWAHILI", helpAnHour},
		{amina, "OK", helpAnHour}, // asked back: which contract?
	} {
		for hour := range 2 {
			for n := range tt.most {
				body := d.body(tt.from, d.fill(tt.text))
				d.work(body)
				d.work(body)
				if letters := d.letters(); len(letters) != 1 {
					t.Fatalf("%q, hour %d, message %d: %v", tt.text, hour, n, letters)
				}
			}
			late := d.body(tt.from, d.fill(tt.text))
			d.work(late)
			d.Clock.Advance(time.Hour)
			d.work(late)
			if letters := d.letters(); len(letters) != 0 {
				t.Fatalf("%q, hour %d, one too many: %v", tt.text, hour, letters)
			}
		}
	}
}

// TestKindsOfAnswersAreCountedApart has somebody who used up one kind of answer
// ask for help.
func TestKindsOfAnswersAreCountedApart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range answersAnHour + 1 {
		d.text(storetest.Mallory, "good morning")
	}
	if letters := d.text(storetest.Mallory, "HELP"); len(letters) != 1 {
		t.Errorf("got %v", letters)
	}
	if letters := d.text(amina, "good morning"); len(letters) != 1 {
		t.Errorf("somebody else got %v", letters)
	}
}

// TestAMachineThatRepeatsItselfIsLeftAlone asks for one thing again and again about
// a contract of the writer's own: how it stands, what is refused, the codes.
func TestAMachineThatRepeatsItselfIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state escrow.State
		first string // by Amina
		from  escrow.Phone
		text  string
		most  int
	}{
		{escrow.Pending, "", amina, "status 1234", standingAnHour},
		{escrow.PaymentLocked, "", amina, "1234", standingAnHour},
		{escrow.Completed, "", amina, "pay 1234", standingAnHour},
		{escrow.Delivered, "", amina, "accept 1234", answersAnHour},
		{escrow.PaymentLocked, "cancel 1234", otieno, "cancel 1234", answersAnHour},
	} {
		d := newDesk(t)
		d.contract = d.DealIn(tt.state, escrow.Shillings(100))
		if tt.first != "" {
			d.text(amina, tt.first)
		}
		d.letters()
		for hour := range 2 {
			answers := 0
			for range tt.most + 3 {
				answers += len(d.text(tt.from, tt.text))
			}
			if answers != tt.most {
				t.Errorf("%s, %q, hour %d: %d answers, want %d", tt.state, tt.text, hour, answers, tt.most)
			}
			d.Clock.Advance(time.Hour)
		}
		d.Prove()
	}
}

// TestOurOwnWordsFallSilent has a phone send back whatever it gets.
func TestOurOwnWordsFallSilent(t *testing.T) {
	t.Parallel()
	for _, language := range []escrow.Language{escrow.English, escrow.Kiswahili} {
		for _, state := range []escrow.State{escrow.Pending, escrow.Delivered, escrow.Disputed} {
			d := newDesk(t)
			d.introduce(language)
			d.contract = d.DealIn(state, escrow.Shillings(100))
			d.letters()
			echo(t, d, state)
			d.Prove()
		}
	}
}

// echo answers with the very words that come, and demands that they end, and that
// they moved nothing.
func echo(t *testing.T, d *desk, state escrow.State) {
	t.Helper()
	const enough = 100
	heard := d.text(amina, "status 1234")
	for n := 0; len(heard) > 0; n++ {
		if n == enough {
			t.Errorf("%s: still talking after %d texts: %v", state, n, heard)
			return
		}
		next := heard[0]
		heard = heard[1:]
		if next.to == amina {
			heard = append(heard, d.text(amina, next.text)...)
		}
	}
	if now := d.state(); now != state {
		t.Errorf("our own words brought %s to %s", state, now)
	}
}

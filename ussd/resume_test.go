package ussd_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

// A call that is cut off while a contract is made goes on where it was: at every
// question, with all that was typed.
func TestACallThatWasCutOffGoesOn(t *testing.T) {
	t.Parallel()
	answers := []string{"1", "1", "0712000001", "Maize", "500", "3", "3", "1", "Kitale", "1"}
	for cut := 3; cut < len(answers); cut++ {
		x := newSmallExchange(t)
		p := x.ready(storetest.Otieno)
		screen := p.answers(answers[:cut]...)
		redial := x.pick(storetest.Otieno)
		redial.dial("")
		redial.wants("CON You were cut off making a contract")
		if cut >= 5 {
			redial.wants("Maize, Ksh500")
		}
		back := redial.answer("1")
		rest := answers[cut:]
		switch cut {
		case 7, 8: // a detail is asked for again from the summary
			redial.wants("CON Sell Maize\n")
			rest = answers[6:]
		default:
			if back != screen {
				t.Errorf("cut off at\n%s\ngoes on at\n%s", screen, back)
			}
		}
		redial.answers(rest...)
		redial.wants("END ")
		home, err := x.world.Service.Home(t.Context(), storetest.Amina)
		if err != nil || len(home.Open) != 1 || home.Open[0].Item != "Maize" || home.Open[0].Place != "Kitale" {
			t.Errorf("cut off after %d answers: %+v, %v", cut, home.Open, err)
		}
	}
}

// Who starts over, leaves by themselves, finishes, waits too long or calls from
// another phone is not asked.
func TestNothingIsOfferedThatWasNotCutOff(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(x *exchange, p *phone){
		"started over": func(x *exchange, _ *phone) {
			again := x.pick(storetest.Otieno)
			again.dial("")
			again.answer("2")
			again.wants("CON VoicePact\n1. New contract")
		},
		"went home":     func(_ *exchange, p *phone) { p.answer("00") },
		"went back":     func(_ *exchange, p *phone) { p.answers("0", "0", "0", "0", "0") },
		"sent it":       func(_ *exchange, p *phone) { p.answers("500", "1", "1") },
		"called it off": func(_ *exchange, p *phone) { p.answers("500", "1", "2") },
		"waited":        func(x *exchange, _ *phone) { x.redisPasses(16 * time.Minute) },
		"lost sessions": func(x *exchange, _ *phone) { x.flush() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newSmallExchange(t)
			p := x.ready(storetest.Otieno)
			p.answers("1", "1", "0712000001", "Maize")
			end(x, p)
			again := x.pick(storetest.Otieno)
			again.dial("")
			again.wants("VoicePact\n1. New contract")
			other := x.ready(storetest.Mallory)
			other.wants("VoicePact\n1. New contract")
		})
	}
}

// A money act that was cut off resumes at its question, never behind it; one that
// was done says so first, and is not done again.
func TestAMoneyActThatWasCutOff(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.Delivered, escrow.Shillings(9_000))
	code := x.world.Codes.For(c)
	amina := x.ready(storetest.Amina)
	amina.answers("1", "1")
	amina.wants("Type the code")

	amina = x.pick(storetest.Amina)
	amina.dial("")
	amina.wants("CON You were cut off at " + string(c.Ref))
	amina.answer("1")
	amina.wants("CON Got all Maize 10 bags")
	amina.answers("1", code)
	amina.wants("END Done.")

	amina = x.pick(storetest.Amina)
	amina.dial("") // the END may not have come
	amina.wants("CON Done: " + string(c.Ref) + " is accepted.\nVoicePact")
	if x.state(c) != escrow.Completed {
		t.Errorf("contract is %s", x.state(c))
	}
	amina.answer("0")
	amina = x.pick(storetest.Amina)
	amina.dial("")
	amina.wants("CON VoicePact") // said once
}

// What moved on meanwhile is shown as it is.
func TestAContractThatMovedOnMeanwhile(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.Confirmed, escrow.Shillings(500))
	amina := x.ready(storetest.Amina)
	amina.answer("1")
	amina.wants("1. Pay by M-Pesa")
	x.does(storetest.Otieno, c, x.world.Service.Cancel)
	amina = x.pick(storetest.Amina)
	amina.dial("")
	amina.answer("1")
	amina.wants("CON "+string(c.Ref)+" Maize 10 bags", "Cancelled")
}

// A contract was sent, and the caller was told that something failed: the next call
// offers to go on at the summary, and sending it again is the same contract.
func TestAProposalSentInTwoCallsIsOneContract(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	b := x.breakable()
	p := x.ready(storetest.Otieno)
	p.answers("1", "1", "0712000001", "Maize", "500", "1")
	b.put = func(context.Context) error { return errors.New("no answer") } // what is left stays as it was
	p.answer("1")
	p.wants("END ")
	b.put = nil
	for range 2 { // also through a call that was itself cut off
		p = x.pick(storetest.Otieno)
		p.dial("")
		p.wants("CON You were cut off making a contract")
		p.answer("1")
		p.wants("CON Sell Maize\n")
	}
	p.answer("1")
	p.wants("END ", " sent to 0712***001")
	if n := x.contracts(); n != 1 {
		t.Errorf("%d contracts", n)
	}
	p = x.ready(storetest.Otieno)
	p.answers("1", "1", "0712000001", "Maize", "500", "1", "1")
	if n := x.contracts(); n != 2 {
		t.Errorf("the same deal once more, on purpose: %d contracts", n)
	}
}

// What was cut off can be taken up until it is taken up, started over or something
// else is done: looking at the question and leaving costs nothing.
func TestTheOfferToGoOnIsNotLost(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.Deal(escrow.Shillings(500))
	p := x.ready(storetest.Otieno)
	p.answers("1", "1", "0712000001", "Maize")
	for _, answers := range [][]string{{"0"}, {"00"}, {string(c.Ref)}, {"00", "2", "1", "0"}} {
		p = x.pick(storetest.Otieno)
		p.dial("")
		p.wants("CON You were cut off making a contract")
		p.answers(answers...)
	}
	p = x.pick(storetest.Otieno)
	p.dial(string(c.Ref))
	p.wants("CON " + string(c.Ref))
	p = x.pick(storetest.Otieno)
	p.dial("")
	p.answer("1")
	p.wants("Total price")
	p.answer("00")
	p = x.pick(storetest.Otieno)
	p.dial("")
	p.wants("CON VoicePact")
}

// What was answered on another path is not part of what is made now.
func TestAnswersOfAnotherPathAreForgotten(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.Deal(escrow.Shillings(500))
	p := x.ready(storetest.Otieno)
	p.answers("2", "1")
	p.wants("CON " + string(c.Ref))
	p.answers("0", "0", "1", "1", "0712000001", "Beans")
	p = x.pick(storetest.Otieno)
	p.dial("")
	p.wants("CON You were cut off making a contract:\nBeans")
	p.answer("2")
	p.answers("4", "2", "8305")
	p.answers("0", "0", "0", "1", "1", "0712000001")
	for key, value := range x.drafts() {
		if strings.Contains(value, `"pin"`) || strings.Contains(value, `"mode"`) || strings.Contains(value, string(c.Ref)) {
			t.Errorf("%s holds %s", key, value)
		}
	}
}

func (x *exchange) drafts() map[string]string {
	x.tb.Helper()
	keys, err := x.redis.Keys(x.tb.Context(), "ussd:draft:*").Result()
	if err != nil || len(keys) == 0 {
		x.tb.Fatalf("%d drafts, %v", len(keys), err)
	}
	drafts := map[string]string{}
	for _, key := range keys {
		if drafts[key], err = x.redis.Get(x.tb.Context(), key).Result(); err != nil {
			x.tb.Fatal(err)
		}
	}
	return drafts
}

// A reason that was being typed is not raised with one key about a contract that
// has moved on.
func TestAProblemThatWasCutOff(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.Delivered, escrow.Shillings(500))
	amina := x.pick(storetest.Amina)
	x.speaks(storetest.Amina, escrow.English)
	amina.dial(string(c.Ref))
	amina.answers("2", "5")
	amina.wants("CON What is wrong with " + string(c.Ref))
	x.does(storetest.Amina, c, x.world.Service.AcceptGoods)
	amina = x.pick(storetest.Amina)
	amina.dial("")
	amina.answer("1")
	amina.wants("CON "+string(c.Ref), "The deal is done")
}

// The code can be had again where it is asked for, a few times an hour.
func TestTheCodeIsSentAgain(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.Delivered, escrow.Shillings(9_000))
	x.speaks(storetest.Amina, escrow.English)
	before := len(x.world.Postbox.To(storetest.Amina))
	for range 5 {
		p := x.pick(storetest.Amina)
		p.dial(string(c.Ref))
		p.answers("1", "1", "1")
		p.wants("END The code comes again by SMS.")
		x.world.Work()
	}
	if got := len(x.world.Postbox.To(storetest.Amina)) - before; got != 3 {
		t.Errorf("sent %d times, want 3", got)
	}
	if letter := x.world.Postbox.Last(t, storetest.Amina); letter.Release != x.world.Codes.For(c) {
		t.Errorf("the letter holds %q", letter.Release)
	}
}

// Wrong codes add up to the way out, as other answers that do not fit do.
func TestWrongCodesAddUpToHelp(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.Delivered, escrow.Shillings(9_000))
	amina := x.ready(storetest.Amina)
	amina.answers("1", "1")
	wrong := other(x.world.Codes.For(c))
	amina.answers(wrong, wrong)
	amina.wants("CON Wrong code. Tries left: 3.\n")
	amina.answer(wrong)
	amina.wants("CON Wrong code. Tries left: 2. 00 Home. Help " + helpPhone)
}

// What is most urgent stands first.
func TestTheMostUrgentStandsFirst(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	accept := x.world.DealIn(escrow.Delivered, escrow.Shillings(500))
	pay := x.world.DealIn(escrow.Confirmed, escrow.Shillings(500))
	agree := x.world.Deal(escrow.Shillings(500))
	x.ready(storetest.Amina).wants(
		"3 things wait for you\n1. Got "+string(accept.Ref), "\n2. Pay "+string(pay.Ref), "\n3. Agree? "+string(agree.Ref))
}

// No PIN and no code is in what a call leaves, or in its session.
func TestWhatACallLeavesHoldsNoSecret(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	amina := x.ready(storetest.Amina)
	amina.answers("4", "2", "8305")
	amina.wants("once more")
	c := x.world.DealIn(escrow.Delivered, escrow.Shillings(9_000))
	otieno := x.ready(storetest.Amina)
	otieno.answers("1", "1", "9146")
	otieno.wants("Wrong code")
	keys, err := x.redis.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) < 3 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	for _, key := range keys {
		if key == "ussd:open" {
			continue // the sessions' ids
		}
		value, err := x.redis.Get(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"8305", "9146"} {
			if testkit.Shows(key+" "+value, secret) {
				t.Errorf("%s is in %s: %q", secret, key, value)
			}
		}
	}
	if logs := x.logs.String(); testkit.Shows(logs, "8305") || testkit.Shows(logs, "9146") {
		t.Error("a secret is in the log")
	}
	if x.state(c) != escrow.Delivered {
		t.Error("a wrong code moved money")
	}
}

// The whole deal in both languages, the call dropped and dialled again before
// every single answer: nothing is lost and nothing is done twice.
func TestADealWithACallForEveryAnswer(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		redials int
		behind  []string
	}{
		"deal.en.txt": {8, []string{"CON Type the code from our SMS to pay 0722***418 Ksh12,500", "CON The code is 4 digits."}},
		"deal.sw.txt": {9, nil},
		"pin.en.txt":  {7, []string{"CON Type your VoicePact PIN to pay 0722***418 Ksh6,000", "CON Wrong PIN. Tries left: 4."}},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			x := newSmallExchange(t)
			s := newScript(x, false)
			s.dropped = true
			s.run(file)
			if s.redials != want.redials || !slices.Equal(s.behind, want.behind) {
				t.Errorf("%d calls were taken up again where they were, and behind a question %q", s.redials, s.behind)
			}
			list, err := x.world.Store.Newest(t.Context(), 10)
			if err != nil || len(list) != 1 || list[0].Contract.State != escrow.Completed {
				t.Errorf("%d contracts, %v", len(list), err)
			}
			x.world.Prove()
		})
	}
}

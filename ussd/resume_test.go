package ussd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
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
	amina.wants("CON "+string(c.Ref)+" Maize 10 bags", "Called off")
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
			if strings.Contains(key+value, secret) {
				t.Errorf("%s is in %s: %q", secret, key, value)
			}
		}
	}
	if logs := x.logs.String(); strings.Contains(logs, "8305") || strings.Contains(logs, "9146") {
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
	for _, file := range []string{"deal.en.txt", "deal.sw.txt", "pin.en.txt"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			x := newSmallExchange(t)
			s := newScript(x, false)
			s.dropped = true
			s.run(file)
			if s.redials < 3 {
				t.Errorf("%d calls were taken up again in %d steps", s.redials, s.steps)
			}
			list, err := x.world.Store.Newest(t.Context(), 10)
			if err != nil || len(list) != 1 || list[0].Contract.State != escrow.Completed {
				t.Errorf("%d contracts, %v", len(list), err)
			}
			x.world.Prove()
		})
	}
}

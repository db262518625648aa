package ussd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func (x *exchange) ready(number escrow.Phone) *phone {
	x.tb.Helper()
	x.speaks(number, escrow.English)
	p := x.pick(number)
	p.dial("")
	return p
}

func (x *exchange) contracts() int {
	x.tb.Helper()
	const all = 1000
	list, err := x.world.Store.Newest(x.tb.Context(), all)
	if err != nil {
		x.tb.Fatal(err)
	}
	return len(list)
}

func (x *exchange) state(c escrow.Contract) escrow.State {
	x.tb.Helper()
	view, err := x.world.Service.View(x.tb.Context(), c.Buyer.Phone, c.Ref)
	if err != nil {
		x.tb.Fatal(err)
	}
	return view.Contract.State
}

// A star or a number sign that is typed belongs to the answer.
func TestSignsInAnAnswer(t *testing.T) {
	t.Parallel()
	for _, item := range []string{"Maize*10", "*Maize", "Maize*", "Nails#1", "# kg", "a & b + c", "1*2*3 kg"} {
		x := newSmallExchange(t)
		p := x.ready(storetest.Otieno)
		p.answers("1", "1", "0712000001", item, "500", "1")
		p.wants("CON Sell " + item + "\n")
		p.answer("1")
		p.wants("END ")
		home, err := x.world.Service.Home(t.Context(), storetest.Amina)
		if err != nil || len(home.Open) != 1 || home.Open[0].Item != item {
			t.Errorf("%q arrived as %+v, %v", item, home.Open, err)
		}
	}
}

func TestEmptyAnswers(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	p := x.ready(storetest.Otieno)
	first := p.screen
	if p.hop() != first {
		t.Error("an empty answer on the first screen is no duplicate")
	}
	p.text = "*1" // what Africa's Talking makes of it and of the next answer
	p.hop()
	p.wants("You are the:")
	p.answer("")
	p.wants("CON Not a choice.\nNew contract. You are the:")
	p.answer("1")
	p.wants("Buyer's phone number?")
}

func TestTheSameAnswerTwiceIsNotTheSameHopTwice(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	p := x.ready(storetest.Otieno)
	role := p.answer("1")
	if again := p.hop(); again != role {
		t.Errorf("a duplicate is answered\n%s", again)
	}
	p.answer("1")
	p.wants("Buyer's phone number?")
}

// A transcript that is no continuation changes nothing, and gets the screen
// that is up.
func TestTranscriptsThatDoNotGoOn(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	p := x.ready(storetest.Otieno)
	screen := p.answers("1", "1", "0712000001")
	for _, text := range []string{"1*1", "", "1", "2*1*0712000001", "1*1*0712000001x", "2", "1*1*0712000002*Beans"} {
		p.text = text
		if got := p.hop(); got != screen {
			t.Errorf("%q is answered\n%s", text, got)
		}
	}
	p.text = "1*1*0712000001"
	p.answers("Beans", "500", "1")
	p.wants("CON Sell Beans\nto 0712000001 Ksh500")
}

func TestASessionBelongsToItsCaller(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.Deal(escrow.Shillings(500))
	amina := x.ready(storetest.Amina)
	amina.answer("1")
	amina.wants(string(c.Ref), "1. Agree")
	thief := *amina
	thief.number = storetest.Mallory
	thief.answer("1")
	thief.wants("END Please dial")
	if strings.Contains(thief.screen, string(c.Ref)) || x.state(c) != escrow.Pending {
		t.Errorf("another number used the session: %s, %s", thief.screen, x.state(c))
	}
	amina.answer("1")
	amina.wants("END Agreed")
}

// After the end of a session its last screen is all that it says.
func TestAnEndedSessionStaysEnded(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	p := x.ready(storetest.Otieno)
	end := p.answer("0")
	if got := p.answer("1"); got != end {
		t.Errorf("after the end: %s", got)
	}
}

// A refusal ends the session on a screen that has choices and a way home.
func TestARefusedSessionStaysEnded(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.Confirmed, escrow.Shillings(500))
	amina := x.ready(storetest.Amina)
	amina.answer("1")
	amina.wants("1. Pay by M-Pesa")
	x.does(storetest.Otieno, c, x.world.Service.Cancel)
	end := amina.answer("1")
	amina.wants("END This contract ended on 3 Dec.")
	for _, answer := range []string{"1", "0", "00", "1"} {
		if got := amina.answer(answer); got != end {
			t.Errorf("%q after the end opens\n%s", answer, got)
		}
	}
}

func TestDeepDial(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.Deal(escrow.Shillings(500))
	ref := string(c.Ref)
	wrong := ref[:3] + string('0'+(ref[3]-'0'+1)%10)
	x.speaks(storetest.Amina, escrow.English)

	amina := x.pick(storetest.Amina)
	amina.dial(ref)
	amina.wants("CON "+ref+" Maize 10 bags", "1. Agree")
	amina.answer("0")
	amina.wants("1 thing waits for you")
	amina.answer(ref) // the reference can be typed on a first screen, too
	amina.wants("CON " + ref)

	unknown := x.pick(storetest.Amina)
	unknown.dial(wrong)
	stranger := x.ready(storetest.Mallory)
	stranger = x.pick(stranger.number)
	stranger.dial(ref)
	for _, p := range []*phone{unknown, stranger} {
		p.wants("CON You have no such contract.\n")
		if strings.Contains(p.screen, "CON "+ref) {
			t.Errorf("shown: %s", p.screen)
		}
	}
}

// Nobody can be talked into dialling a string that acts: the question is asked
// once more.
func TestADialStringCannotAct(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.Delivered, escrow.Shillings(500))
	x.speaks(storetest.Amina, escrow.English)
	for _, digits := range []string{string(c.Ref) + "*1*1", "1*1"} {
		p := x.pick(storetest.Amina)
		p.dial(digits)
		p.wants("CON Answer once more.\nGot all Maize 10 bags")
		if x.state(c) != escrow.Delivered {
			t.Fatalf("*%s# accepted the goods", digits)
		}
		p.label = "accept.accept.00000000"
		p.flushAndHop()
		p.wants("CON Please start again.")
		if x.state(c) != escrow.Delivered {
			t.Fatal("a made-up label accepted the goods")
		}
	}
	p := x.pick(storetest.Amina)
	p.dial("1*1")
	p.answer("1")
	p.wants("END Done.")
	if x.state(c) != escrow.Completed {
		t.Error("the second answer did nothing")
	}
}

func (p *phone) flushAndHop() string {
	p.x.tb.Helper()
	p.x.flush()
	return p.hop()
}

// A list that has changed while the session was lost must not make an answer
// mean another contract.
func TestALostSessionOnAChangedList(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	first := x.world.DealIn(escrow.Delivered, escrow.Shillings(500))
	amina := x.ready(storetest.Amina)
	amina.answer("1")
	amina.wants("Got all Maize 10 bags")
	x.world.Clock.Advance(time.Second)
	second := x.world.DealIn(escrow.Delivered, escrow.Shillings(900))
	x.flush()
	amina.answer("1")
	amina.wants("CON Please start again.", "2 things wait")
	if x.state(first) != escrow.Delivered || x.state(second) != escrow.Delivered {
		t.Errorf("states %s and %s", x.state(first), x.state(second))
	}
}

// Where the network does not return labels, a lost session costs one question
// more and nothing else.
func TestLostSessionsWithoutLabels(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	x.speaks(storetest.Otieno, escrow.English)
	p := x.pick(storetest.Otieno)
	p.deaf = true
	p.dial("")
	for _, answer := range []string{"1", "1", "0712000001", "Maize", "500", "2"} {
		x.flush()
		p.answer(answer)
	}
	p.wants("CON Sell Maize\nto 0712000001 Ksh500\nby 4 Dec.")
	x.flush()
	p.answer("1")
	p.wants("CON Answer once more.\nSell Maize")
	if x.contracts() != 0 {
		t.Fatal("proposed without a label")
	}
	p.answer("1")
	p.wants("END ")
	p.hop()
	if x.contracts() != 1 {
		t.Errorf("%d contracts", x.contracts())
	}
}

// A hop whose session is lost after it was worked is worked again, and nothing
// is done twice.
func TestAnActIsDoneOnce(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	p := x.ready(storetest.Otieno)
	p.answers("1", "1", "0712000001", "Maize", "500", "1")
	summary := p.label
	sent := p.answer("1")
	for range 3 {
		p.label = summary // the label of the hop before, as its repetition has it
		if got := p.flushAndHop(); got != sent {
			t.Errorf("again: %s", got)
		}
	}
	if x.contracts() != 1 {
		t.Errorf("%d contracts", x.contracts())
	}
	x.world.Work()
	if told := x.world.Postbox.To(storetest.Amina); len(told) != 1 {
		t.Errorf("Amina was told %v", told)
	}
}

func TestPagesOfLists(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	for i := range 7 {
		x.world.Clock.Advance(time.Second)
		x.world.Deal(escrow.Shillings(int64(100 + i)))
	}
	amina := x.ready(storetest.Amina)
	amina.wants("7 things wait", "Ksh106", "Ksh104", "98. More\n0. Exit")
	amina.answer("98")
	amina.wants("Ksh103", "Ksh101", "98. More\n0. Back")
	amina.answer("2")
	amina.wants("Ksh102 not paid yet")
	amina.answer("0")
	amina.wants("Ksh103", "Ksh101")
	amina.answer("98")
	amina.wants("1. Agree? ", " Maize 10 bags Ksh100\n9. Menu\n0. Back")
	amina.answers("0", "0")
	amina.wants("Ksh106", "0. Exit")
	amina.answers("9", "2")
	amina.wants("My contracts", "Ksh106", "98. More")
	amina.answers("98", "98")
	amina.wants("1. ", "Ksh100 new\n0. Back")
	amina.answer("2")
	amina.wants("Not a choice.", "Ksh100")
	amina.answers("0", "0", "0")
	amina.wants("VoicePact\n1. New contract")
	amina.answer("0")
	amina.wants("7 things wait")
}

// Who does what another call of theirs has done already reads what it was and when.
func TestAStaleActTellsWhenItWasDone(t *testing.T) {
	t.Parallel()
	for language, want := range map[escrow.Language]string{
		escrow.English:   "END Already accepted on 3 Dec.\n",
		escrow.Kiswahili: "END Zilipokelewa tayari 3 Des.\n",
	} {
		x := newSmallExchange(t)
		c := x.world.DealIn(escrow.Delivered, escrow.Shillings(500))
		x.speaks(storetest.Amina, language)
		amina := x.pick(storetest.Amina)
		amina.dial(string(c.Ref))
		amina.answer("1")
		x.does(storetest.Amina, c, x.world.Service.AcceptGoods)
		amina.answer("1")
		amina.wants(want + string(c.Ref) + " ")
	}
}

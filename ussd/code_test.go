package ussd_test

import (
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// Before the seller has confirmed, a contract that takes the code offers no
// acceptance, and one that takes none does not say that it pays.
func TestAcceptingBeforeTheSellerConfirms(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	large := x.world.DealIn(escrow.PaymentLocked, escrow.Shillings(9_000))
	small := x.world.DealIn(escrow.PaymentLocked, escrow.Shillings(500))
	x.speaks(storetest.Amina, escrow.English)
	p := x.pick(storetest.Amina)
	p.dial(string(large.Ref))
	p.wants("Goods due 3 Dec. Seller confirms first\n2. Problem\n3. More\n")
	p.lacks("Got the goods")

	p = x.pick(storetest.Amina)
	p.dial(string(small.Ref))
	p.wants("Goods due 3 Dec\n1. Got the goods\n2. Problem\n")
	p.answer("1")
	p.wants("\nKsh500 is paid when 0722***418 confirms too.\n1. Yes, all here\n2. No, a problem")
	p.lacks("final")
	p.answer("1")
	p.wants("END Noted. 0722***418 must confirm delivery too, then gets Ksh500.")
	if x.state(small) != escrow.Accepted {
		t.Errorf("contract is %s", x.state(small))
	}
}

// A code that was wrong too often is offered nowhere; every screen says whom to
// call.
func TestALockedCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		language      escrow.Language
		row, next, no string
	}{
		{escrow.English, " Code locked. Call 0700000000\n", "\nCode locked. Call 0700000000\n2. Problem\n", "Got"},
		{escrow.Kiswahili, " Tarakimu zimefungwa. Piga 0700000000\n", "\nTarakimu zimefungwa. Piga 0700000000\n2. Kuna tatizo\n", "pokea"},
	} {
		x := newSmallExchange(t)
		c := x.world.DealIn(escrow.Delivered, escrow.Shillings(9_000))
		x.speaks(storetest.Amina, test.language)
		p := x.pick(storetest.Amina)
		p.dial("")
		p.answers("1", "1")
		wrong := other(x.world.Codes.For(c))
		for range 5 {
			p.answer(wrong)
		}
		p.wants("END ", helpPhone)

		p = x.pick(storetest.Amina)
		p.dial("")
		p.wants("\n1. " + string(c.Ref) + test.row)
		p.lacks(test.no)
		p.answer("1")
		p.wants(test.next)
		p.lacks("1. ")
		p.answer("1")
		p.wants("CON ")
		p.answer("00")
		if x.state(c) != escrow.Delivered {
			t.Errorf("contract is %s", x.state(c))
		}
	}
}

// Two deals with the same goods and price are told apart, and chosen apart.
func TestEqualDealsAreToldApart(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	first := x.world.DealIn(escrow.Confirmed, escrow.Shillings(500))
	second := x.world.DealIn(escrow.Confirmed, escrow.Shillings(500))
	for _, c := range []escrow.Contract{first, second} {
		p := x.ready(storetest.Amina)
		p.wants("Pay "+string(first.Ref)+" Maize 10 bags Ksh500\n", "Pay "+string(second.Ref)+" Maize 10 bags Ksh500\n")
		row := "1"
		if strings.Contains(p.screen, "2. Pay "+string(c.Ref)) {
			row = "2"
		}
		p.answer(row)
		p.wants(" for " + string(c.Ref) + " Maize 10 bags?")
		p.answer("00") // and not cut off
	}
}

package ussd_test

import (
	"context"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// does makes a party act on a contract by another way than the test's phone.
func (x *exchange) does(who escrow.Phone, c escrow.Contract, use func(context.Context, escrow.Command) (escrow.Result, error)) {
	x.tb.Helper()
	if _, err := use(x.tb.Context(), x.world.Command(who, c.Ref)); err != nil {
		x.tb.Fatal(err)
	}
	x.world.Work()
}

// lacks fails the test if the screen has the words.
func (p *phone) lacks(words string) {
	p.x.tb.Helper()
	if strings.Contains(p.screen, words) {
		p.x.tb.Fatalf("after %q the screen is\n%s\nwith %q", p.text, p.screen, words)
	}
}

// payments opens the list of payments.
func (x *exchange) payments(number escrow.Phone) *phone {
	x.tb.Helper()
	p := x.ready(number)
	if !strings.HasPrefix(p.screen, "CON VoicePact\n") {
		p.answer("9")
	}
	p.answer("3")
	return p
}

// A contract that was called off while M-Pesa asked, and was paid all the same:
// no screen says that it was not paid, nor that the seller is paid.
func TestMoneyThatCameTooLate(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.Confirmed, escrow.Shillings(500))
	x.does(storetest.Amina, c, x.world.Service.Pay)
	x.payments(storetest.Amina).wants(" Ksh500 asked by M-Pesa\n")
	x.does(storetest.Otieno, c, x.world.Service.Cancel)
	x.payments(storetest.Amina).wants(" Ksh500 asked by M-Pesa\n")
	x.world.Pay(escrow.Collect, x.world.Receipt())
	x.payments(storetest.Amina).lacks("not paid")
	x.world.Pay(escrow.Refund, x.world.Receipt())
	amina := x.payments(storetest.Amina)
	amina.wants(" Ksh500 paid back\n")
	amina.answer("1")
	amina.wants("Ksh500 paid back\nSeller 0722***418\n")
	amina.answer("1")
	amina.wants("Ksh500 paid back", "Cancelled")
	otieno := x.payments(storetest.Otieno)
	otieno.answer("1")
	otieno.wants("Ksh500 paid back\nBuyer 0712***001\n")
}

func TestMoneyInLists(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	x.world.DealIn(escrow.Completed, escrow.Shillings(500))
	x.payments(storetest.Amina).wants(" Ksh500 to the seller\n")
	receipt := x.world.Receipt()
	x.world.Pay(escrow.Payout, receipt)
	amina := x.payments(storetest.Amina)
	amina.wants(" Ksh500 paid to seller\n")
	amina.answer("1")
	amina.wants("\nPaid 3 Dec TKN", "\nTo seller 3 Dec "+receipt+"\nTo 0722***418\n")
}

// Who is refused because a contract has ended reads where its money is.
func TestARefusalKnowsTheMoney(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.Confirmed, escrow.Shillings(500))
	amina := x.ready(storetest.Amina)
	amina.answer("1")
	amina.wants("1. Pay by M-Pesa")
	x.does(storetest.Amina, c, x.world.Service.Pay)
	x.does(storetest.Otieno, c, x.world.Service.Cancel)
	x.world.Pay(escrow.Collect, x.world.Receipt())
	x.world.Pay(escrow.Refund, x.world.Receipt())
	amina.answer("1")
	amina.wants("END This contract ended on 3 Dec.", "Ksh500 paid back")
}

// A reason that was chosen is kept as its key, for readers of every language.
func TestAChosenReasonIsKeptAsItsKey(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	c := x.world.DealIn(escrow.PaymentLocked, escrow.Shillings(500))
	x.speaks(storetest.Amina, escrow.Kiswahili)
	p := x.pick(storetest.Amina)
	p.dial(string(c.Ref))
	p.answers("2", "2")
	p.wants("END Tumepokea", "Mpatanishi")
	view, err := x.world.Service.View(t.Context(), storetest.Amina, c.Ref)
	if err != nil || view.Contract.Reason != "trouble.less" {
		t.Errorf("reason %q, %v", view.Contract.Reason, err)
	}
	x.world.Work()
	if told := x.world.Postbox.Last(t, storetest.Otieno); told.Params.Words != "trouble.less" {
		t.Errorf("Otieno is told %q", told.Params.Words)
	}
}

package escrow_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

const (
	amina  = storetest.Amina
	otieno = storetest.Otieno
)

// onEachEngine tells a story in a world of its own on each engine, and proves
// the money afterwards.
func onEachEngine(t *testing.T, story func(t *testing.T, w *storetest.World)) {
	t.Helper()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		w := storetest.NewWorld(t, open)
		story(t, w)
		w.Prove()
	})
}

func TestTheFirstDeal(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, escrow.Shillings(3_500))
		w.Pay(escrow.Payout, w.Receipt())
		view, err := w.Service.View(t.Context(), otieno, c.Ref)
		if err != nil || view.Payment != escrow.PaymentReleased {
			t.Fatalf("payment is %s, %v", view.Payment, err)
		}
		balances, err := w.Store.Balances(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := escrow.Shillings(3_500)
		if balances[escrow.MpesaCollection] != want || balances[escrow.MpesaPayout] != -want {
			t.Errorf("balances %v", balances)
		}
		wantTold(t, w, amina, "[proposed funded_buyer delivered_buyer released_buyer]")
		wantTold(t, w, otieno, "[agreed_seller funded_seller completed_seller paid_seller]")
	})
}

func wantTold(t *testing.T, w *storetest.World, phone escrow.Phone, want string) {
	t.Helper()
	if got := fmt.Sprint(w.Postbox.To(phone)); got != want {
		t.Errorf("%s was told %s, want %s", phone.Masked(), got, want)
	}
}

type useCase struct {
	name string
	do   func(context.Context, escrow.Command) (escrow.Result, error)
}

func useCases(s *escrow.Service) []useCase {
	return []useCase{
		{"agree", s.Agree},
		{"decline", s.Decline},
		{"cancel", s.Cancel},
		{"pay", s.Pay},
		{"confirm_delivery", s.ConfirmDelivery},
		{"accept_goods", s.AcceptGoods},
		{"dispute", s.Dispute},
		{"withdraw", s.Withdraw},
		{"agree_cancel", s.AgreeCancel},
		{"refuse_cancel", s.RefuseCancel},
		{"keep_on", s.KeepOn},
		{"add_word", s.AddWord},
	}
}

// reused is a contract in a state that many refusals may be tried on, each of which
// has to leave it as it was. What changes it uses it up.
type reused struct {
	w    *storetest.World
	make func() escrow.Contract
	now  *escrow.View
}

// take returns the contract, or makes the next.
func (r *reused) take() escrow.Contract {
	r.w.TB.Helper()
	if r.now == nil {
		seen := r.look(r.make().Ref)
		r.now = &seen
	}
	return r.now.Contract
}

func (r *reused) look(ref escrow.Ref) escrow.View {
	r.w.TB.Helper()
	view, err := r.w.Service.View(r.w.TB.Context(), amina, ref)
	if err != nil {
		r.w.TB.Fatal(err)
	}
	return view
}

// after tells how an act ended: the state that it led to, or the refusal.
func (r *reused) after(result escrow.Result, err error) string {
	r.w.TB.Helper()
	before := *r.now
	if err == nil {
		r.now = nil
		r.w.Work()
		return string(result.Contract.State)
	}
	r.w.Work()
	now := r.look(before.Contract.Ref)
	before.Contract.Version, before.Contract.UpdatedAt = now.Contract.Version, now.Contract.UpdatedAt // a refusal may be noted
	if !reflect.DeepEqual(now, before) {
		r.w.TB.Errorf("%v changed\n%+v to\n%+v", err, before, now)
	}
	return refusalIn(err)
}

// Who may do what, when: every state that people can reach, every act, every
// kind of caller. A cell is the state after the act, or the refusal, which changes
// nothing.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		var b strings.Builder
		fmt.Fprintf(&b, "%-16s %-18s %-18s %-18s %-18s\n", "state", "act", "buyer", "seller", "stranger")
		for _, state := range []escrow.State{
			escrow.Pending, escrow.Confirmed, escrow.PaymentLocked, escrow.Delivered,
			escrow.Accepted, escrow.Completed, escrow.Disputed, escrow.Cancelled,
		} {
			deal := &reused{w: w, make: func() escrow.Contract { return w.DealIn(state, price) }}
			for _, act := range useCases(w.Service) {
				fmt.Fprintf(&b, "%-16s %-18s", state, act.name)
				for _, caller := range []escrow.Phone{amina, otieno, storetest.Mallory} {
					fmt.Fprintf(&b, " %-18s", attempt(w, deal, act, caller))
				}
				b.WriteString("\n")
			}
		}
		testkit.Golden(t, "testdata/acts.golden", b.String())
	})
}

func attempt(w *storetest.World, deal *reused, act useCase, caller escrow.Phone) string {
	w.TB.Helper()
	cmd := w.Command(caller, deal.take().Ref)
	cmd.Words = "rotten"
	ended := deal.after(act.do(w.TB.Context(), cmd))
	if deal.now == nil && act.name == "pay" {
		// Leave no prompt open at the phone that the next cell pays with.
		w.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.NotMoved, Code: "1032"})
	}
	return ended
}

func TestTheSameKeyActsOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(3_500))
		cmd := w.Command(amina, c.Ref)
		for i := range 3 {
			result, err := w.Service.AcceptGoods(t.Context(), cmd)
			if err != nil || result.Contract.State != escrow.Completed || result.Repeated != (i > 0) {
				t.Fatalf("run %d: %s repeated=%v, %v", i, result.Contract.State, result.Repeated, err)
			}
		}
		cmd.Words = "something else"
		if _, err := w.Service.AcceptGoods(t.Context(), cmd); !errors.Is(err, escrow.Refuse(escrow.KeyConflict)) {
			t.Fatalf("another input under the same key: %v", err)
		}
		w.Work()
		if n := len(w.Till.Taken()); n != 2 {
			t.Errorf("%d transfers were sent, want one collection and one payout", n)
		}
	})
}

func TestAProposalRepeatedIsOneContract(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		p := escrow.Proposal{
			Request: w.Request(otieno), Role: escrow.Seller, Other: amina,
			Item: "Beans", Amount: escrow.Shillings(100), DeliverBy: w.Clock.Now(),
		}
		first, err := w.Service.Propose(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.Service.Propose(t.Context(), p)
		if err != nil || again.Contract.Ref != first.Contract.Ref || !again.Repeated {
			t.Fatalf("repeated proposal: %+v, %v", again, err)
		}
	})
}

func TestTwentyAcceptancesAtOncePayOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(3_500))
		commands := make([]escrow.Command, 20)
		for i := range commands {
			commands[i] = w.Command(amina, c.Ref)
		}
		var wg sync.WaitGroup
		for _, cmd := range commands {
			wg.Go(func() {
				_, err := w.Service.AcceptGoods(t.Context(), cmd)
				if err != nil && !errors.Is(err, escrow.Refuse(escrow.Already)) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.Work()
		if n := len(w.Till.Taken()); n != 2 {
			t.Errorf("%d transfers were sent, want 2", n)
		}
	})
}

func TestAcceptAndDisputeAtOnceHaveOneWinner(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		for range 10 {
			c := w.DealIn(escrow.Delivered, escrow.Shillings(3_500))
			accept, dispute := w.Command(amina, c.Ref), w.Command(otieno, c.Ref)
			var errs [2]error
			var wg sync.WaitGroup
			wg.Go(func() { _, errs[0] = w.Service.AcceptGoods(t.Context(), accept) })
			wg.Go(func() { _, errs[1] = w.Service.Dispute(t.Context(), dispute) })
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("accept: %v, dispute: %v", errs[0], errs[1])
			}
			w.Work()
		}
	})
}

func TestAcceptanceBySMSNeedsTheReleaseCode(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(3_500))
		letter := w.Postbox.Last(t, amina)
		if letter.Template != escrow.MsgDeliveredBuyer || letter.Release != w.Codes.For(c) {
			t.Fatalf("the delivery notice is %s with code %q", letter.Template, letter.Release)
		}
		wrong := wrongCode(letter.Release)
		for left := 4; left >= 1; left-- {
			refusal := acceptBySMS(t, w, c, wrong)
			if refusal == nil || refusal.Code != escrow.BadCode || refusal.Left != left {
				t.Fatalf("with %d left: %+v", left, refusal)
			}
		}
		if refusal := acceptBySMS(t, w, c, wrong); refusal == nil || refusal.Code != escrow.CodeLocked {
			t.Fatalf("fifth wrong code: %+v", refusal)
		}
		if refusal := acceptBySMS(t, w, c, letter.Release); refusal == nil || refusal.Code != escrow.CodeLocked {
			t.Fatalf("the right code after the lock: %+v", refusal)
		}
		if _, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatalf("a lock by SMS must not keep the buyer from accepting by USSD: %v", err)
		}
	})
}

func TestARepeatedWrongCodeIsCountedOnceAndStillRefused(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Delivered, escrow.Shillings(3_500))
		cmd := w.Command(amina, c.Ref)
		cmd.Channel, cmd.Code = escrow.ChannelSMS, wrongCode(w.Codes.For(c))
		for range 3 {
			_, err := w.Service.AcceptGoods(t.Context(), cmd)
			refusal := escrow.RefusalOf(err)
			if refusal == nil || refusal.Code != escrow.BadCode || refusal.Left != 4 {
				t.Fatalf("%+v, %v", refusal, err)
			}
		}
	})
}

func wrongCode(right string) string {
	if right == "0000" {
		return "1111"
	}
	return "0000"
}

func acceptBySMS(t *testing.T, w *storetest.World, c escrow.Contract, code string) *escrow.Refusal {
	t.Helper()
	cmd := w.Command(amina, c.Ref)
	cmd.Channel, cmd.Code = escrow.ChannelSMS, code
	_, err := w.Service.AcceptGoods(t.Context(), cmd)
	return escrow.RefusalOf(err)
}

func TestLargeAmountsNeedTheCodeOnUSSDToo(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		locked := w.DealIn(escrow.PaymentLocked, escrow.Shillings(5_001))
		if _, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, locked.Ref)); !errors.Is(err, escrow.Refuse(escrow.CodeNotSent)) {
			t.Errorf("before the delivery notice: %v", err)
		}
		c := w.DealIn(escrow.Delivered, escrow.Shillings(5_001))
		if _, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, c.Ref)); !errors.Is(err, escrow.Refuse(escrow.CodeNeeded)) {
			t.Errorf("without code: %v", err)
		}
		cmd := w.Command(amina, c.Ref)
		cmd.Code = w.Codes.For(c)
		if _, err := w.Service.AcceptGoods(t.Context(), cmd); err != nil {
			t.Errorf("with code: %v", err)
		}
		w.Work()
	})
}

func TestBadProposals(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	good := escrow.Proposal{
		Role: escrow.Seller, Other: amina, Item: "Maize", Amount: escrow.Shillings(100), DeliverBy: w.Clock.Now(),
	}
	for name, test := range map[string]struct {
		change func(*escrow.Proposal)
		want   escrow.Code
	}{
		"himself":      {func(p *escrow.Proposal) { p.Other = otieno }, escrow.SamePerson},
		"too little":   {func(p *escrow.Proposal) { p.Amount = 999 }, escrow.AmountOutOfRange},
		"too much":     {func(p *escrow.Proposal) { p.Amount = escrow.MaxAmount + 100 }, escrow.AmountOutOfRange},
		"cents":        {func(p *escrow.Proposal) { p.Amount = 10_050 }, escrow.AmountOutOfRange},
		"nothing sold": {func(p *escrow.Proposal) { p.Item = " \t " }, escrow.BadItem},
		"a long story": {func(p *escrow.Proposal) { p.Item = strings.Repeat("maize ", 20) }, escrow.BadItem},
		"yesterday":    {func(p *escrow.Proposal) { p.DeliverBy = w.Clock.Now().Add(-24 * time.Hour) }, escrow.BadDate},
		"in two years": {func(p *escrow.Proposal) { p.DeliverBy = w.Clock.Now().AddDate(2, 0, 0) }, escrow.BadDate},
	} {
		p := good
		p.Request = w.Request(otieno)
		test.change(&p)
		if _, err := w.Service.Propose(t.Context(), p); !errors.Is(err, escrow.Refuse(test.want)) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if home, err := w.Service.Home(t.Context(), otieno); err != nil || home.Party.ID != uuid.Nil {
		t.Errorf("a refused proposal left %+v, %v", home, err)
	}
}

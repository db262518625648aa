package sim

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// answer sets how the provider takes the next transfer.
func (s *stage) answer(rt *rapid.T) {
	answer := rapid.SampledFrom([]escrow.Submission{
		{Outcome: escrow.Unknown, Code: "network"},
		{Outcome: escrow.Refused, Code: "400.002.02"},
		{Outcome: escrow.NotSent, Code: "500.003.02"},
	}).Draw(rt, "answer")
	if answer.Outcome == escrow.NotSent {
		s.again++
	}
	s.w.Till.Answer(answer)
	s.m.tellf("the provider will answer %q", answer.Outcome)
}

// crash lets the process die in the next call to the provider.
func (s *stage) crash(*rapid.T) {
	s.w.Till.Crash()
	s.m.tellf("the process will die in the next call")
}

// work runs the jobs that are due, through a crash if there is one, and takes
// the transfers that were sent into the model.
func (s *stage) work() {
	s.w.WorkThroughCrash()
	for range 8 { // what was not taken is tried again a little later
		s.take()
		if !s.waiting() {
			break
		}
		s.w.Clock.Advance(6 * time.Second)
		s.w.WorkThroughCrash()
	}
	s.m.pass(s.w.Clock.Now())
}

// waiting reports whether a transfer has not been taken yet.
func (s *stage) waiting() bool {
	for _, o := range s.m.orders {
		if s.transfer(o).State == escrow.TransferCreated {
			return true
		}
	}
	return false
}

// take takes new submissions into the model. The same transfer may be sent again
// only where it certainly was not taken, or where the provider has never seen it.
func (s *stage) take() {
	taken := s.w.Till.Taken()
	for _, t := range taken[s.taken:] {
		o := s.order(t)
		if o == nil {
			o = &modelOrder{
				id: t.ID, payment: t.PaymentID, deal: s.dealOf(t), kind: t.Kind, sent: t.SubmittedAt,
				receipt: fmt.Sprintf("TKM%07d", len(s.m.orders)+1), fate: open,
			}
			s.m.orders = append(s.m.orders, o)
			s.m.tellf("%s of deal %s is sent", t.Kind, o.deal.ref)
		} else if t.Kind == escrow.Collect {
			s.again--
			if s.again < 0 {
				s.Fatalf("a prompt was sent twice")
			}
		}
		o.sent = t.SubmittedAt
	}
	s.taken = len(taken)
	for _, o := range s.m.orders {
		if o.fate == open && s.transfer(o).State == escrow.TransferFailed && s.transfer(o).ResultCode != "timeout" {
			o.fate = failed // refused when it was sent
		}
	}
}

func (s *stage) order(t escrow.Transfer) *modelOrder {
	for _, o := range s.m.orders {
		if o.id == t.ID {
			return o
		}
	}
	return nil
}

func (s *stage) dealOf(t escrow.Transfer) *modelDeal {
	for _, d := range s.m.deals {
		if d.id == t.ContractID {
			return d
		}
	}
	s.Fatalf("a transfer of no deal: %s", t.Ref)
	return nil
}

func (s *stage) transfer(o *modelOrder) escrow.Transfer {
	t, err := s.w.Store.FindTransfer(s.Context(), o.id)
	if err != nil {
		s.Fatal(err)
	}
	return t
}

// provider says what became of a transfer, in any order and any number of times.
func (s *stage) provider(rt *rapid.T) {
	if len(s.m.orders) == 0 {
		rt.Skip("nothing was sent yet")
	}
	n := rapid.IntRange(0, len(s.m.orders)-1).Draw(rt, "order")
	o := s.m.orders[n]
	verdict := rapid.SampledFrom([]escrow.Verdict{
		escrow.Moved, escrow.Moved, escrow.NotMoved, escrow.Processing, escrow.NoAnswer, escrow.NeverSeen,
	}).Draw(rt, "verdict")
	s.m.tellf("the provider says of %s %d: %s", o.kind, n+1, verdict)
	finding := escrow.Finding{Verdict: verdict}
	switch verdict {
	case escrow.Moved:
		finding.Code, finding.Receipt, finding.Amount = "0", o.receipt, o.deal.amount
		s.m.learn(o)
	case escrow.NotMoved:
		finding.Code, finding.Cause = "2040", escrow.CauseNumber
		if o.kind == escrow.Collect {
			finding.Code, finding.Cause = "1032", escrow.CauseUser
		}
		if o.fate == open {
			o.fate = failed
		}
	default:
	}
	if err := s.w.Service.Learn(s.Context(), o.id, finding, "test"); err != nil {
		s.Fatal(err)
	}
	s.work()
}

// compare holds the real thing against the model, and against itself.
func (s *stage) compare(*rapid.T) {
	for n, d := range s.m.deals {
		view, err := s.w.Service.View(s.Context(), d.buyer, d.ref)
		if err != nil {
			s.Fatal(err)
		}
		if view.Contract.State != d.state {
			s.Fatalf("deal %d is %s, want %s", n+1, view.Contract.State, d.state)
		}
	}
	balances, err := s.w.Store.Balances(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	s.equal("money that M-Pesa keeps", balances[escrow.MpesaCollection]+balances[escrow.MpesaPayout], s.m.collected-s.m.left)
	s.equal("suspense", -balances[escrow.Suspense], s.m.suspense)
	for n, d := range s.m.deals {
		s.equal(fmt.Sprintf("held for deal %d", n+1), -balances[escrow.EscrowAccount(d.id)], d.held)
	}
	for _, phone := range people() {
		party, _, err := s.w.Store.FindParty(s.Context(), phone, 1)
		if err != nil {
			s.Fatal(err)
		}
		s.equal("owed to "+phone.Masked(), -balances[escrow.PayableAccount(party.ID)], s.m.owed[phone])
	}
	storetest.Prove(s.guest, s.w.Store)
}

func (s *stage) equal(what string, got, want escrow.Cents) {
	if got != want {
		s.Fatalf("%s: %s, want %s", what, got, want)
	}
}

package mobilemoney_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
	"github.com/voicepact/gateway/mobilemoney"
	"github.com/voicepact/gateway/store/storetest"
)

// The sequence vectors: what M-Pesa says, byte by byte, to the escrow on a
// database.

// stage is a contract whose buyer was asked for the money.
type stage struct {
	*storetest.World
	deal   escrow.Contract
	client *mobilemoney.Client
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{World: storetest.NewWorld(t, storetest.SQLite), client: newClient(t, config(t, "http://127.0.0.1:1"), &memory{})}
	s.deal = s.DealIn(escrow.Confirmed, escrow.Shillings(1500))
	return s
}

// asks has the buyer choose to pay, and returns the prompt.
func (s *stage) asks() escrow.Transfer {
	s.TB.Helper()
	if _, err := s.Service.Pay(s.TB.Context(), s.Command(storetest.Amina, s.deal.Ref)); err != nil {
		s.TB.Fatal(err)
	}
	s.Work()
	prompt, err := s.Store.FindTransfer(s.TB.Context(), s.Till.Last(s.TB, escrow.Collect).ID)
	if err != nil {
		s.TB.Fatal(err)
	}
	return prompt
}

// hears takes a callback about a prompt, as it would come for this one.
func (s *stage) hears(prompt escrow.Transfer, body string) {
	s.TB.Helper()
	body = strings.NewReplacer(checkoutID, prompt.ProviderID, "254708374149", storetest.Amina.MSISDN()).Replace(body)
	key := mobilemoney.KeyOf("stk", prompt.ID, []byte(body))
	about, finding, err := mobilemoney.Decode("stk", key, []byte(body))
	if err != nil {
		s.TB.Fatal(err)
	}
	if err := s.Service.Learn(s.TB.Context(), about, finding, "callback"); err != nil {
		s.TB.Fatal(err)
	}
	s.Work()
}

// answers makes a query about the prompt answer so.
func (s *stage) answers(prompt escrow.Transfer, code string) escrow.Finding {
	s.TB.Helper()
	body := `{"ResponseCode":"0","CheckoutRequestID":"` + prompt.ProviderID + `","ResultCode":"` + code + `","ResultDesc":"x"}`
	finding := s.client.Queried(outcall.Reply{Status: 200, Body: []byte(body)}, session, prompt.ProviderID)
	s.Till.Say(prompt.ID, finding)
	return finding
}

func (s *stage) pass(d time.Duration) {
	s.Clock.Advance(d)
	s.Work()
}

// ends checks the contract, and what the ledger holds for it.
func (s *stage) ends(state escrow.State, held escrow.Cents) {
	s.TB.Helper()
	view, err := s.Service.View(s.TB.Context(), storetest.Amina, s.deal.Ref)
	if err != nil {
		s.TB.Fatal(err)
	}
	balances, err := s.Store.Balances(s.TB.Context())
	if err != nil {
		s.TB.Fatal(err)
	}
	if got := max(balances[escrow.EscrowAccount(s.deal.ID)], -balances[escrow.EscrowAccount(s.deal.ID)]); view.Contract.State != state || got != held {
		s.TB.Errorf("%s with %s held, want %s with %s", view.Contract.State, got, state, held)
	}
	s.Prove()
}

// paid is a success under a receipt.
func paid(receipt string) string { return strings.Replace(stkSuccess()[0], "TKN7RT61SV", receipt, 1) }

// TestS1ASuccessAfterANegativeQuery: the query speaks of 1037 before the prompt
// has left the phone.
func TestS1ASuccessAfterANegativeQuery(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	prompt := s.asks()
	same(t, "query", s.answers(prompt, "1037").Verdict, escrow.NotMoved)
	s.pass(26 * time.Second)
	s.ends(escrow.Confirmed, 0)
	s.hears(prompt, paid("TKN7RT61SV"))
	s.ends(escrow.PaymentLocked, 150_000)
}

// TestS2ANegativeQueryAfterASuccess: what was paid stays paid.
func TestS2ANegativeQueryAfterASuccess(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	prompt := s.asks()
	s.hears(prompt, paid("TKN7RT61SV"))
	finding := s.answers(prompt, "1")
	s.pass(time.Hour)
	if err := s.Service.Learn(t.Context(), prompt.ID, finding, "query"); err != nil {
		t.Fatal(err)
	}
	s.ends(escrow.PaymentLocked, 150_000)
}

// early hears the callback of a transfer before it answers the request.
type early struct {
	escrow.Provider
	before func(t escrow.Transfer)
}

func (e early) Submit(ctx context.Context, t escrow.Transfer) escrow.Submission {
	if t.Kind == escrow.Collect {
		t.ProviderID = "id-of-" + t.ID.String() // the one that the answer will bring
		e.before(t)
	}
	return e.Provider.Submit(ctx, t)
}

// TestS3ACallbackBeforeTheAnswer: paid, and once.
func TestS3ACallbackBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Service = escrow.NewService(escrow.Deps{
		Store: s.Store, Messenger: s.Postbox, Codes: s.Codes, Signer: s.Signer, Policy: escrow.DefaultPolicy(),
		Now: s.Clock.Now, Log: slog.New(slog.DiscardHandler),
		Provider: early{s.Till, func(t escrow.Transfer) { s.hears(t, paid("TKN7RT61SV")) }},
	})
	prompt := s.asks()
	same(t, "state", prompt.State, escrow.TransferSucceeded)
	s.ends(escrow.PaymentLocked, 150_000)
	s.hears(prompt, paid("TKN7RT61SV"))
	s.ends(escrow.PaymentLocked, 150_000)
}

// TestS4ThreeCallbacksAreOnePayment: one ledger entry.
func TestS4ThreeCallbacksAreOnePayment(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	prompt := s.asks()
	for range 3 {
		s.hears(prompt, paid("TKN7RT61SV"))
	}
	s.ends(escrow.PaymentLocked, 150_000)
	same(t, "items", len(s.Items()), 0)
}

// arrives takes a PayBill confirmation about the stage's contract.
func (s *stage) arrives(receipt string) {
	s.TB.Helper()
	body := strings.NewReplacer("TKL51ZDR4F", receipt, "40718263", string(s.deal.Ref), "2547 ***** 126", "2547 ***** 001").Replace(c2b)
	arrival, err := mobilemoney.DecodeArrival([]byte(body))
	if err != nil {
		s.TB.Fatal(err)
	}
	if err := s.Service.Arrived(s.TB.Context(), arrival, "callback"); err != nil {
		s.TB.Fatal(err)
	}
	s.Work()
}

// TestS5APromptAndAPayBillConfirmationAreOnePayment, whichever is heard first: the
// receipt is one.
func TestS5APromptAndAPayBillConfirmationAreOnePayment(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]func(*stage, escrow.Transfer){
		"prompt first":  func(s *stage, p escrow.Transfer) { s.hears(p, paid("TKN7RT61SV")); s.arrives("TKN7RT61SV") },
		"PayBill first": func(s *stage, p escrow.Transfer) { s.arrives("TKN7RT61SV"); s.hears(p, paid("TKN7RT61SV")) },
		"each twice": func(s *stage, p escrow.Transfer) {
			for range 2 {
				s.arrives("TKN7RT61SV")
				s.hears(p, paid("TKN7RT61SV"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			story(s, s.asks())
			s.ends(escrow.PaymentLocked, 150_000)
			same(t, "items", len(s.Items()), 0)
		})
	}
}

// TestS6APushWithoutAnAnswerIsPaid: the address of the callback is all that ties
// it to the prompt.
func TestS6APushWithoutAnAnswerIsPaid(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Till.Answer(escrow.Submission{Outcome: escrow.Unknown, Code: "network"})
	prompt := s.asks()
	same(t, "state", prompt.State, escrow.TransferUnknown)
	same(t, "id", prompt.ProviderID, "")
	s.hears(prompt, strings.Replace(paid("TKN7RT61SV"), `"CheckoutRequestID":"`+checkoutID, `"CheckoutRequestID":"ws_CO_1`, 1))
	s.ends(escrow.PaymentLocked, 150_000)
}

// TestS7TheFirstOfTwoPromptsIsPaidLate: the second funds, and the first goes back.
func TestS7TheFirstOfTwoPromptsIsPaidLate(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	first := s.asks()
	s.hears(first, stkFailure)
	s.pass(3 * time.Minute)
	second := s.asks()
	s.hears(second, paid("TKN7RT61SV"))
	s.ends(escrow.PaymentLocked, 150_000)
	s.hears(first, paid("TKN7RT62SV"))
	s.ends(escrow.PaymentLocked, 150_000)
	back := s.Till.Last(t, escrow.Refund)
	if back.Amount != 150_000 || back.Party.Phone != storetest.Amina {
		t.Errorf("given back: %+v", back)
	}
}

package simulator

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	dealRef  = "1234"
	dealItem = "Maize 10 bags"
)

// shop is a gateway just large enough that a person can play one deal on the
// page: its screens are those of the menu's draft, its money moves through the
// simulated M-PESA.
type shop struct {
	t   *testing.T
	w   *world
	now func() time.Time

	calls sync.WaitGroup // what the gateway does after its answer

	mu   sync.Mutex
	deal ContractView // without a Ref while there is none
}

// newShop starts a simulator whose gateway is a shop. The gateway keeps
// recording, so a test can still look at what arrived.
func newShop(t *testing.T, change ...func(*Config)) *shop {
	t.Helper()
	s := &shop{t: t, now: time.Now}
	g := newGateway(t)
	g.reply(s.answer)
	cfg := testConfig(g)
	for _, f := range change {
		f(&cfg)
	}
	s.w = startWorld(t, g, cfg, s)
	t.Cleanup(func() {
		g.Close() // nothing new is asked from here on
		s.calls.Wait()
	})
	return s
}

// Contracts implements [Watcher].
func (s *shop) Contracts(context.Context) ([]ContractView, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deal.Ref == "" {
		return nil, nil
	}
	deal := s.deal
	deal.Events = slices.Clone(deal.Events)
	return []ContractView{deal}, nil
}

// answer is the whole gateway.
func (s *shop) answer(h hit) (int, string) {
	form, err := url.ParseQuery(h.body)
	switch {
	case strings.HasSuffix(h.path, "/ussd") && err == nil:
		return http.StatusOK, s.screen(form.Get("phoneNumber"), form.Get("text"))
	case strings.HasSuffix(h.path, "/sms") && err == nil:
		s.later(func() {
			s.text(form.Get("from"), "1234 Maize 10 bags, Ksh3,500: "+form.Get("text")+"? Dial *384*12345#")
		})
	case h.path == "/cb/s/deal":
		s.paid([]byte(h.body))
	case h.path == "/cb/r/deal":
		s.move("release", "", "", func(d *ContractView) { d.HeldCents, d.PaymentStatus = 0, "released" })
		s.later(func() { s.text(seller, "1234: Ksh3,500 was paid to your M-Pesa.") })
	}
	return http.StatusOK, "OK"
}

// later runs call after the answer that it follows from, as a job does.
func (s *shop) later(call func()) { s.calls.Go(call) }

// paid locks the money or reports the failure.
func (s *shop) paid(body []byte) {
	var cb stkCallback
	if err := json.Unmarshal(body, &cb); err != nil || cb.Body.STKCallback.ResultCode != 0 {
		s.move("payment_failed", "", "", func(d *ContractView) { d.PaymentStatus = "failed" })
		return
	}
	s.move("lock", "", "payment_locked", func(d *ContractView) {
		d.HeldCents, d.PaymentStatus = d.AmountCents, "locked"
	})
	s.later(func() { s.text(seller, "1234: Ksh3,500 is held safe. Deliver Maize 10 bags, then reply CONFIRM 1234.") })
	s.later(func() { s.text(buyer, "1234: Ksh3,500 received and held safe until you get the goods.") })
}

// move records what happened to the deal; to "" keeps its state.
func (s *shop) move(event, actor, to string, change func(*ContractView)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.deal.State
	if to == "" {
		to = from
	}
	channel := "ussd"
	if actor == "" {
		channel = "daraja"
	}
	s.deal.State = to
	s.deal.Events = append(s.deal.Events, EventView{
		At: s.now(), Event: event, From: from, To: to, Actor: actor, Channel: channel,
	})
	if change != nil {
		change(&s.deal)
	}
}

// screen answers a hop from the transcript alone.
func (s *shop) screen(number, text string) string {
	s.mu.Lock()
	state := s.deal.State
	s.mu.Unlock()
	var answers []string
	if text != "" {
		answers = strings.Split(text, "*")
	}
	if number == seller {
		return s.sellerScreen(state, answers)
	}
	return s.buyerScreen(state, answers)
}

func (s *shop) sellerScreen(state string, answers []string) string {
	switch state {
	case "":
		return s.proposal(answers)
	case "payment_locked":
		return ladder(answers, func() string {
			s.move("confirm_delivery", "Otieno", "delivered", nil)
			s.later(func() {
				s.text(buyer, "1234: Otieno says Maize 10 bags is delivered. To pay him reply ACCEPT 1234 8305.")
			})
			return "END Thank you. Wanjiku was asked to confirm by SMS. You are paid when she does. 1234"
		}, "CON 1 thing waits for you\n1. Delivered? Maize Ksh3,500\n9. Menu\n0. Exit",
			"CON You handed over Maize 10 bags to Wanjiku?\n1. Yes, delivered\n2. Not yet")
	default:
		return "CON VoicePact\n1. New contract\n2. My contracts\n3. Payments\n4. Language and PIN\n5. Help\n0. Exit"
	}
}

func (s *shop) proposal(answers []string) string {
	return ladder(answers, func() string {
		s.mu.Lock()
		s.deal = ContractView{
			Ref: dealRef, Item: dealItem, AmountCents: 3500_00, Buyer: "Wanjiku 0722***000",
			Seller: "Otieno 0733***222", DeliverBy: s.now().Format(time.DateOnly),
		}
		s.mu.Unlock()
		s.move("propose", "Otieno", "pending", nil)
		s.later(func() {
			s.text(buyer, "1234: Otieno 0733***222 sells you Maize 10 bags for Ksh3,500. To agree reply ACCEPT 1234 or dial *384*12345#")
		})
		return "END 1234 sent to 0722***000. You get an SMS when the buyer agrees. Dial *384*12345*1234# to follow it."
	},
		"CON Karibu VoicePact\n1. English\n2. Kiswahili",
		"CON VoicePact\n1. New contract\n2. My contracts\n3. Payments\n4. Language and PIN\n5. Help\n0. Exit",
		"CON New contract. You are the:\n1. Seller\n2. Buyer\n0. Back",
		"CON What is sold? (say how much too)\nE.g. Maize 10 bags\n0. Back",
		"CON Total price in Ksh?\n10 to 250,000\n0. Back",
		"CON Buyer's phone number?\n0. Back",
		"CON Deliver by?\n1. Today\n2. Tomorrow\n3. In 3 days\n4. In 7 days\n5. Other date\n0. Back",
		"CON Sell Maize 10 bags\nto 0722***000 Ksh3,500\n"+
			"by 3 Dec. Buyer pays first, we hold it, you get it after delivery. Fee Ksh0\n1. Send\n2. Cancel")
}

func (s *shop) buyerScreen(state string, answers []string) string {
	switch state {
	case "pending":
		return ladder(answers, func() string {
			s.move("accept", "Wanjiku", "confirmed", nil)
			return "END Agreed. Dial *384*12345# to pay Ksh3,500. 1234"
		}, "CON 1 thing waits for you\n1. Agree? Maize Ksh3,500\n9. Menu\n0. Exit",
			"CON 1234 Maize 10 bags\nKsh3,500 not paid\n"+
				"Seller Otieno 0733***222\nGoods due 3 Dec\n1. Agree\n2. Refuse\n3. More\n0. Back 00. Home")
	case "confirmed":
		return ladder(answers, func() string {
			s.move("pay", "Wanjiku", "", func(d *ContractView) { d.PaymentStatus = "pending" })
			s.later(s.push)
			return "END M-Pesa asks for your PIN in a moment. Nothing came? Pay Bill 174379, account 1234, Ksh3,500."
		}, "CON 1 thing waits for you\n1. Pay Maize Ksh3,500\n9. Menu\n0. Exit",
			"CON Pay Ksh3,500 for 1234 Maize to Otieno 0733***222. Held until you get the goods.\n"+
				"1. Pay by M-Pesa\n2. PayBill steps\n0. Back")
	case "delivered":
		return ladder(answers, func() string {
			s.move("accept", "Wanjiku", "completed", nil)
			s.later(s.payOut)
			return "END Done. Ksh3,500 goes to Otieno. You get an SMS. 1234"
		}, "CON 1 thing waits for you\n1. Got the goods? Maize Ksh3,500\n9. Menu\n0. Exit",
			"CON Got all of Maize 10 bags, in order?\nYes pays Otieno Ksh3,500. It cannot be taken back.\n"+
				"1. Yes, pay\n2. No, there is a problem\n0. Back")
	default:
		return "CON VoicePact\n1. New contract\n2. My contracts\n3. Payments\n4. Language and PIN\n5. Help\n0. Exit"
	}
}

// ladder shows one screen per answer and ends with last.
func ladder(answers []string, last func() string, screens ...string) string {
	if len(answers) < len(screens) {
		return screens[len(answers)]
	}
	return last()
}

// text sends an SMS through the simulated Africa's Talking. It runs beside the
// test, so it reports and does not stop it.
func (s *shop) text(to, message string) {
	form := encodeForm(field{"username", "sandbox"}, field{"to", to}, field{"message", message}, field{"enqueue", "1"})
	s.send("/sim/africastalking/version1/messaging", contentForm, string(form), "apiKey", "atsk_test")
}

func (s *shop) push() {
	body := encode(s.t, s.w.stkFields("3500").
		with("CallBackURL", s.w.gateway.URL+"/cb/s/deal").with("AccountReference", dealRef))
	s.send("/sim/daraja"+pathSTK, "application/json", body, "Authorization", "Bearer "+s.access())
}

func (s *shop) payOut() {
	body := encode(s.t, s.w.b2cFields("payout-1", "3500").with("ResultURL", s.w.gateway.URL+"/cb/r/deal"))
	s.send("/sim/daraja"+pathB2C, "application/json", body, "Authorization", "Bearer "+s.access())
}

func (s *shop) access() string {
	basic := base64.StdEncoding.EncodeToString([]byte("key:secret"))
	answer, err := s.w.fetch(http.MethodGet, "/sim/daraja/oauth/v1/generate?grant_type=client_credentials", "", "",
		"Authorization", "Basic "+basic)
	var token tokenAnswer
	if err == nil {
		err = json.Unmarshal([]byte(answer.body), &token)
	}
	if err != nil {
		s.t.Error(fmt.Errorf("shop: sign in: %w", err))
	}
	return token.AccessToken
}

func (s *shop) send(path, contentType, body string, header ...string) {
	answer, err := s.w.fetch(http.MethodPost, path, contentType, body, header...)
	if err != nil || answer.status >= http.StatusMultipleChoices {
		s.t.Errorf("shop: %s: %d %v", path, answer.status, err)
	}
}

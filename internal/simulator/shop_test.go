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

	mu       sync.Mutex
	deal     ContractView   // without a Ref while there is none
	ended    []ContractView // newest first
	language string         // "sw" once somebody chose Kiswahili
}

// newShop starts a simulator whose gateway is a shop. The gateway keeps
// recording, so a test can still look at what arrived.
func newShop(t *testing.T, change ...func(*Config)) *shop {
	t.Helper()
	s := &shop{t: t, now: time.Now}
	g := newGateway(t)
	g.reply(s.answer)
	g.head(s.label)
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
	var deals []ContractView
	for _, deal := range append([]ContractView{s.deal}, s.ended...) {
		if deal.Ref != "" {
			deal.Events = slices.Clone(deal.Events)
			deals = append(deals, deal)
		}
	}
	return deals, nil
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
	if err := json.Unmarshal(body, &cb); err != nil || cb.Body.STKCallback.ResultCode != resultDone {
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

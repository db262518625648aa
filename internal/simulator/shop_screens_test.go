package simulator

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// rung is a screen of the shop and the name that it goes by.
type rung struct{ name, text string }

// ladder shows one rung per answer and ends with last.
type ladder struct {
	rungs []rung
	last  func() string
}

const menuScreen = "CON VoicePact\n1. New contract\n2. My contracts\n3. Payments\n4. Language and PIN\n5. Help\n0. Exit"

// kiswahili holds the screens' words as the gateway has them.
func kiswahili() *strings.Replacer {
	return strings.NewReplacer(
		"New contract. You are the:", "Mkataba mpya. Wewe ni:", "1. Seller", "1. Muuzaji", "2. Buyer", "2. Mnunuzi",
		"1. New contract", "1. Mkataba mpya", "2. My contracts", "2. Mikataba yangu", "3. Payments", "3. Malipo",
		"4. Language and PIN", "4. Lugha", "5. Help", "5. Usaidizi", "0. Exit", "0. Ondoka", "0. Back", "0. Rudi",
		"What is sold? (say how much too)\nE.g. Maize 10 bags", "Ni bidhaa gani? (taja kiasi pia)\nMf. Mahindi magunia 10",
		"Total price in Ksh?\n10 to", "Bei yote kwa Ksh?\n10 hadi", "Buyer's phone number?", "Nambari ya simu ya mnunuzi?",
		"Deliver by?", "Bidhaa zifike lini?", "1. Today", "1. Leo", "2. Tomorrow", "2. Kesho",
		"1. Send", "1. Tuma", "2. Cancel", "2. Futa", "1 thing waits for you", "Jambo 1 linakusubiri", "9. Menu", "9. Menyu",
		"1. Agree? Maize", "1. Kubali? Mahindi", "1. Agree", "1. Kubali", "2. Refuse", "2. Kataa",
		"1. Pay Maize", "1. Lipa Mahindi", "1. Pay by M-Pesa", "1. Lipa kwa M-Pesa",
		"1. Delivered? Maize", "1. Fikisha Mahindi", "1. Yes, delivered", "1. Ndiyo, nimefikisha", "2. Not yet", "2. Bado",
		"1. Got the goods? Maize", "1. Ulipokea Mahindi", "1. Yes, pay", "1. Ndiyo, mlipe",
		"2. No, there is a problem", "2. Hapana, tatizo",
	)
}

// screen answers a hop from the transcript alone.
func (s *shop) screen(number, text string) string {
	answers := answersOf(text)
	steps := s.steps(number)
	var screen string
	if at := len(answers); at < len(steps.rungs) {
		screen = steps.rungs[at].text
	} else {
		screen = steps.last()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(answers) > 0 && steps.rungs[0].name == "welcome" {
		s.language = map[string]string{"2": "sw"}[answers[0]]
	}
	if s.language == "sw" {
		return kiswahili().Replace(screen)
	}
	return screen
}

// label names the screen that screen shows next, as the gateway does.
func (s *shop) label(h hit, header http.Header) {
	form, err := url.ParseQuery(h.body)
	if err != nil || !strings.HasSuffix(h.path, "/ussd") {
		return
	}
	rungs := s.steps(form.Get("phoneNumber")).rungs
	if at := len(answersOf(form.Get("text"))); at < len(rungs) {
		header.Set(hopHeader, rungs[0].name+"."+rungs[at].name+".0a1b2c3d")
	}
}

func answersOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "*")
}

func (s *shop) steps(number string) ladder {
	s.mu.Lock()
	state := s.deal.State
	s.mu.Unlock()
	menu := ladder{[]rung{{"menu", menuScreen}}, func() string { return "END Thank you." }}
	switch {
	case number == seller && (state == "" || state == "disputed"):
		return s.proposal()
	case number == seller && state == "payment_locked":
		return s.delivery()
	case number == seller:
		return menu
	case state == "pending":
		return s.agreement()
	case state == "confirmed":
		return s.payment()
	case state == "delivered":
		return s.acceptance()
	default:
		return menu
	}
}

func (s *shop) proposal() ladder {
	rungs := []rung{
		{"welcome", "CON Karibu VoicePact\n1. English\n2. Kiswahili"},
		{"menu", menuScreen},
		{"role", "CON New contract. You are the:\n1. Seller\n2. Buyer\n0. Back"},
		{"item", "CON What is sold? (say how much too)\nE.g. Maize 10 bags\n0. Back"},
		{"amount", "CON Total price in Ksh?\n10 to 250,000\n0. Back"},
		{"phone", "CON Buyer's phone number?\n0. Back"},
		{"date", "CON Deliver by?\n1. Today\n2. Tomorrow\n3. In 3 days\n4. In 7 days\n5. Other date\n0. Back"},
		{"summary", "CON Sell Maize 10 bags\nto 0722***000 Ksh3,500\n" +
			"by 3 Dec. Buyer pays first, we hold it, you get it after delivery. Fee Ksh0\n1. Send\n2. Cancel"},
	}
	return ladder{rungs, func() string {
		s.open(dealRef)
		s.later(func() {
			s.text(buyer, "1234: Otieno 0733***222 sells you Maize 10 bags for Ksh3,500. To agree reply ACCEPT 1234 or dial *384*12345#")
		})
		return "END 1234 sent to 0722***000. You get an SMS when the buyer agrees. Dial *384*12345*1234# to follow it."
	}}
}

// open offers a deal; one that was disputed stays beside it.
func (s *shop) open(ref string) {
	s.mu.Lock()
	if s.deal.Ref != "" {
		s.ended = append([]ContractView{s.deal}, s.ended...)
	}
	s.deal = ContractView{
		Ref: ref, Item: dealItem, AmountCents: 3500_00, Buyer: "Wanjiku 0722***000",
		Seller: "Otieno 0733***222", DeliverBy: s.now().Format(time.DateOnly),
	}
	s.mu.Unlock()
	s.move("propose", "Otieno", "pending", nil)
}

func (s *shop) delivery() ladder {
	rungs := []rung{
		{"waiting", "CON 1 thing waits for you\n1. Delivered? Maize Ksh3,500\n9. Menu\n0. Exit"},
		{"deliver", "CON You handed over Maize 10 bags to Wanjiku?\n1. Yes, delivered\n2. Not yet"},
	}
	return ladder{rungs, func() string {
		s.move("confirm_delivery", "Otieno", "delivered", nil)
		s.later(func() {
			s.text(buyer, "1234: Otieno says Maize 10 bags is delivered. To pay him reply ACCEPT 1234 8305.")
		})
		return "END Thank you. Wanjiku was asked to confirm by SMS. You are paid when she does. 1234"
	}}
}

func (s *shop) agreement() ladder {
	rungs := []rung{
		{"waiting", "CON 1 thing waits for you\n1. Agree? Maize Ksh3,500\n9. Menu\n0. Exit"},
		{"contract", "CON 1234 Maize 10 bags\nKsh3,500 not paid\n" +
			"Seller Otieno 0733***222\nGoods due 3 Dec\n1. Agree\n2. Refuse\n3. More\n0. Back 00. Home"},
	}
	return ladder{rungs, func() string {
		s.move("accept", "Wanjiku", "confirmed", nil)
		return "END Agreed. Dial *384*12345# to pay Ksh3,500. 1234"
	}}
}

func (s *shop) payment() ladder {
	rungs := []rung{
		{"waiting", "CON 1 thing waits for you\n1. Pay Maize Ksh3,500\n9. Menu\n0. Exit"},
		{"pay", "CON Pay Ksh3,500 for 1234 Maize to Otieno 0733***222. Held until you get the goods.\n" +
			"1. Pay by M-Pesa\n2. PayBill steps\n0. Back"},
	}
	return ladder{rungs, func() string {
		s.move("pay", "Wanjiku", "", func(d *ContractView) { d.PaymentStatus = "pending" })
		s.later(s.push)
		return "END M-Pesa asks for your PIN in a moment. Nothing came? Pay Bill 174379, account 1234, Ksh3,500."
	}}
}

// acceptance asks for the release code too, as with a larger sum.
func (s *shop) acceptance() ladder {
	rungs := []rung{
		{"waiting", "CON 1 thing waits for you\n1. Got the goods? Maize Ksh3,500\n9. Menu\n0. Exit"},
		{"accept", "CON Got all of Maize 10 bags, in order?\nYes pays Otieno Ksh3,500. It cannot be taken back.\n" +
			"1. Yes, pay\n2. No, there is a problem\n0. Back"},
		{"code", "CON Type the code from our SMS to pay Otieno Ksh3,500\n0. Back"},
	}
	return ladder{rungs, func() string {
		s.move("accept", "Wanjiku", "completed", nil)
		s.later(s.payOut)
		return "END Done. Ksh3,500 goes to Otieno. You get an SMS. 1234"
	}}
}

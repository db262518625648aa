package simulator

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/voicepact/gateway/internal/testkit/browser"
)

// TestPage plays with the page in a real browser.
func TestPage(t *testing.T) {
	t.Parallel()
	ctx := browser.Start(t)
	for name, play := range map[string]func(*testing.T, *shop, *browser.Tab){
		"mouse":       pageByMouse,
		"keyboard":    pageByKeyboard,
		"hints":       pageHints,
		"kiswahili":   pageKiswahili,
		"dispute":     pageDispute,
		"first key":   pageFirstKey,
		"messages":    pageMessages,
		"paybill":     pagePayBill,
		"more phones": pageMorePhones,
		"complaints":  pageComplaints,
		"restart":     pageRestart,
		"network":     pageNetwork,
		"slow":        pageSlowNetwork,
		"sw phone":    pageKiswahiliPhone,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			play(t, s, browser.Open(ctx, t, s.w.base))
		})
	}
	t.Run("two tabs", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		pageInTwoTabs(s, browser.Open(ctx, t, s.w.base), browser.Open(ctx, t, s.w.base))
	})
}

func pageByMouse(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	p.Shows(`[data-role="hint"]`, "green key on Otieno's phone")
	p.Click(browser.Part(seller, "green"))
	p.Shows(browser.Part(seller, "lcd"), "1. English")
	p.Key(seller, "1")
	p.Key(seller, "5")
	p.Click(browser.Part(seller, "erase"))
	same2(t, "answer", browser.Eval[string](p, `document.querySelector(`+browser.Quoted(string(browser.Part(seller, "answer")))+`).value`), "1")
	p.Click(browser.Part(seller, "green"))
	p.Shows(browser.Part(seller, "lcd"), "1. New contract")

	p.Click(browser.Part(seller, "red"))
	p.Shows(browser.Part(seller, "lcd"), "to dial")
	event := s.w.gateway.wait(t, "/at/s3cr3t/ussd/events", 1)[0]
	same2(t, "end", formOf(t, event.body).Get("status"), "Incomplete")
}

func pageByKeyboard(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	p.Do(chromedp.Focus(chromedp.CSS(`.phone[data-number="` + seller + `"]`)))
	p.Answers(seller, "", "1. English", "1", "1. New contract", "1", "You are the", "1", "What is sold?",
		"Maize 10 bags", "Total price", "3500", "phone number?", "0722000000", "Deliver by?", "2", "1. Send",
		"1", "1234 sent to")
	p.Shows(`[data-role="badge"]`, "Offered")
	p.Type("\x1b")
	p.Shows(browser.Part(seller, "lcd"), "to dial")

	// Tab leads on to the next phone's keys, and never through its twelve digits.
	stops := 0
	for ; stops < 15 && browser.Eval[string](p, `document.activeElement.dataset.number ?? ""`) != buyer; stops++ {
		p.Do(chromedp.KeyEvent("\t"))
		if stops == 0 {
			p.Do(chromedp.Focus(chromedp.CSS(`.phone[data-number="` + buyer + `"]`)))
		}
	}
	p.Answers(buyer, "", "1. Agree?", "1", "not paid", "1", "Agreed.")
	p.Type("\r")
	p.Answers(buyer, "", "1. Pay Maize", "1", "Pay by M-Pesa", "1", "asks for your PIN")
	p.Eventually("the prompt in focus", `document.activeElement === document.querySelector(`+browser.Quoted(string(browser.Part(buyer, "pin")))+`)`)
	p.Type("1234\r")
	p.Shows(`[data-role="badge"]`, "Money held")
	p.Shows(browser.Part(buyer, "wallet"), "Ksh 46,500")
	p.Shows(`[data-role="coin"]`, "Held Ksh 3,500")
	same2(t, "utility", s.w.adds().UtilityCents, 3500_00)
}

func pageHints(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	same2(t, "hint", p.PlayByHints(), "Done: Otieno was paid Ksh 3,500. Dial from either phone for another deal.")
	same2(t, "seller's wallet", p.Text(browser.Part(seller, "wallet")), "Ksh 4,500")
	same2(t, "buyer's wallet", s.w.adds().Wallets[buyer], 46_500_00)
}

// pageKiswahili chooses the language by hand and leaves the rest to the hints,
// which must not depend on a single word of the screens.
func pageKiswahili(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	p.Click(browser.Part(seller, "green"))
	p.Shows(browser.Part(seller, "lcd"), "2. Kiswahili")
	p.Answers(seller, "2", "1. Mkataba mpya")
	p.Shows(`[data-role="hint"]`, "type 1 (Mkataba mpya)")
	same2(t, "hint", p.PlayByHints(), "Done: Otieno was paid Ksh 3,500. Dial from either phone for another deal.")
	same2(t, "seller's wallet", s.w.adds().Wallets[seller], 4_500_00)
}

// pageDispute goes on after a dispute: the hint leads to another deal, which
// then comes first.
func pageDispute(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	s.open("5678")
	p.Shows(`[data-role="hint"]`, "Wanjiku's phone")
	s.move("dispute", "Wanjiku", "disputed", func(d *ContractView) { d.HeldCents = d.AmountCents })
	p.Shows(`[data-role="hint"]`, "A mediator decides about 5678; Ksh 3,500 stays held. "+
		"Press the green key on Otieno's phone to dial *384*12345# and offer another deal.")
	same2(t, "hint", p.PlayByHints(), "Done: Otieno was paid Ksh 3,500. Dial from either phone for another deal.")
	same2(t, "seller's wallet", s.w.adds().Wallets[seller], 4_500_00)
}

// pageFirstKey presses Enter on a page that nobody has touched.
func pageFirstKey(t *testing.T, _ *shop, p *browser.Tab) {
	t.Helper()
	p.Eventually("the seller's phone in focus", `document.activeElement.dataset.number === "`+seller+`"`)
	p.Answers(seller, "", "1. English")
	p.Shows(`[data-role="log"]`, "Karibu VoicePact")
}

// TestPageUnwatched shows a simulator that nobody tells of the contracts.
func TestPageUnwatched(t *testing.T) {
	t.Parallel()
	ctx := browser.Start(t)
	w := newWorld(t)
	w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON Karibu\n1. English" })
	p := browser.Open(ctx, t, w.base)
	p.Eventually("the notice", `!document.querySelector('[data-role="unwatched"]').hidden`)
	for _, role := range []string{"contracts", "hint-bar"} {
		same2(t, role, browser.Eval[bool](p, `document.querySelector('[data-role="`+role+`"]').hidden`), true)
	}
	p.Click(browser.Part(seller, "green"))
	p.Shows(browser.Part(seller, "lcd"), "1. English")
	same2(t, "next", browser.Eval[int](p, `document.querySelectorAll('.phone[data-next="true"]').length`), 0)
}

func pageMessages(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	s.text(buyer, "1234: hello <b>& welcome</b>")
	p.Shows(browser.Part(buyer, "unread"), "1")
	p.Click(browser.Part(buyer, "tab-sms"))
	p.Shows(browser.Part(buyer, "inbox"), "1234: hello <b>& welcome</b>")
	p.Eventually("no unread text", `document.querySelector(`+browser.Quoted(string(browser.Part(buyer, "unread")))+`).hidden`)

	p.Click(browser.Part(buyer, "sms-text"))
	p.Type("STATUS 1234\r")
	p.Shows(browser.Part(buyer, "inbox"), "STATUS 1234")
	p.Shows(browser.Part(buyer, "inbox"), "Ksh3,500: STATUS 1234?")
	form := formOf(t, s.w.gateway.wait(t, "/at/s3cr3t/sms", 1)[0].body)
	same2(t, "text", form.Get("text"), "STATUS 1234")
	p.Shows(`[data-role="log"]`, "SMS from Wanjiku")
	p.Shows(`[data-role="log"]`, "Delivery report for Wanjiku")
}

// pagePayBill pays by the SIM card's menu, with the phone's keys and with the
// computer's.
func pagePayBill(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	p.Click(browser.Part(buyer, "tab-money"))
	p.Eventually("the business to be suggested",
		`document.querySelector(`+browser.Quoted(string(browser.Part(buyer, "business")))+`).value === "174379"`)
	for _, key := range "1234" {
		p.Key(buyer, string(key))
	}
	p.Click(browser.Part(buyer, "green")) // on to the amount
	p.Key(buyer, "3")
	p.Key(buyer, "5")
	p.Click(browser.Part(buyer, "bill-pin"))
	p.Type("0000\r")
	p.Shows(browser.Part(buyer, "inbox"), "You entered the wrong M-PESA PIN")
	same2(t, "nothing paid", s.w.adds().UtilityCents, 0)

	p.Click(browser.Part(buyer, "tab-money"))
	p.Click(browser.Part(buyer, "account"))
	p.Type("1234\r35\r1234\r")
	p.Shows(browser.Part(buyer, "inbox"), "Confirmed. Ksh35.00 sent to VOICEPACT for account 1234")
	p.Shows(browser.Part(buyer, "wallet"), "Ksh 49,965")
	same2(t, "utility", s.w.adds().UtilityCents, 35_00)

	p.AllowRefusals()
	p.Click(browser.Part(buyer, "tab-money"))
	p.Click(browser.Part(buyer, "account"))
	p.Type("1\r3x\r1234\r")
	p.Shows(browser.Part(buyer, "toast"), "Type the amount in whole shillings.")
	p.Type("\x1b")
	p.Shows(browser.Part(buyer, "lcd"), "to dial")
}

func pageMorePhones(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	add := func(name, number string) {
		p.Click(`[data-role="add-phone"]`)
		p.Eventually("the dialog", `document.querySelector('[data-role="new-phone"]').open`)
		p.Click(`[data-role="new-name"]`)
		p.Type(name)
		p.Click(`[data-role="new-number"]`)
		p.Type(number + "\r")
	}
	p.AllowRefusals()
	add("Baraka Juma", "12")
	p.Shows(`[data-role="new-problem"]`, "not a Kenyan mobile number")
	p.Type("\x1b")
	p.Eventually("no dialog", `!document.querySelector('[data-role="new-phone"]').open`)
	add("Baraka Juma", "0711 000 333")
	p.Shows(`.phone[data-number="+254711000333"] [data-role="owner"]`, "Baraka Juma")
	same2(t, "phones", browser.Eval[int](p, `document.querySelectorAll(".phone").length`), 3)
	same2(t, "wallet", p.Text(browser.Part("+254711000333", "wallet")), "Ksh 50,000")
	p.Click(browser.Part("+254711000333", "green"))
	p.Shows(browser.Part("+254711000333", "lcd"), "VoicePact")
	s.w.adds()
}

func pageComplaints(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	s.w.gateway.reply(func(h hit) (int, string) {
		if strings.HasSuffix(h.path, "/ussd") {
			return http.StatusOK, "CON " + strings.Repeat("Sukuma wiki ", 13)
		}
		return http.StatusOK, "OK"
	})
	p.Click(browser.Part(seller, "green"))
	p.Shows(browser.Part(seller, "lcd"), "Sukuma wiki")
	p.Click(browser.Part(seller, "green"))
	p.Shows(browser.Part(seller, "toast"), "Type your answer first.")
	// 160 characters are in sight without scrolling, in lines of 22.
	lcd := browser.Quoted(string(browser.Part(seller, "lcd")))
	if !browser.Eval[bool](p, `(({scrollHeight, clientHeight}) => scrollHeight <= clientHeight)(document.querySelector(`+lcd+`))`) {
		t.Error("a full screen needs scrolling")
	}
	same2(t, "characters a line", browser.Eval[int](p, `(() => {
		const lcd = document.querySelector(`+lcd+`), probe = lcd.cloneNode();
		probe.textContent = "0"; probe.style.width = "auto"; probe.style.position = "absolute"; lcd.after(probe);
		const one = probe.getBoundingClientRect().width; probe.remove();
		return Math.round(lcd.getBoundingClientRect().width / one);
	})()`), 22)

	s.w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "Hello" })
	p.Key(seller, "1")
	p.Click(browser.Part(seller, "green"))
	p.Shows(browser.Part(seller, "lcd"), screenFailed)
}

// pageRestart keeps the page open while the state streams end, as when the
// server is restarted behind it.
func pageRestart(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	p.AllowRefusals()
	s.w.stop()
	p.Eventually("the end of the stream to show", `document.body.dataset.live === "false"`)
	same2(t, "sign", p.Text(`[data-role="live"]`), "Reconnecting…")
}

func pageInTwoTabs(s *shop, one, two *browser.Tab) {
	one.Click(browser.Part(seller, "green"))
	two.Shows(browser.Part(seller, "lcd"), "1. English")
	two.Click(browser.Part(seller, "red"))
	one.Shows(browser.Part(seller, "lcd"), "to dial")
	s.w.push("100")
	for _, p := range []*browser.Tab{one, two} {
		p.Shows(browser.Part(buyer, "pay"), "Pay Ksh 100 to VOICEPACT, account 40718263?")
	}
	two.Click(browser.Part(buyer, "pin"))
	two.Type("1234\r")
	for _, p := range []*browser.Tab{one, two} {
		p.Shows(browser.Part(buyer, "wallet"), "Ksh 49,900")
		p.Eventually("the prompt to go", `document.querySelector(`+browser.Quoted(string(browser.Part(buyer, "prompt")))+`).hidden`)
	}
	eventually(s.t, "both tabs to show the same", func() bool { return summary(one) == summary(two) })
}

func formOf(t *testing.T, body string) url.Values {
	t.Helper()
	form, err := url.ParseQuery(body)
	must(t, err)
	return form
}

// summary is what a tab shows of phones and deal, for comparing two of them.
func summary(p *browser.Tab) string {
	return strings.Join(browser.Eval[[]string](p,
		`[...document.querySelectorAll('[data-role="lcd"], [data-role="wallet"], [data-role="badge"], .row .title, .row .detail')]
		 .map((node) => node.textContent)`), "\n")
}

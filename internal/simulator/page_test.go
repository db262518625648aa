package simulator

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPage plays with the page in a real browser.
func TestPage(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	for name, play := range map[string]func(*testing.T, *shop, *tab){
		"mouse":       pageByMouse,
		"keyboard":    pageByKeyboard,
		"hints":       pageHints,
		"messages":    pageMessages,
		"more phones": pageMorePhones,
		"complaints":  pageComplaints,
		"restart":     pageRestart,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t) //nolint:contextcheck // the simulator outlives the tab
			play(t, s, openTab(browser, t, s.w.base))
		})
	}
	t.Run("two tabs", func(t *testing.T) {
		t.Parallel()
		//nolint:contextcheck // the simulator outlives the tabs
		s := newShop(t)
		//nolint:contextcheck // as above
		pageInTwoTabs(s, openTab(browser, t, s.w.base), openTab(browser, t, s.w.base))
	})
}

func pageByMouse(t *testing.T, s *shop, p *tab) {
	t.Helper()
	p.shows(`[data-role="hint"]`, "green key on Otieno's phone")
	p.click(part(seller, "green"))
	p.shows(part(seller, "lcd"), "1. English")
	p.key(seller, "1")
	p.key(seller, "5")
	p.click(part(seller, "erase"))
	same2(t, "answer", eval[string](p, `document.querySelector(`+quoted(string(part(seller, "answer")))+`).value`), "1")
	p.click(part(seller, "green"))
	p.shows(part(seller, "lcd"), "1. New contract")

	p.click(part(seller, "red"))
	p.shows(part(seller, "lcd"), "to dial")
	event := s.w.gateway.wait(t, "/at/s3cr3t/ussd/events", 1)[0]
	same2(t, "end", formOf(t, event.body).Get("status"), "Incomplete")
}

func pageByKeyboard(t *testing.T, s *shop, p *tab) {
	t.Helper()
	p.do(chromedp.Focus(chromedp.CSS(`.phone[data-number="` + seller + `"]`)))
	p.answers(seller, "", "1. English", "1", "1. New contract", "1", "You are the", "1", "What is sold?",
		"Maize 10 bags", "Total price", "3500", "phone number?", "0722000000", "Deliver by?", "2", "1. Send",
		"1", "1234 sent to")
	p.shows(`[data-role="badge"]`, "Offered")
	p.keyboard("\x1b")
	p.shows(part(seller, "lcd"), "to dial")

	// Tab leads on to the next phone's keys, and never through its twelve digits.
	stops := 0
	for ; stops < 15 && eval[string](p, `document.activeElement.dataset.number ?? ""`) != buyer; stops++ {
		p.do(chromedp.KeyEvent("\t"))
		if stops == 0 {
			p.do(chromedp.Focus(chromedp.CSS(`.phone[data-number="` + buyer + `"]`)))
		}
	}
	p.answers(buyer, "", "1. Agree?", "1", "not paid", "1", "Agreed.")
	p.keyboard("\r")
	p.answers(buyer, "", "1. Pay Maize", "1", "Pay by M-Pesa", "1", "asks for your PIN")
	p.eventually("the prompt in focus", `document.activeElement === document.querySelector(`+quoted(string(part(buyer, "pin")))+`)`)
	p.keyboard("1234\r")
	p.shows(`[data-role="badge"]`, "Money held")
	p.shows(part(buyer, "wallet"), "Ksh 46,500")
	p.shows(`[data-role="coin"]`, "Held Ksh 3,500")
	same2(t, "utility", s.w.adds().UtilityCents, 3500_00)
}

// pageHints does nothing but what the line at the top says, which must be
// enough to play a whole deal.
func pageHints(t *testing.T, s *shop, p *tab) {
	t.Helper()
	const steps = 80
	for range steps {
		hint := p.text(`[data-role="hint"]`)
		if strings.HasPrefix(hint, "Done:") {
			same2(t, "hint", hint, "Done: Otieno was paid Ksh 3,500. Dial from either phone for another deal.")
			same2(t, "seller's wallet", p.text(part(seller, "wallet")), "Ksh 4,500")
			same2(t, "buyer's wallet", s.w.adds().Wallets[buyer], 46_500_00)
			return
		}
		p.follow(hint)
	}
	t.Fatalf("no deal after %d steps", steps)
}

// follow obeys one hint and waits until it changes.
func (p *tab) follow(hint string) {
	p.t.Helper()
	const offered = `!document.querySelector('[data-role="hint-fill"]').hidden`
	switch {
	case eval[bool](p, offered):
		p.click(`[data-role="hint-fill"]`)
		p.keyboard("\r")
	case strings.Contains(hint, "green key"):
		p.click(`.phone[data-next="true"] [data-role="green"]`)
	case strings.Contains(hint, "red key"):
		p.click(`.phone[data-next="true"] [data-role="red"]`)
	}
	p.eventually("the hint after "+hint, `document.querySelector('[data-role="hint"]').textContent !== `+quoted(hint))
}

func pageMessages(t *testing.T, s *shop, p *tab) {
	t.Helper()
	s.text(buyer, "1234: hello <b>& welcome</b>")
	p.shows(part(buyer, "unread"), "1")
	p.click(part(buyer, "tab-sms"))
	p.shows(part(buyer, "inbox"), "1234: hello <b>& welcome</b>")
	p.eventually("no unread text", `document.querySelector(`+quoted(string(part(buyer, "unread")))+`).hidden`)

	p.click(part(buyer, "sms-text"))
	p.keyboard("STATUS 1234\r")
	p.shows(part(buyer, "inbox"), "STATUS 1234")
	p.shows(part(buyer, "inbox"), "Ksh3,500: STATUS 1234?")
	form := formOf(t, s.w.gateway.wait(t, "/at/s3cr3t/sms", 1)[0].body)
	same2(t, "text", form.Get("text"), "STATUS 1234")
	p.shows(`[data-role="log"]`, "SMS from Wanjiku")
	p.shows(`[data-role="log"]`, "Delivery report for Wanjiku")
}

func pageMorePhones(t *testing.T, s *shop, p *tab) {
	t.Helper()
	add := func(name, number string) {
		p.click(`[data-role="add-phone"]`)
		p.eventually("the dialog", `document.querySelector('[data-role="new-phone"]').open`)
		p.click(`[data-role="new-name"]`)
		p.keyboard(name)
		p.click(`[data-role="new-number"]`)
		p.keyboard(number + "\r")
	}
	p.refusals.Store(true)
	add("Baraka Juma", "12")
	p.shows(`[data-role="new-problem"]`, "not a Kenyan mobile number")
	p.keyboard("\x1b")
	p.eventually("no dialog", `!document.querySelector('[data-role="new-phone"]').open`)
	add("Baraka Juma", "0711 000 333")
	p.shows(`.phone[data-number="+254711000333"] [data-role="owner"]`, "Baraka Juma")
	same2(t, "phones", eval[int](p, `document.querySelectorAll(".phone").length`), 3)
	same2(t, "wallet", p.text(part("+254711000333", "wallet")), "Ksh 50,000")
	p.click(part("+254711000333", "green"))
	p.shows(part("+254711000333", "lcd"), "VoicePact")
	s.w.adds()
}

func pageComplaints(t *testing.T, s *shop, p *tab) {
	t.Helper()
	s.w.gateway.reply(func(h hit) (int, string) {
		if strings.HasSuffix(h.path, "/ussd") {
			return http.StatusOK, "CON " + strings.Repeat("Sukuma wiki ", 13)
		}
		return http.StatusOK, "OK"
	})
	p.click(part(seller, "green"))
	p.shows(part(seller, "lcd"), "Sukuma wiki")
	p.click(part(seller, "green"))
	p.shows(part(seller, "toast"), "Type your answer first.")
	// 160 characters are in sight without scrolling, in lines of 22.
	lcd := quoted(string(part(seller, "lcd")))
	if !eval[bool](p, `(({scrollHeight, clientHeight}) => scrollHeight <= clientHeight)(document.querySelector(`+lcd+`))`) {
		t.Error("a full screen needs scrolling")
	}
	same2(t, "characters a line", eval[int](p, `(() => {
		const lcd = document.querySelector(`+lcd+`), probe = lcd.cloneNode();
		probe.textContent = "0"; probe.style.width = "auto"; probe.style.position = "absolute"; lcd.after(probe);
		const one = probe.getBoundingClientRect().width; probe.remove();
		return Math.round(lcd.getBoundingClientRect().width / one);
	})()`), 22)

	s.w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "Hello" })
	p.key(seller, "1")
	p.click(part(seller, "green"))
	p.shows(part(seller, "lcd"), screenFailed)
}

// pageRestart keeps the page open while the state streams end, as when the
// server is restarted behind it.
func pageRestart(t *testing.T, s *shop, p *tab) {
	t.Helper()
	p.refusals.Store(true)
	s.w.stop()
	p.eventually("the end of the stream to show", `document.body.dataset.live === "false"`)
	same2(t, "sign", p.text(`[data-role="live"]`), "Reconnecting…")
}

func pageInTwoTabs(s *shop, one, two *tab) {
	one.click(part(seller, "green"))
	two.shows(part(seller, "lcd"), "1. English")
	two.click(part(seller, "red"))
	one.shows(part(seller, "lcd"), "to dial")
	s.w.push("100")
	for _, p := range []*tab{one, two} {
		p.shows(part(buyer, "pay"), "Pay Ksh 100 to VOICEPACT, account 40718263?")
	}
	two.click(part(buyer, "pin"))
	two.keyboard("1234\r")
	for _, p := range []*tab{one, two} {
		p.shows(part(buyer, "wallet"), "Ksh 49,900")
		p.eventually("the prompt to go", `document.querySelector(`+quoted(string(part(buyer, "prompt")))+`).hidden`)
	}
	eventually(s.t, "both tabs to show the same", func() bool { return one.summary() == two.summary() })
}

func formOf(t *testing.T, body string) url.Values {
	t.Helper()
	form, err := url.ParseQuery(body)
	must(t, err)
	return form
}

package simulator

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/voicepact/gateway/internal/testkit/browser"
)

// knob is a button of a phone's network panel.
func knob(number, name, value string) chromedp.CSS {
	return chromedp.CSS(`.phone[data-number="` + number + `"] [data-knob="` + name + `"][data-value='` + value + `']`)
}

func panelAct(number, act string) chromedp.CSS {
	return chromedp.CSS(`.phone[data-number="` + number + `"] [data-act="` + act + `"]`)
}

// pageNetwork uses every button of the network panel and looks at what becomes of
// calls, texts and prompts.
func pageNetwork(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	lcd := browser.Part(seller, "lcd")
	p.Click(browser.Part(seller, "green"))
	p.Shows(lcd, "1. English")
	p.Click(browser.Part(seller, "net-button"))
	p.Click(panelAct(seller, "hop"))
	s.w.tells("Screen 1 again: the same answer")
	p.Click(panelAct(seller, "drop"))
	p.Shows(lcd, screenFailed)

	p.Click(knob(seller, "loseAnswer", "true"))
	p.Shows(browser.Part(seller, "net-summary"), "will drop")
	p.Type("\x1b") // closes the panel
	p.Eventually("the panel to close", `document.querySelector(`+browser.Quoted(string(browser.Part(seller, "net")))+`).hidden`)
	p.Type("\r") // closes the dropped call
	p.Shows(lcd, "to dial")
	p.Type("\r")
	p.Shows(lcd, screenFailed)
	p.Eventually("the knob to turn back", `document.querySelector(`+browser.Quoted(string(browser.Part(seller, "net-summary")))+`).textContent === ""`)

	p.Click(browser.Part(buyer, "net-button"))
	p.Click(knob(buyer, "off", "true"))
	p.Shows(browser.Part(buyer, "lcd"), "Phone off")
	s.text(buyer, "while off")
	p.Shows(browser.Part(buyer, "lcd"), "1 text waits")
	s.w.push("100")
	s.w.tells("Result: no answer from the phone")
	p.Click(knob(buyer, "off", "false"))
	p.Click(browser.Part(buyer, "tab-sms"))
	p.Shows(browser.Part(buyer, "inbox"), "while off")

	p.Click(knob(buyer, "twice", "true"))
	p.Click(knob(buyer, "language", `"sw"`))
	in := s.w.gateway.wait(t, "/at/s3cr3t/sms", 2)
	same2(t, "language", formOf(t, in[0].body).Get("text"), "KISWAHILI")
	p.Click(knob(buyer, "twice", "false"))
	p.Click(panelAct(buyer, "text"))
	s.w.gateway.wait(t, "/at/s3cr3t/sms", 3)
	p.Click(knob(buyer, "lateSeconds", "60"))
	p.Shows(browser.Part(buyer, "net-summary"), "late")
	s.text(buyer, "later")
	p.Shows(browser.Part(buyer, "net-summary"), " late") // one, or two with the answer to the text
}

// pageSlowNetwork shows that it waits, for how long, and then the screen.
func pageSlowNetwork(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	p.Click(browser.Part(seller, "net-button"))
	p.Click(knob(seller, "slowSeconds", "3"))
	p.Shows(browser.Part(seller, "net-summary"), "3 s")
	p.Click(browser.Part(seller, "net-button"))
	p.Click(browser.Part(seller, "green"))
	p.Shows(browser.Part(seller, "lcd"), "USSD code running…")
	p.Shows(browser.Part(seller, "lcd"), "1. English")
	same2(t, "network", s.w.phone(seller).Network, Network{SlowSeconds: 3})
}

// A phone can be added for somebody who reads Kiswahili: the gateway is told, and
// the advice answers the choice of language as that person would.
func pageKiswahiliPhone(t *testing.T, s *shop, p *browser.Tab) {
	t.Helper()
	p.Click(`[data-role="add-phone"]`)
	p.Click(`[data-role="new-name"]`)
	p.Type("Halima Said")
	p.Click(`[data-role="new-number"]`)
	p.Type("0711000333")
	p.Click(`.new-phone input[value="sw"]`)
	p.Type("\r")
	p.Shows(`.phone[data-number="+254711000333"] [data-role="owner"]`, "Halima Said")
	form := formOf(t, s.w.gateway.wait(t, "/at/s3cr3t/sms", 1)[0].body)
	same2(t, "text", form.Get("text"), "KISWAHILI")
	s.w.gateway.reply(func(hit) (int, string) { return http.StatusOK, "CON Karibu\n1. English\n2. Kiswahili" })
	s.w.gateway.head(func(_ hit, header http.Header) { header.Set(hopHeader, "welcome") })
	p.Click(browser.Part("+254711000333", "green"))
	p.Shows(`[data-role="hint"]`, "Halima Said: type 2 (Kiswahili)")
}

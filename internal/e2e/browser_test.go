package e2e_test

import (
	"strings"
	"testing"

	"github.com/voicepact/gateway/internal/testkit/browser"
)

// A person who has never seen the page, and does what its hint line says.
func TestADealInTheBrowser(t *testing.T) {
	t.Parallel()
	ctx := browser.Start(t)
	d := startDev(t)
	page := browser.Open(ctx, t, "http://"+d.listen)
	page.AllowRefusals() // of a key pressed while the phone still waits for a slow network
	if hint := page.PlayByHints(); !strings.Contains(hint, "Otieno Mbugua was paid") {
		t.Errorf("the page says %q", hint)
	}
	seller, buyer := d.handset(otieno.Number), d.handset(amina.Number)
	paid := seller.look().WalletCents - otieno.WalletCents
	if paid <= 0 || amina.WalletCents-buyer.look().WalletCents != paid {
		t.Errorf("the seller got %d cents, the buyer has %d left", paid, buyer.look().WalletCents)
	}
	seller.receives("sent to your M-Pesa")
	buyer.receives("paid to Otieno M.")
	page.Shows(`[data-role="badge"]`, "Completed")
}

// Typed by hand: the keyboard for what is long, the keys of the phone for the rest.
func TestADealInTheBrowserByHand(t *testing.T) {
	t.Parallel()
	ctx := browser.Start(t)
	d := startDev(t)
	page := browser.Open(ctx, t, "http://"+d.listen)
	seller, buyer := otieno.Number, amina.Number

	page.Click(browser.Part(seller, "green"))
	page.Shows(browser.Part(seller, "lcd"), "2. Kiswahili")
	page.Answers(seller, "2", "1. Mkataba mpya", "1", "1. Muuzaji", "1", "Nambari ya simu", "0712000001", "Ni bidhaa gani",
		"Mahindi gunia 1", "Ksh", "3500", "1. Leo", "1", "1. Tuma", "1", "imetumwa")
	page.Shows(`[data-role="badge"]`, "Offered")

	page.Click(browser.Part(buyer, "green"))
	page.Shows(browser.Part(buyer, "lcd"), "1. English")
	page.Key(buyer, "1")
	page.Click(browser.Part(buyer, "green"))
	page.Shows(browser.Part(buyer, "lcd"), "1. Agree?")
	page.Shows(browser.Part(buyer, "lcd"), "Mahindi gunia 1")
	page.Key(buyer, "1")
	page.Click(browser.Part(buyer, "green"))
	page.Shows(browser.Part(buyer, "lcd"), "1. Agree")
	page.Key(buyer, "1")
	page.Click(browser.Part(buyer, "green"))
	page.Shows(browser.Part(buyer, "lcd"), "Agreed")
	page.Shows(`[data-role="badge"]`, "Agreed")
}

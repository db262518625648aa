package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/voicepact/gateway/internal/simulator"
)

// The people of the stories.
var (
	amina  = simulator.Person{Number: "+254712000001", Name: "Amina Wanjiru", PIN: "1234", WalletCents: 50_000_00, Role: "Buyer"}
	otieno = simulator.Person{Number: "+254722000418", Name: "Otieno Mbugua", PIN: "4321", WalletCents: 5_000_00, Role: "Seller"}
)

const (
	price      = "3500"
	priceCents = 3_500_00
)

var refOnScreen = regexp.MustCompile(`\b\d{4,10}\b`)

// proposes makes the seller, who has not called before, offer a bag of maize to
// the buyer, and returns the contract's reference.
func proposes(t *testing.T, seller, buyer handset) string {
	t.Helper()
	wantScreen(t, seller.dial(), "1. English", "2. Kiswahili")
	wantScreen(t, seller.answer("1"), "1. New contract")
	wantScreen(t, seller.answer("1"), "1. Seller", "2. Buyer")
	wantScreen(t, seller.answer("1"), "phone number")
	wantScreen(t, seller.answer("0"+strings.TrimPrefix(buyer.number, "+254")), "What is sold")
	wantScreen(t, seller.answer("Maize 1 bag"), "Ksh")
	wantScreen(t, seller.answer(price), "1. Today")
	wantScreen(t, seller.answer("1"), "Maize 1 bag", "Ksh3,500", "1. Send")
	screen := seller.answer("1")
	wantScreen(t, screen, "sent to")
	ref := refOnScreen.FindString(screen)
	if ref == "" {
		t.Fatalf("the screen shows no reference:\n%s", screen)
	}
	return ref
}

// agrees makes the buyer, who has not called before, agree.
func agrees(t *testing.T, buyer handset, ref string) {
	t.Helper()
	buyer.receives(ref, "Maize 1 bag", "Ksh3,500")
	wantScreen(t, buyer.dial("1"), "1. Agree? ", "Maize 1 bag Ksh3,500")
	wantScreen(t, buyer.answer("1"), ref, "1. Agree")
	wantScreen(t, buyer.answer("1"), "Agreed", ref)
}

func pays(t *testing.T, buyer handset, ref, pin string) {
	t.Helper()
	wantScreen(t, buyer.dial("1"), ref, "1. Pay by M-Pesa")
	wantScreen(t, buyer.answer("1"), "M-Pesa asks for your PIN")
	buyer.enterPIN(pin)
	buyer.receives(ref, "held safe")
}

func delivers(t *testing.T, seller, buyer handset, ref string) {
	t.Helper()
	seller.receives(ref, "held safe", "CONFIRM "+ref)
	wantScreen(t, seller.dial("1"), "1. Yes, delivered")
	wantScreen(t, seller.answer("1"), "Thank you", ref)
	buyer.receives("ACCEPT " + ref)
}

func accepts(t *testing.T, buyer handset, ref string) {
	t.Helper()
	wantScreen(t, buyer.dial("1"), "1. Yes, pay")
	wantScreen(t, buyer.answer("1"), "Done", ref)
}

// isPaid waits for the receipts of both sides and looks into the wallets.
func isPaid(t *testing.T, seller, buyer handset, ref string) {
	t.Helper()
	seller.receives("Ksh3,500 sent to your M-Pesa for " + ref)
	buyer.receives("Ksh3,500 paid to Otieno M.", ref)
	wantWallet(t, seller, otieno.WalletCents+priceCents)
	wantWallet(t, buyer, amina.WalletCents-priceCents)
}

func wantWallet(t *testing.T, h handset, cents int64) {
	t.Helper()
	if got := h.look().WalletCents; got != cents {
		t.Errorf("the wallet of %s holds %d cents, want %d", h.number, got, cents)
	}
}

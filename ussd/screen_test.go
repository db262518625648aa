package ussd

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/gsm7"
)

func newTestHandler(tb testing.TB) *Handler {
	tb.Helper()
	h, err := New(Config{
		Service:     escrow.NewService(escrow.Deps{Policy: escrow.DefaultPolicy()}),
		ServiceCode: longCode, HelpPhone: longHelp, PayBill: longBill, ShortCode: longBill,
		Key: make([]byte, keyBytes), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// Every screen, in every language, with the longest data and every line that
// can stand above it, fits; no choice is ever lost; every character is in the
// phone's alphabet.
func TestEveryScreenFits(t *testing.T) {
	t.Parallel()
	if err := Lint(); err != nil {
		t.Error(err)
	}
}

// What lint is for, it finds.
func TestLintFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	h := newTestHandler(t)
	c := h.callAt(h.menu.Node("contract"), "en")
	c.show(escrow.View{Contract: longContract(escrow.Delivered, "Maize"), Role: escrow.Buyer})
	if err := c.lint(); err != nil {
		t.Fatal(err)
	}
	c.shown.view.Money = strings.Repeat("too long ", 12)
	if err := c.lint(); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("a screen that is too long: %v", err)
	}
	for text, want := range map[string]string{
		"CON Pay\n1. choice.pay":                      `the text "choice.pay" is missing`,
		"CON <no value>":                              "a value is missing",
		"CON 1234567\n1. Got the goods\n2. Problem\n": "choice 3 is not whole",
	} {
		if err := c.complete(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// A network that shows more is given more.
func TestLargerScreensShowMore(t *testing.T) {
	t.Parallel()
	h := newTestHandler(t)
	h.Screens = map[string]int{"63903": 184}
	septets := func(network string) int {
		c := h.callAt(h.menu.Node("contract"), "en")
		c.hop.network = network
		c.show(escrow.View{Contract: longContract(escrow.Delivered, longItems()[0]), Role: escrow.Buyer})
		text, err := c.render()
		if err != nil {
			t.Fatal(err)
		}
		n, _ := gsm7.Septets(text)
		return n
	}
	small, large := septets("63902"), septets("63903")
	if small > 160 || large <= small || large > 184 {
		t.Errorf("%d and %d septets", small, large)
	}
}

package escrow_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/voicepact/gateway/escrow"
)

func TestParseShillings(t *testing.T) {
	t.Parallel()
	good := map[string]escrow.Cents{
		"3500": 350_000, "3,500": 350_000, " Ksh 3500 ": 350_000, "ksh3,500/=": 350_000, "KES 10": 1_000,
		"250000": 25_000_000, "1500.00": 150_000, "Ksh. 20/-": 2_000, "1 500": 150_000,
	}
	for text, want := range good {
		if got, err := escrow.ParseShillings(text); err != nil || got != want {
			t.Errorf("ParseShillings(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "9", "0", "-50", "250001", "12.50", "abc", "1e5", "99999999999999", "١٠٠"} {
		if got, err := escrow.ParseShillings(text); !errors.Is(err, escrow.Refuse(escrow.AmountOutOfRange)) {
			t.Errorf("ParseShillings(%q) = %d, %v; want a refusal", text, got, err)
		}
	}
}

func TestCentsInWords(t *testing.T) {
	t.Parallel()
	for amount, want := range map[escrow.Cents]string{
		0: "Ksh0", 99: "Ksh0.99", 1_000: "Ksh10", 350_000: "Ksh3,500", 25_000_000: "Ksh250,000", 123_456_705: "Ksh1,234,567.05",
		-350_050: "-Ksh3,500.50",
	} {
		if got := amount.String(); got != want {
			t.Errorf("%d reads %q, want %q", int64(amount), got, want)
		}
	}
}

func TestParsePhone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]escrow.Phone{
		"0708374149": "+254708374149", "+254708374149": "+254708374149", "254708374149": "+254708374149",
		"708374149": "+254708374149", "0708 374 149": "+254708374149", "0110000001": "+254110000001",
		"0181954437": "+254181954437",
	} {
		if got, err := escrow.ParsePhone(text); err != nil || got != want {
			t.Errorf("ParsePhone(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "07083741", "255708374149", "2540708374149", "MTN", "21512", "0202222222"} {
		if got, err := escrow.ParsePhone(text); !errors.Is(err, escrow.Refuse(escrow.BadPhone)) {
			t.Errorf("ParsePhone(%q) = %q, %v; want a refusal", text, got, err)
		}
	}
}

func TestAPhoneMasksItselfInLogs(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "to", escrow.Phone("+254722000418"))
	if strings.Contains(out.String(), "722000418") || !strings.Contains(out.String(), "0722***418") {
		t.Errorf("logged %s", out.String())
	}
}

func TestRefsFindTypingErrors(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ref := string(escrow.NewRef(rapid.StringMatching(`[1-9][0-9]{2,7}`).Draw(t, "digits")))
		if parsed, err := escrow.ParseRef(ref); err != nil || string(parsed) != ref {
			t.Fatalf("ParseRef(%q) = %q, %v", ref, parsed, err)
		}
		i := rapid.IntRange(0, len(ref)-1).Draw(t, "place")
		other := rapid.ByteRange('0', '9').Filter(func(b byte) bool { return b != ref[i] }).Draw(t, "digit")
		wrong := ref[:i] + string(other) + ref[i+1:]
		if _, err := escrow.ParseRef(wrong); err == nil {
			t.Fatalf("%s passed as %s", wrong, ref)
		}
		if i+1 < len(ref) && ref[i] != ref[i+1] {
			swapped := ref[:i] + string(ref[i+1]) + string(ref[i]) + ref[i+2:]
			if _, err := escrow.ParseRef(swapped); err == nil {
				t.Fatalf("%s passed as %s", swapped, ref)
			}
		}
	})
}

func TestRefsAreReadAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	ref := escrow.NewRef("4071826")
	typed := []string{" 4071-826 ", "4071 826", "4O7I826", "4o7l.826"}
	for _, text := range typed {
		if got, err := escrow.ParseRef(text + string(ref[len(ref)-1])); err != nil || got != ref {
			t.Errorf("ParseRef(%q) = %q, %v; want %q", text, got, err, ref)
		}
	}
}

func TestNamesAreShort(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":                        "0722***418",
		"Otieno":                  "Otieno 0722***418",
		"Otieno Mbugua":           "Otieno M. 0722***418",
		"Wanjiru Njeri Kamau":     "Wanjiru K. 0722***418",
		"Abdirahmaanuuaddin Ali":  "Abdirahmaanu A. 0722***418",
		"  Jane   wa   Thiong'o ": "Jane T. 0722***418",
	} {
		party := escrow.Party{Phone: "+254722000418", Name: name}
		if got := party.Label(); got != want {
			t.Errorf("%q is labelled %q, want %q", name, got, want)
		}
	}
}

func TestReleaseCodesBelongToOneContractAndAmount(t *testing.T) {
	t.Parallel()
	codes, err := escrow.NewCodes(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	a := escrow.Contract{ID: uuid.MustParse("0193a1d0-0000-7000-8000-000000000001"), Amount: 350_000}
	b := a
	b.Amount++
	c := a
	c.ID[15]++
	if first, again := codes.For(a), codes.For(a); len(first) != 4 || first != again {
		t.Errorf("code %q is not four stable digits, then it is %q", first, again)
	}
	if codes.For(a) == codes.For(b) || codes.For(a) == codes.For(c) {
		t.Error("codes do not depend on contract and amount")
	}
	if _, err := escrow.NewCodes([]byte("short")); err == nil {
		t.Error("a short key was taken")
	}
}

func TestDayBeginsInNairobi(t *testing.T) {
	t.Parallel()
	got := escrow.Day(time.Date(2026, 11, 23, 21, 30, 0, 0, time.UTC))
	if want := "2026-11-24T00:00:00+03:00"; got.Format(time.RFC3339) != want {
		t.Errorf("got %s, want %s", got.Format(time.RFC3339), want)
	}
}

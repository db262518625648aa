package escrow_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/voicepact/gateway/escrow"
)

// What people type: whatever it is, it is read as something that holds to its
// own rules, or refused by name. Reading what was read changes nothing.

func FuzzParsePhone(f *testing.F) {
	for _, seed := range []string{
		"0708374149", "+254708374149", "254 708-374-149", "708374149", "0110000001", "2540708374149", "MTN", "21512",
		"tel:+254708374149;ext=1", "٠٧٠٨٣٧٤١٤٩", "\x00", "+254", "0708374149 0708374149",
	} {
		f.Add(seed)
	}
	kenyan := regexp.MustCompile(`^\+254[17]\d{8}$`)
	f.Fuzz(func(t *testing.T, text string) {
		phone, err := escrow.ParsePhone(text)
		if err != nil {
			refused(t, text, err, escrow.BadPhone, phone == "")
			return
		}
		if !kenyan.MatchString(string(phone)) {
			t.Errorf("%q is read as %q", text, phone)
		}
		for _, again := range []string{string(phone), phone.MSISDN()} {
			if got, err := escrow.ParsePhone(again); err != nil || got != phone {
				t.Errorf("%q is read as %q, and that as %q, %v", text, phone, got, err)
			}
		}
	})
}

func FuzzParseShillings(f *testing.F) {
	for _, seed := range []string{
		"3500", "3,500", " Ksh 3500 ", "ksh3,500/=", "KES 10", "1500.00", "Ksh. 20/-", "1 500", "1,00", "12.50", "1e5",
		"-50", "250001", "99999999999999999999", "١٠٠", "+10", "0x10", "1_000", "Ksh",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		amount, err := escrow.ParseShillings(text)
		if err != nil {
			refused(t, text, err, escrow.AmountOutOfRange, amount == 0)
			return
		}
		if !amount.Whole() || amount < escrow.MinAmount || amount > escrow.MaxAmount {
			t.Errorf("%q is read as %d cents", text, int64(amount))
		}
		// Not one digit is invented or lost, but for those of ".00".
		typed, read := digitsOf(text), digitsOf(amount.String())
		if trimmed := strings.TrimLeft(typed, "0"); trimmed != read && trimmed != read+"00" {
			t.Errorf("%q is read as %s", text, amount)
		}
		if got, err := escrow.ParseShillings(amount.String()); err != nil || got != amount {
			t.Errorf("%q is read as %s, and that as %s, %v", text, amount, got, err)
		}
	})
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{"1234", "4071 826", " 4O7I-826.4 ", "0000", "", "12", "confirm1234", "١٢٣٤", "ſ234", "-1-2-3-4-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := escrow.ParseRef(text)
		if err != nil {
			refused(t, text, err, escrow.UnknownContract, ref == "")
			return
		}
		if len(ref) < 4 || digitsOf(string(ref)) != string(ref) {
			t.Errorf("%q is read as %q", text, ref)
		}
		if ref != escrow.NewRef(string(ref[:len(ref)-1])) {
			t.Errorf("%q is read as %q, whose check digit is wrong", text, ref)
		}
		if got, err := escrow.ParseRef(string(ref)); err != nil || got != ref {
			t.Errorf("%q is read as %q, and that as %q, %v", text, ref, got, err)
		}
	})
}

func FuzzParseItem(f *testing.F) {
	for _, seed := range []string{
		"Maize 10 bags", "  Maize\t10\r\nbags ", "", " \x00 ", "Mahindi gunia kumi na mbili za kilo", "ŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵŵ",
		"a\xffb", "a\ufffdb", "\u2028", "\u0085", "🐄",
	} {
		f.Add(seed)
	}
	const longest = 24
	f.Fuzz(func(t *testing.T, text string) {
		item, err := escrow.ParseItem(text)
		if err != nil {
			refused(t, text, err, escrow.BadItem, item == "")
			return
		}
		switch {
		case item == "" || len([]rune(item)) > longest:
			t.Errorf("%q is read as %q", text, item)
		// PostgreSQL takes neither, and no phone shows them.
		case strings.ToValidUTF8(item, "") != item, strings.ContainsFunc(item, unicode.IsControl):
			t.Errorf("%q is read as %q", text, item)
		case strings.Join(strings.Fields(item), " ") != item:
			t.Errorf("%q is read as %q, with white space that nobody sees", text, item)
		}
		if got, err := escrow.ParseItem(item); err != nil || got != item {
			t.Errorf("%q is read as %q, and that as %q, %v", text, item, got, err)
		}
	})
}

// refused checks that the refusal is the one that channels have a sentence for,
// and that nothing is returned beside it.
func refused(t *testing.T, text string, err error, want escrow.Code, nothing bool) {
	t.Helper()
	if !errors.Is(err, escrow.Refuse(want)) || !nothing {
		t.Errorf("%q is refused with %v", text, err)
	}
}

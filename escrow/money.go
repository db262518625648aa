package escrow

import (
	"regexp"
	"strconv"
	"strings"
)

// Cents is an amount of Kenyan shillings in hundredths. It is never a float.
type Cents int64

// The limits of one contract: M-Pesa pays out no less than Ksh 10 and moves no
// more than Ksh 250,000 in one transaction (Daraja portal, B2C page, FAQ 9), so
// a deal outside them is refused when it is proposed, not when it is paid.
const (
	MinAmount = 10 * shilling
	MaxAmount = 250_000 * shilling

	shilling Cents = 100
)

// Shillings makes an amount of n whole shillings.
func Shillings(n int64) Cents { return Cents(n) * shilling }

// Whole reports whether c is a whole number of shillings, the only amounts
// that exist on the M-Pesa wire.
func (c Cents) Whole() bool { return c%shilling == 0 }

// Shillings returns the whole shillings in c, dropping what is below one.
func (c Cents) Shillings() int64 { return int64(c / shilling) }

// String writes the amount as people here read it: "Ksh3,500", or
// "Ksh3,500.50" where there are cents.
func (c Cents) String() string {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	digits := strconv.FormatInt(c.Shillings(), 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	if rest := int64(c % shilling); rest != 0 {
		digits += "." + strconv.FormatInt(100+rest, 10)[1:]
	}
	return sign + "Ksh" + digits
}

// grouped is an amount whose thousands are set apart.
var grouped = regexp.MustCompile(`^\d{1,3}([, ]\d{3})+$`)

// ParseShillings reads an amount that a person typed: "3500", "3,500",
// "Ksh 3500", "3500/=". Fractions of a shilling and amounts outside the
// contract limits are refused with [AmountOutOfRange].
func ParseShillings(text string) (Cents, error) {
	t := strings.ToLower(strings.TrimSpace(text))
	for _, unit := range []string{"kshs", "ksh", "kes", "sh"} {
		t = strings.TrimPrefix(t, unit)
	}
	t = strings.TrimPrefix(t, ".")
	t = strings.TrimSuffix(strings.TrimSuffix(t, "/="), "/-")
	t = strings.TrimSuffix(strings.TrimSpace(t), ".00")
	if strings.ContainsAny(t, ", ") && !grouped.MatchString(t) {
		return 0, Refuse(AmountOutOfRange) // "1,00" may be a hundred or one
	}
	t = strings.NewReplacer(",", "", " ", "").Replace(t)
	n, err := strconv.ParseUint(t, 10, 32)
	if err != nil {
		return 0, Refuse(AmountOutOfRange)
	}
	amount := Shillings(int64(n))
	if amount < MinAmount || amount > MaxAmount {
		return 0, Refuse(AmountOutOfRange)
	}
	return amount, nil
}

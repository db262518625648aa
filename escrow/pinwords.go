package escrow

import (
	"log/slog"
	"strings"
)

// PIN is what a person types to prove who they are: four digits. However it is
// printed or logged, it shows none of them.
type PIN string

// pinDigits is how long a PIN is.
const pinDigits = 4

// hidden stands for a PIN wherever one would be printed.
const hidden = "****"

// String implements [fmt.Stringer].
func (PIN) String() string { return hidden }

// GoString implements [fmt.GoStringer].
func (PIN) GoString() string { return hidden }

// LogValue implements [slog.LogValuer].
func (PIN) LogValue() slog.Value { return slog.StringValue(hidden) }

// Weak reports whether the PIN is not four digits, or among the first that
// somebody tries who has found the phone: one or two digits repeated, digits at
// even steps, years, lines of the keypad, and parts of the phone's own number.
func (p PIN) Weak(phone Phone) bool {
	digits := string(p)
	if len(digits) != pinDigits || strings.Trim(digits, "0123456789") != "" {
		return true
	}
	return fewDigits(digits) || evenSteps(digits) || strings.HasPrefix(digits, "19") || strings.HasPrefix(digits, "20") ||
		onKeypad(digits) || strings.Contains(string(phone), digits) ||
		strings.Contains("0"+strings.TrimPrefix(string(phone), "+254"), digits)
}

// fewDigits finds 1111, 1212 and 1122, of which there are 640.
func fewDigits(digits string) bool {
	const most = 2
	seen := map[rune]bool{}
	for _, digit := range digits {
		seen[digit] = true
	}
	return len(seen) <= most
}

// evenSteps finds 1234, 4321, 2468 and, over the end of the row, 8901.
func evenSteps(digits string) bool {
	step := func(i int) int { return (int(digits[i]) - int(digits[i-1]) + 10) % 10 }
	return step(1) == step(2) && step(2) == step(3)
}

// onKeypad finds what the eye or the thumb makes of a keypad: its columns with the
// 0, its corners around, the cross, and a word that is known as a number.
func onKeypad(digits string) bool {
	const around, cross = "1397139", "2684268"
	for _, path := range []string{"2580", "1470", "3690", "1590", "3570", around, cross, "5683"} {
		if strings.Contains(path, digits) || strings.Contains(reversed(path), digits) {
			return true
		}
	}
	return false
}

func reversed(digits string) string {
	var b strings.Builder
	for i := len(digits) - 1; i >= 0; i-- {
		b.WriteByte(digits[i])
	}
	return b.String()
}

package escrow

import "strings"

// Ref is the short number by which people name a contract: digits only, the
// last a Damm check digit, at least four long. It is a reference, not a secret:
// authority comes from the caller's number being a party.
type Ref string

// minRefDigits is the shortest reference. Menus never offer a choice this long,
// so a first answer of four digits or more can only be a reference.
const minRefDigits = 4

// damm is the quasigroup of H. Michael Damm's check digit, which finds every
// single wrong digit and every swap of neighbours.
var damm = [10][10]byte{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
	{7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
	{4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
	{8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

// ParseRef reads a reference that a person typed: spaces, dashes and dots are
// dropped, O reads as 0, I and L as 1. A wrong check digit is refused with
// [UnknownContract], as an unknown reference is, so that guessing learns nothing.
func ParseRef(text string) (Ref, error) {
	digits := strings.NewReplacer(
		" ", "", "-", "", ".", "", "O", "0", "I", "1", "L", "1",
	).Replace(strings.ToUpper(strings.TrimSpace(text)))
	if len(digits) < minRefDigits || !checked(digits) {
		return "", Refuse(UnknownContract)
	}
	return Ref(digits), nil
}

// NewRef appends the check digit to digits, which must be decimal.
func NewRef(digits string) Ref {
	return Ref(digits + string('0'+interim(digits)))
}

func checked(digits string) bool {
	for _, d := range digits {
		if d < '0' || d > '9' {
			return false
		}
	}
	return interim(digits) == 0
}

func interim(digits string) byte {
	var state byte
	for i := range len(digits) {
		state = damm[state][digits[i]-'0']
	}
	return state
}

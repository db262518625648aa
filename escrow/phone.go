package escrow

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Phone is a Kenyan mobile number in E.164, "+254722000418". Its log value and
// its masked form never show the middle digits.
type Phone string

// region and countryCode are where a number without a country code belongs.
const (
	region      = "KE"
	countryCode = 254
)

// mobile is a Kenyan mobile number without country code: the 7 series, and the
// 1 series that has been given out since 2019. The number library knows only a
// part of the latter, so the shape decides.
var mobile = regexp.MustCompile(`^[17]\d{8}$`)

// ParsePhone reads a mobile number however a person or a provider writes it:
// "0722000418", "722 000 418", "254722000418", "+254722000418". Anything that
// is not a Kenyan mobile number is refused with [BadPhone]: M-Pesa could not
// pay it.
func ParsePhone(text string) (Phone, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "254") {
		text = "+" + text
	}
	number, err := phonenumbers.Parse(text, region)
	if err != nil || number.GetCountryCode() != countryCode || strings.HasPrefix(text, "+2540") {
		return "", Refuse(BadPhone)
	}
	national := phonenumbers.GetNationalSignificantNumber(number)
	if !mobile.MatchString(national) {
		return "", Refuse(BadPhone)
	}
	return Phone(phonenumbers.Format(number, phonenumbers.E164)), nil
}

// MSISDN is the number as Safaricom writes it: 12 digits, no plus.
func (p Phone) MSISDN() string { return strings.TrimPrefix(string(p), "+") }

// Masked hides the middle of the number as M-Pesa does since March 2026:
// "0722***418".
func (p Phone) Masked() string {
	if len(p) < 10 {
		return "***"
	}
	return "0" + string(p[4:7]) + "***" + string(p[len(p)-3:])
}

// shownAs reports whether a number as M-Pesa shows it, "2547 ***** 418", can be
// this one: what it masks may be anything, and so may a number it does not show.
// The first version of PayBill confirmations shows the SHA-256 of the number.
func (p Phone) shownAs(shown string) bool {
	shown = strings.ReplaceAll(shown, " ", "")
	if len(shown) == sha256.Size*2 {
		sum := sha256.Sum256([]byte(p.MSISDN()))
		return strings.EqualFold(shown, hex.EncodeToString(sum[:]))
	}
	head, masked, ok := strings.Cut(shown, "*")
	if !ok {
		return shown == "" || shown == p.MSISDN()
	}
	tail := masked[strings.LastIndex(masked, "*")+1:]
	return strings.HasPrefix(p.MSISDN(), head) && strings.HasSuffix(p.MSISDN(), tail)
}

// LogValue keeps full numbers out of every log line.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.Masked()) }

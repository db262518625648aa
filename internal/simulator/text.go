package simulator

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// mpesaTime is YYYYMMDDHHmmss in East Africa Time.
func mpesaTime(t time.Time) string { return t.In(bank.EastAfrica()).Format("20060102150405") }

// subscriberPattern is a Kenyan mobile number without prefix: 7… and, since
// 2019, 1….
var subscriberPattern = regexp.MustCompile(`^[17]\d{8}$`)

// e164Pattern is any international number.
var e164Pattern = regexp.MustCompile(`^\+[1-9]\d{7,14}$`)

// kenyan brings +254…, 254…, 0… or the bare subscriber number to +254….
func kenyan(raw string) (string, bool) {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(raw)
	for _, prefix := range []string{"+254", "254", "0", ""} {
		rest, ok := strings.CutPrefix(digits, prefix)
		if ok && subscriberPattern.MatchString(rest) {
			return "+254" + rest, true
		}
	}
	return "", false
}

// msisdn accepts only the spelling that Daraja does, 254XXXXXXXXX, and returns
// it in E.164.
func msisdn(raw string) (string, bool) {
	rest, ok := strings.CutPrefix(raw, "254")
	if !ok || !subscriberPattern.MatchString(rest) {
		return "", false
	}
	return "+254" + rest, true
}

// mask hides the middle of a number: 0722***000.
func mask(number string) string {
	local := number
	if rest, ok := strings.CutPrefix(number, "+254"); ok {
		local = "0" + rest
	}
	const head, tail = 4, 3
	if len(local) <= head+tail {
		return "***"
	}
	return local[:head] + "***" + local[len(local)-tail:]
}

// maskPayer hides a payer as C2B notices of version 2 do, 2547 ***** 126.
func maskPayer(number string) string {
	digits := strings.TrimPrefix(number, "+")
	const head, tail = 4, 3
	return digits[:head] + " ***** " + digits[len(digits)-tail:]
}

// shillings parses a whole number of shillings into cents. Daraja refuses
// decimals, signs and blanks.
func shillings(raw string) (int64, bool) {
	const tooLong = 10
	if raw == "" || len(raw) >= tooLong || strings.Trim(raw, "0123456789") != "" {
		return 0, false
	}
	whole, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || whole < 1 {
		return 0, false
	}
	return whole * 100, true
}

// decimal renders cents with two decimals as a JSON number.
func decimal(cents int64) json.Number {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return json.Number(fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100))
}

// whole renders cents without decimals where there are none to lose.
func whole(cents int64) string { return strings.TrimSuffix(decimal(cents).String(), ".00") }

// ksh renders cents as M-PESA's messages do: Ksh1,500.00.
func ksh(cents int64) string {
	whole, fraction, _ := strings.Cut(decimal(cents).String(), ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return "Ksh" + whole + "." + fraction
}

// kshWhole drops the cents, for wire summaries.
func kshWhole(cents int64) string {
	whole, _, _ := strings.Cut(ksh(cents), ".")
	return whole
}

// field is one pair of a form.
type field struct{ name, value string }

// encodeForm keeps the order of the fields, which url.Values would sort: the
// providers' own order is part of what a gateway is tested against.
func encodeForm(fields ...field) []byte {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(f.name) + "=" + url.QueryEscape(f.value))
	}
	return []byte(b.String())
}

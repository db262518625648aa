package simulator

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// letters36 are the characters of an M-PESA receipt.
const letters36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

const (
	receiptPrefix = 3
	receiptLength = 10
	// receiptEpoch is the year whose receipts began with A; observed receipts
	// of October 2026 begin with UJ.
	receiptEpoch = 2006
)

// eastAfrica is the zone of every M-PESA time. A fixed offset, because Kenya
// has no daylight saving and a small machine may have no zone database.
func eastAfrica() *time.Location { return time.FixedZone("EAT", 3*60*60) }

// mpesaTime is YYYYMMDDHHmmss in East Africa Time.
func mpesaTime(t time.Time) string { return t.In(eastAfrica()).Format("20060102150405") }

// newReceipt starts with letters for year, month and day, as real ones do, and
// goes on at random. Uniqueness is the ledger's to enforce.
func newReceipt(at time.Time) string {
	var b strings.Builder
	b.WriteString(receiptDay(at))
	for b.Len() < receiptLength {
		b.WriteByte(letters36[randomBelow(len(letters36))])
	}
	return b.String()
}

func receiptDay(at time.Time) string {
	at = at.In(eastAfrica())
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	year := (at.Year() - receiptEpoch) % len(alphabet)
	if year < 0 {
		year += len(alphabet)
	}
	return string([]byte{alphabet[year], alphabet[at.Month()-1], letters36[at.Day()]})
}

// genericTransactionID is what M-PESA reports for a transaction that never
// came to be; it repeats all day, so nobody may treat it as unique.
func genericTransactionID(at time.Time) string {
	return receiptDay(at) + strings.Repeat("0", receiptLength-receiptPrefix)
}

// randomBelow needs no error: crypto/rand does not fail on a supported system.
func randomBelow(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic("simulator: no random numbers: " + err.Error())
	}
	return int(v.Int64())
}

// hex32 is 32 random hex digits.
func hex32() string {
	id := uuid.New()
	return hex.EncodeToString(id[:])
}

// requestID looks like Daraja's: groups of hex and a decimal tail.
func requestID() string {
	const tail = 1_000_000 // seven digits, the first not 0
	h := hex32()
	return h[0:4] + "-" + h[4:8] + "-" + h[8:12] + "-" + h[12:24] + strconv.Itoa(tail+randomBelow(9*tail))
}

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

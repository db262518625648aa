package ussd

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/menus"
)

var (
	refLike  = regexp.MustCompile(`^\d{4,12}$`)
	codeLike = regexp.MustCompile(`^\d{4}$`)
	dayLike  = regexp.MustCompile(`^(\d{1,2})[/.\-* ](\d{1,2})(?:[/.\-* ](\d{4}))?$`)
)

// read implements [menus.Reader] for the caller.
func (c *call) read(kind menus.Kind, data map[string]string, typed string) (value, wrong string) {
	switch kind {
	case menus.KindRef:
		// A wrong check digit is answered as an unknown contract is, later.
		return typed, complaint(!refLike.MatchString(typed), "wrong.choice")
	case menus.KindPhone:
		phone, err := escrow.ParsePhone(typed)
		if err != nil {
			return "", "wrong.phone"
		}
		return string(phone), complaint(phone == c.hop.phone, "wrong.self")
	case menus.KindItem:
		item, err := escrow.ParseItem(typed)
		return item, complaint(err != nil, "wrong.item")
	case menus.KindAmount:
		amount, err := escrow.ParseShillings(typed)
		return strconv.FormatInt(amount.Shillings(), 10), complaint(err != nil, "wrong.amount")
	case menus.KindDate:
		day, ok := readDay(typed, c.Now())
		return day.Format(time.DateOnly), complaint(!ok, "wrong.date")
	case menus.KindReason:
		words := readWords(typed)
		return words, complaint(words == "" || len([]rune(words)) > escrow.MaxWords, "wrong.reason")
	case menus.KindDetail:
		detail, err := escrow.ParseDetail(typed)
		return detail, complaint(err != nil || detail == "", "wrong.detail")
	case menus.KindCode, menus.KindPIN, menus.KindNewPIN, menus.KindPINAgain:
		return c.readSecret(kind, data, strings.ReplaceAll(typed, " ", ""))
	case menus.KindWord, menus.KindLanguage:
		return typed, ""
	default:
		return "", "wrong.choice"
	}
}

func complaint(wrong bool, key string) string {
	if wrong {
		return key
	}
	return ""
}

// yearlessAhead is how many days ahead a day of next year may be that was typed
// without its year: no screen shows the year.
const yearlessAhead = 180

// readDay reads a day of delivery: "+3" is a choice, in three days; typed are
// 24/12, which is the next one to come, and 24/12/2026.
func readDay(text string, now time.Time) (time.Time, bool) {
	today := escrow.Day(now)
	if days, err := strconv.Atoi(strings.TrimPrefix(text, "+")); err == nil && strings.HasPrefix(text, "+") {
		return today.AddDate(0, 0, days), true
	}
	parts := dayLike.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, false
	}
	year := today.Year()
	if parts[3] != "" {
		year = number(parts[3])
	}
	day, ok := date(year, number(parts[2]), number(parts[1]))
	last := now.Add(escrow.MaxAhead)
	if parts[3] == "" && (!ok || day.Before(today)) {
		day, ok = date(year+1, number(parts[2]), number(parts[1]))
		last = today.AddDate(0, 0, yearlessAhead) // a day just past is a mistake, not next year's
	}
	return day, ok && !day.Before(today) && !day.After(last)
}

// number reads digits that a pattern has already matched.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// date makes a day, where the calendar has it.
func date(year, month, day int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, escrow.EAT)
	return t, t.Day() == day && int(t.Month()) == month
}

// readWords folds what a party says. What is too long is asked for again, because a
// part of it may say something else.
func readWords(text string) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(printable), " ")
}

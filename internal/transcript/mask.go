package transcript

import (
	"regexp"
	"strings"
)

// Mask hides what differs from one run of a transcript to the next.
type Mask struct {
	// Refs are the references of contracts, each written as so many #.
	Refs []string
	// Day also hides what M-Pesa and the day of the run decide: dates {date},
	// times {time}, receipts {receipt}, and the release code behind a reference
	// {code}. Worlds with a clock and a bank of their own do without.
	Day bool
	// Names are those that the gateway may or may not know, as it writes them, and
	// the masked number that it writes behind them, or alone: "Amina W." and
	// "0712***001". Only the numbers stay.
	Names map[string]string
}

// Months are those of both languages' texts.
const months = `Jan|Feb|Mar|Mac|Apr|May|Mei|Jun|Jul|Aug|Ago|Sep|Oct|Okt|Nov|Dec|Des`

var (
	dayPattern  = regexp.MustCompile(`\b\d{1,2} (?:` + months + `)\b|\b\d{1,2}/\d{1,2}/\d{2}\b`)
	timePattern = regexp.MustCompile(`\b\d{1,2}:\d{2}(?: [AP]M)?\b`)
	// Some receipts are letters throughout, as long words are: those that M-Pesa
	// confirms are certain, and those behind a day.
	confirmed      = regexp.MustCompile(`\b[A-Z0-9]{10} Confirmed\b`)
	dated          = regexp.MustCompile(`\{date\} [A-Z0-9]{10}\b`)
	receiptPattern = regexp.MustCompile(`\b[A-Z0-9]{10}\b`)
	hiddenRef      = regexp.MustCompile(`(#{4,10}) (\d{4})\b`)
	letterPattern  = regexp.MustCompile(`[A-Z]`)
	digitPattern   = regexp.MustCompile(`\d`)
)

// Hide returns a screen without what differs. Hiding twice changes nothing, so
// that a file with literal dates and one with masks are the same to it.
func (m Mask) Hide(screen string) string {
	for _, ref := range m.Refs {
		// As a word: 1234 is not a part of the service code *384*12345#.
		word := regexp.MustCompile(`\b` + regexp.QuoteMeta(ref) + `\b`)
		screen = word.ReplaceAllString(screen, strings.Repeat("#", len(ref)))
	}
	for name, number := range m.Names {
		screen = strings.ReplaceAll(screen, name+" "+number, number)
		screen = strings.ReplaceAll(screen, name, number)
	}
	if !m.Day {
		return screen
	}
	screen = hiddenRef.ReplaceAllString(screen, "$1 {code}")
	screen = dayPattern.ReplaceAllString(screen, "{date}")
	screen = timePattern.ReplaceAllString(screen, "{time}")
	screen = confirmed.ReplaceAllString(screen, "{receipt} Confirmed")
	screen = dated.ReplaceAllString(screen, "{date} {receipt}")
	return receiptPattern.ReplaceAllStringFunc(screen, func(word string) string {
		if !letterPattern.MatchString(word) || !digitPattern.MatchString(word) {
			return word
		}
		return "{receipt}"
	})
}

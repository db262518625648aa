package escrow

import (
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Language is what a person reads: a BCP 47 code with a text catalogue.
type Language string

// The languages with a catalogue. The zero value means that the person has not
// been asked yet.
const (
	English   Language = "en"
	Kiswahili Language = "sw"
)

// Or returns l, or fallback where the person has not chosen yet.
func (l Language) Or(fallback Language) Language {
	if l == "" {
		return fallback
	}
	return l
}

// Party is a person with a phone. Contracts and the ledger refer to the ID only,
// so that a person can be erased while the trail of the money stays.
type Party struct {
	ID       uuid.UUID
	Phone    Phone
	Name     string // as M-Pesa or a partner told us; may be empty
	Language Language
	PIN      PINStatus // where the party was read to act, or with its contract
}

// nameRunes keeps a name short enough for every screen that shows one.
const nameRunes = 12

// ShortName is the first name and an initial, "Otieno M.", or empty.
func (p Party) ShortName() string {
	words := strings.Fields(p.Name)
	if len(words) == 0 {
		return ""
	}
	first := []rune(words[0])
	if len(first) > nameRunes {
		first = first[:nameRunes]
	}
	if len(words) == 1 {
		return string(first)
	}
	initial, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return string(first) + " " + string(initial) + "."
}

// Label names the party to the other side: "Otieno M. 0722***418", or the
// masked number alone.
func (p Party) Label() string {
	return strings.TrimSpace(p.ShortName() + " " + p.Phone.Masked())
}

// Called is the shortest name for the party: the short name, or the masked
// number where no name is known.
func (p Party) Called() string {
	if name := p.ShortName(); name != "" {
		return name
	}
	return p.Phone.Masked()
}

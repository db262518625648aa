package sms

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/gsm7"
	"github.com/voicepact/gateway/menus"
)

// oneSMS is how many septets fit into a message that costs one message.
const oneSMS = 160

// composer puts messages into words.
type composer struct {
	texts *menus.Catalogue
	known map[string]bool // keys that there is a text for
	dial  string
	help  string
}

func newComposer(serviceCode, helpPhone string) (*composer, error) {
	texts, err := loadTexts()
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, key := range texts.Keys(string(escrow.English)) {
		known[key] = true
	}
	return &composer{texts: texts, known: known, dial: serviceCode, help: helpPhone}, nil
}

// shown is what the texts may show, ready to be read.
type shown struct {
	Ref, Item, Amount, Other, Receipt, Code, By, Left string
	State, Next, Refusal, Reason, Words               string
	Dial, Help                                        string
}

// compose writes a message in its receiver's language, as one SMS. What a party
// wrote is cut where it does not fit, an instruction never is. code is the
// release code, where the template shows one.
func (c *composer) compose(m escrow.Message, code string) (string, error) {
	key := textKey(m)
	if !c.known[key] {
		return "", fmt.Errorf("no text for message %q", m.Template)
	}
	language := string(m.To.Language.Or(escrow.English))
	s := c.show(language, m, code)
	text := c.write(language, key, s)
	for _, words := range []*string{&s.Words, &s.Item, &s.Other} {
		over := septets(text) - oneSMS
		if over <= 0 {
			break
		}
		*words = strings.TrimSpace(gsm7.Cut(*words, max(septets(*words)-over, 0)))
		text = c.write(language, key, s)
	}
	return text, nil
}

func (c *composer) write(language, key string, s shown) string {
	return tidy(c.texts.Text(language, key, s))
}

func septets(text string) int {
	n, _ := gsm7.Septets(text) // composed text is clean
	return n
}

// textKey names the text of a message: the template, and what of the
// parameters calls for another sentence.
func textKey(m escrow.Message) string {
	key := string(m.Template)
	switch m.Template {
	case escrow.MsgProposed:
		key += "_" + string(m.Params.Role)
	case escrow.MsgDisputedOther:
		if m.Params.Words != "" {
			key = "disputed_words"
		}
	case escrow.MsgRefused:
		if m.Params.Ref == "" {
			key += "_bare"
		}
	default:
	}
	return key
}

// show puts the parameters of a message into words.
func (c *composer) show(language string, m escrow.Message, code string) shown {
	p := m.Params
	s := shown{
		Ref: string(p.Ref), Item: tidy(p.Item), Amount: p.Amount.String(), Other: tidy(p.Other),
		Receipt: p.Receipt, Code: code, By: c.day(language, p.DeliverBy), Left: strconv.Itoa(p.Left),
		Words: tidy(p.Words), Dial: c.dial, Help: c.help,
	}
	if s.Receipt == "" {
		s.Receipt = s.Ref // M-Pesa may confirm without one; something to quote comes first all the same
	}
	if m.Template == escrow.MsgSuggest || m.Template == escrow.MsgWhich {
		s.Words = strings.TrimSpace(c.optional(language, "word."+p.Words, s) + " " + s.Ref)
	}
	s.State = c.optional(language, "state."+string(p.State), s)
	s.Next = c.next(language, p, s)
	s.Refusal = c.optional(language, "refusal."+string(p.Code), s)
	s.Reason = c.optional(language, "reason."+reason(p.Result), s)
	return s
}

// tidy cleans a text and folds its spaces, so that what is measured is what is sent.
func tidy(text string) string {
	return strings.Join(strings.Fields(gsm7.Clean(text)), " ")
}

// next says what the reader can do: the state alone does not tell who proposed,
// so it goes by the open act first.
func (c *composer) next(language string, p escrow.MessageParams, s shown) string {
	if text := c.optional(language, "next."+string(p.State)+"_"+string(p.Act), s); text != "" {
		return text
	}
	return c.optional(language, "next."+string(p.State), s)
}

// optional returns the text of a key, or nothing where the key has none.
func (c *composer) optional(language, key string, s shown) string {
	if !c.known[key] {
		return ""
	}
	return c.texts.Text(language, key, s)
}

// day writes a date as people say it: "3 Dec".
func (c *composer) day(language, date string) string {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	months := strings.Fields(c.texts.Text(language, "date.months", nil))
	return strconv.Itoa(day.Day()) + " " + months[int(day.Month())-1]
}

// reason names what went wrong with a payment, from the result codes of STK
// push (Daraja portal). Codes that nobody can explain to a buyer say nothing.
func reason(code string) string {
	switch code {
	case "1":
		return "funds"
	case "1032":
		return "cancelled"
	case "1019", "1031", "1037", "timeout":
		return "silent"
	case "2001":
		return "pin"
	case "17", "26", "1001", "1025", "9999":
		return "busy"
	default:
		return ""
	}
}

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
	texts   *menus.Catalogue
	screens *menus.Catalogue // has the words of the reasons that USSD offers
	known   map[string]bool  // keys that there is a text for
	dial    string
	help    string
	payBill string
}

func newComposer(serviceCode, helpPhone, payBill string) (*composer, error) {
	texts, err := loadTexts()
	if err != nil {
		return nil, err
	}
	screens, err := menus.Texts()
	if err != nil {
		return nil, fmt.Errorf("sms texts: %w", err)
	}
	known := map[string]bool{}
	for _, key := range texts.Keys(string(escrow.English)) {
		known[key] = true
	}
	return &composer{texts: texts, screens: screens, known: known, dial: serviceCode, help: helpPhone, payBill: payBill}, nil
}

// shown is what the texts may show, ready to be read.
type shown struct {
	Ref, Item, Place, Quality, Amount, Due, Fee, Held, Gets, Other, Receipt, Code, By, Until, Left, Wait string
	Own, Rest                                                                                            string
	State, Next, Refusal, Reason, Words, On                                                              string
	Dial, Help, PayBill                                                                                  string

	// Tight is how much of what can be done without is to be left out.
	Tight int
}

// tightest is the last step of leaving out.
const tightest = 2

// compose writes a message in its receiver's language, or that of the message it
// answers, as one SMS. Where the longest wording of a text does not fit, a tighter
// one is taken; then what a party wrote is cut, an instruction never is. code is
// the release code, where the template shows one.
func (c *composer) compose(m escrow.Message, code string) (string, error) {
	key := textKey(m)
	if !c.known[key] {
		return "", fmt.Errorf("no text for message %q", m.Template)
	}
	language := string(m.Params.Language.Or(m.To.Language).Or(escrow.English))
	s := c.show(language, m, code)
	text := c.write(language, key, s)
	for septets(text) > oneSMS && s.Tight < tightest {
		s.Tight++
		text = c.write(language, key, s)
	}
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
		if m.To.Language == "" {
			key += "_first" // to whom we may be news
		}
	case escrow.MsgDisputedOther:
		if m.Params.Words != "" {
			key = "disputed_words"
		}
	case escrow.MsgPaymentFailed:
		if why := reason(m.Params.Result); why == "silent" || why == "funds" {
			key += "_" + why
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
		Ref: string(p.Ref), Item: tidy(p.Item), Place: tidy(p.Place), Quality: tidy(p.Quality),
		Amount: p.Amount.String(), Other: tidy(p.Other),
		Receipt: p.Receipt, Code: code, Own: p.Own.String(), Rest: p.Rest.String(),
		By: c.day(language, p.DeliverBy), Until: c.day(language, p.Until), On: c.day(language, p.On), Left: strconv.Itoa(p.Left),
		Wait: strconv.Itoa(p.Wait), PayBill: c.payBill,
		Words: tidy(c.screens.Said(language, p.Words)), Dial: c.dial, Help: c.help,
	}
	s.Due, s.Held, s.Gets = s.price(p.Due), s.price(p.Held), s.price(p.Gets)
	if p.Fee > 0 {
		s.Fee = p.Fee.String()
	}
	if s.Receipt == "" {
		s.Receipt = s.Ref // M-Pesa may confirm without one; something to quote comes first all the same
	}
	if m.Template == escrow.MsgSuggest || m.Template == escrow.MsgWhich {
		s.Words = strings.TrimSpace(c.first(language, s, "word."+p.Words) + " " + s.Ref)
	}
	s.State = c.first(language, s, stateKeys(p)...)
	s.Next = c.first(language, s, nextKeys(p)...)
	s.Refusal = c.first(language, s, refusalKeys(p)...)
	s.Reason = c.first(language, s, "reason."+reason(p.Result))
	return s
}

// price writes an amount, or the price in its place in a message that was written
// before there were fees.
func (s shown) price(amount escrow.Cents) string {
	if amount == 0 {
		return s.Amount
	}
	return amount.String()
}

// tidy cleans a text and folds its spaces, so that what is measured is what is sent.
func tidy(text string) string {
	return strings.Join(strings.Fields(gsm7.Clean(text)), " ")
}

// stateKeys name how a contract stands, the most telling first: with the payment,
// which only the answer to STATUS knows, and without.
func stateKeys(p escrow.MessageParams) []string {
	state := "state." + string(p.State)
	return []string{state + "_" + string(p.Payment), state}
}

// refusalKeys name why something is not done: that it was done before, and when, or
// the refusal.
func refusalKeys(p escrow.MessageParams) []string {
	refusal := "refusal." + string(p.Code)
	if p.Code == escrow.Already && p.Done != "" {
		return []string{"done." + p.Done, refusal}
	}
	return []string{refusal}
}

// nextKeys name what the reader can do: the state alone does not tell who
// proposed, so it goes by the open act first, in this state or in any.
func nextKeys(p escrow.MessageParams) []string {
	state := "next." + string(p.State)
	act := state + "_" + string(p.Act)
	return []string{act + "_" + string(p.Payment), act, "next." + string(p.Act), state}
}

// first returns the text of the first key that has one, or nothing.
func (c *composer) first(language string, s shown, keys ...string) string {
	for _, key := range keys {
		if c.known[key] {
			return c.texts.Text(language, key, s)
		}
	}
	return ""
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
// push (Daraja portal) and those that the escrow gives itself. Codes that nobody
// can explain to a buyer say nothing; "withdrawn" is told by the contract's end.
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
	case "stale":
		return "late"
	default:
		return ""
	}
}

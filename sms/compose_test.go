package sms

import (
	"slices"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/gsm7"
	"github.com/voicepact/gateway/menus"
)

func newTestComposer(tb testing.TB) *composer {
	tb.Helper()
	return composerFor(tb, "*384*12345#", "0700000000")
}

func composerFor(tb testing.TB, serviceCode, helpPhone string) *composer {
	tb.Helper()
	c, err := newComposer(serviceCode, helpPhone, "600992")
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestTextsAreTwins(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	if err := c.texts.Check(); err != nil {
		t.Error(err)
	}
	if want := []string{"en", "sw"}; !slices.Equal(c.texts.Languages(), want) {
		t.Errorf("languages %v, want %v", c.texts.Languages(), want)
	}
}

// longest is the longest data that a message can carry.
func longest(role escrow.Role, language escrow.Language) escrow.Message {
	return escrow.Message{
		To: escrow.Party{Phone: "+254712000001", Language: language},
		Params: escrow.MessageParams{
			Ref: "1234567890", Item: "Mahindi magunia 10 mazur", Amount: escrow.MaxAmount, Due: escrow.MaxAmount, Role: role,
			Other: escrow.Party{Phone: "+254722000418", Name: "Wanjikuwacha Mbugua"}.Label(),
			State: escrow.PaymentLocked, Receipt: "UJK7TEST01", DeliverBy: "2026-12-31", Until: "2027-01-31", Left: 4,
			Own: escrow.MaxAmount, Rest: escrow.MaxAmount,
		},
	}
}

// messages are every message there is, with the longest data.
func messages(language escrow.Language) []escrow.Message {
	templates := []escrow.Template{
		escrow.MsgProposed, escrow.MsgAgreedBuyer, escrow.MsgAgreedSeller, escrow.MsgDeclined, escrow.MsgCancelled,
		escrow.MsgPromptSent, escrow.MsgFundedBuyer, escrow.MsgFundedSeller, escrow.MsgDeliveredBuyer,
		escrow.MsgDeliveredSeller, escrow.MsgAcceptedBuyer, escrow.MsgAcceptedSeller, escrow.MsgCompletedBuyer,
		escrow.MsgCompletedSeller, escrow.MsgPaidSeller, escrow.MsgReleasedBuyer, escrow.MsgRefunded,
		escrow.MsgRefundAmount, escrow.MsgRefundPayer, escrow.MsgPayoutTomorrow, escrow.MsgPayoutNumber, escrow.MsgPayoutDelayed, escrow.MsgDisputedRaiser, escrow.MsgDisputedOther,
		escrow.MsgHelp, escrow.MsgUnknown, escrow.MsgNotUnderstood, escrow.MsgLanguage, escrow.MsgStop, escrow.MsgStart,
		escrow.MsgExpired, escrow.MsgWarnFirst, escrow.MsgWarnLast, escrow.MsgOverdue, escrow.MsgOverdueUnwarned,
		escrow.MsgInspectReminder, escrow.MsgInspectionOver, escrow.MsgConfirmReminder,
		escrow.MsgCancelAsked, escrow.MsgCancelAsking, escrow.MsgCancelKept, escrow.MsgWithdrawn, escrow.MsgWordAdded, escrow.MsgCancelRefused, escrow.MsgResolved,
		escrow.MsgPINSet, escrow.MsgPINChanged, escrow.MsgPINResetAsked, escrow.MsgPINLocked, escrow.MsgPINCleared,
	}
	var list []escrow.Message
	add := func(template escrow.Template, role escrow.Role, change func(*escrow.MessageParams)) {
		m := longest(role, language)
		m.Template = template
		change(&m.Params)
		list = append(list, m)
	}
	for _, role := range []escrow.Role{escrow.Buyer, escrow.Seller} {
		for _, template := range templates {
			add(template, role, func(*escrow.MessageParams) {})
		}
		add(escrow.MsgDetails, role, func(p *escrow.MessageParams) {
			p.Place, p.Quality = strings.Repeat("W", 24), strings.Repeat("€", 24)
		})
		add(escrow.MsgDisputedOther, role, func(p *escrow.MessageParams) { p.Words = strings.Repeat("rotten ", 40) })
		for _, code := range []string{"1", "1032", "1037", "2001", "26", "8006", "timeout", "stale", "withdrawn", ""} {
			add(escrow.MsgPaymentFailed, role, func(p *escrow.MessageParams) { p.Result = code })
		}
		for _, standing := range standings(role, payments()...) {
			add(escrow.MsgStatus, role, standing)
		}
		for _, standing := range standings(role, "") {
			add(escrow.MsgRefundComing, role, standing)
			for _, code := range contractRefusals() {
				add(escrow.MsgRefused, role, func(p *escrow.MessageParams) { standing(p); p.Code = code })
			}
			for _, done := range escrow.StaleActs() {
				add(escrow.MsgRefused, role, func(p *escrow.MessageParams) {
					standing(p)
					p.Code, p.Done, p.On = escrow.Already, done, "2026-12-31"
				})
			}
			add(escrow.MsgRefused, role, func(p *escrow.MessageParams) { standing(p); p.Code, p.On = escrow.Closed, "2026-12-31" })
		}
	}
	for _, code := range slices.Concat(contractRefusals(), bareRefusals()) {
		add(escrow.MsgRefused, escrow.Buyer, func(p *escrow.MessageParams) { *p = escrow.MessageParams{Code: code} })
	}
	for _, verb := range verbs() {
		add(escrow.MsgSuggest, escrow.Buyer, func(p *escrow.MessageParams) { *p = suggest(verb, p.Ref).params })
		add(escrow.MsgWhich, escrow.Buyer, func(p *escrow.MessageParams) {
			*p = which(verb, []escrow.Contract{{Ref: p.Ref}, {Ref: p.Ref}, {Ref: p.Ref}, {Ref: p.Ref}, {Ref: p.Ref}}).params
		})
	}
	return list
}

// standings are the ways in which a contract can stand before one side, with each
// of the payments.
func standings(role escrow.Role, payments ...escrow.PaymentStatus) []func(*escrow.MessageParams) {
	const tooMany = 5 // wrong codes
	var list []func(*escrow.MessageParams)
	add := func(c escrow.Contract, payment escrow.PaymentStatus) {
		list = append(list, func(p *escrow.MessageParams) {
			p.State, p.Act, p.Payment = c.State, paramsOf(c, role).Act, payment
		})
	}
	for _, state := range escrow.States() {
		for _, payment := range payments {
			add(escrow.Contract{State: state, Proposer: escrow.Buyer}, payment)
			add(escrow.Contract{State: state, Proposer: escrow.Seller}, payment)
			add(escrow.Contract{State: state, Proposer: escrow.Seller, CodeTries: tooMany}, payment)
			add(escrow.Contract{State: state, CancelBy: role.Other(), DisputedBy: role}, payment)
			add(escrow.Contract{State: state, CancelBy: role, DisputedBy: role}, payment)
		}
	}
	return list
}

func payments() []escrow.PaymentStatus {
	return []escrow.PaymentStatus{
		"", escrow.PaymentPending, escrow.PaymentHeld, escrow.PaymentReleased, escrow.PaymentRefunded, escrow.PaymentFailed,
	}
}

func contractRefusals() []escrow.Code {
	return []escrow.Code{
		escrow.NotYourTurn, escrow.Already, escrow.NotNow, escrow.Frozen, escrow.Closed, escrow.PromptOpen,
		escrow.CodeNeeded, escrow.CodeNotSent, escrow.BadCode, escrow.CodeLocked, escrow.CancelWaits, escrow.CancelCodeNeeded, escrow.Reminded,
		escrow.BadWords, escrow.Enough,
	}
}

func bareRefusals() []escrow.Code {
	return []escrow.Code{
		escrow.UnknownContract, escrow.BadPhone, escrow.SamePerson, escrow.AmountOutOfRange, escrow.BadItem, escrow.BadDetail,
		escrow.BadDate, escrow.KeyConflict,
	}
}

func verbs() []Verb {
	var list []Verb
	for _, e := range lexicon() {
		if !slices.Contains(list, e.verb) {
			list = append(list, e.verb)
		}
	}
	return list
}

// TestEveryMessageIsOneSMS also proves that nothing is cut but a party's own
// words: what was put in comes out whole, in one wording or another. The last two
// readers have not chosen a language; one of them wrote Kiswahili.
func TestEveryMessageIsOneSMS(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	used := map[string]bool{}
	for _, reader := range []struct{ chosen, wrote, gets escrow.Language }{
		{escrow.English, "", escrow.English},
		{escrow.Kiswahili, "", escrow.Kiswahili},
		{"", "", escrow.English},
		{"", escrow.Kiswahili, escrow.Kiswahili},
	} {
		for _, m := range messages(reader.chosen) {
			m.Params.Language = reader.wrote
			used[textKey(m)] = true
			text, err := c.compose(m, "8305")
			if err != nil {
				t.Fatal(err)
			}
			if n, ok := gsm7.Septets(text); !ok || n > oneSMS {
				t.Errorf("%s %s: %d septets (GSM-7: %t): %s", reader.gets, textKey(m), n, ok, text)
			}
			if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") || strings.Contains(text, "  ") {
				t.Errorf("%s %s shows %q", reader.gets, textKey(m), text)
			}
			whole := wordings(c, reader.gets, m)
			if m.Params.Words != strings.Repeat("rotten ", 40) && !slices.Contains(whole, text) {
				t.Errorf("%s %s does not fit whole: %q is none of %q", reader.gets, textKey(m), text, whole)
			}
		}
	}
	for key := range c.known {
		if !strings.Contains(key, ".") && !used[key] {
			t.Errorf("no message shows %q", key)
		}
	}
}

// wordings are what a message can be with nothing cut, the widest first.
func wordings(c *composer, language escrow.Language, m escrow.Message) []string {
	var list []string
	s := c.show(string(language), m, "8305")
	for s.Tight = 0; s.Tight <= tightest; s.Tight++ {
		list = append(list, c.write(string(language), textKey(m), s))
	}
	return list
}

// TestLongNumbersCutPartyWordsOnly takes numbers that are longer than those the
// texts were written for.
func TestLongNumbersCutPartyWordsOnly(t *testing.T) {
	t.Parallel()
	c := composerFor(t, "*384*1234567#", "+254700000000")
	for _, language := range []escrow.Language{escrow.English, escrow.Kiswahili} {
		for _, m := range messages(language) {
			text, err := c.compose(m, "8305")
			if err != nil {
				t.Fatal(err)
			}
			source := c.texts.Text(string(language), textKey(m), shown{Dial: "DIAL", Help: "HELP"})
			if n := septets(text); n > oneSMS {
				t.Errorf("%s %s: %d septets: %s", language, textKey(m), n, text)
			}
			if strings.Contains(source, "HELP") && !strings.Contains(text, c.help) {
				t.Errorf("%s %s lost the number: %s", language, textKey(m), text)
			}
		}
	}
}

func TestEveryRefusalAndStateHasWords(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	for _, code := range slices.Concat(contractRefusals(), bareRefusals()) {
		if !c.known["refusal."+string(code)] {
			t.Errorf("no text for refusal %s", code)
		}
	}
	for _, state := range escrow.States() {
		if !c.known["state."+string(state)] {
			t.Errorf("no text for state %s", state)
		}
		for _, role := range []escrow.Role{escrow.Buyer, escrow.Seller} {
			p := paramsOf(escrow.Contract{State: state, Proposer: escrow.Seller}, role)
			if !state.Terminal() && c.first("en", shown{}, nextKeys(p)...) == "" {
				t.Errorf("no text for what %s does in %s", role, state)
			}
		}
	}
	for _, verb := range verbs() {
		if !c.known["word."+string(verb)] {
			t.Errorf("no word for verb %s", verb)
		}
	}
}

// TestSuggestedWordsAreUnderstood types back what the texts tell people to type.
func TestSuggestedWordsAreUnderstood(t *testing.T) {
	t.Parallel()
	c, g := newTestComposer(t), NewGrammar()
	for _, language := range []string{"en", "sw"} {
		for _, verb := range verbs() {
			order := g.Read(c.texts.Text(language, "word."+string(verb), nil) + " 1234")
			if order.Verb != verb || order.Doubtful || order.Ref != "1234" {
				t.Errorf("the %s word for %s is read as %s", language, verb, order.describe())
			}
		}
	}
}

func TestWhatPartiesWriteIsCutToFit(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	m := longest(escrow.Buyer, escrow.English)
	m.Template = escrow.MsgDeliveredBuyer
	m.Params.Item = strings.Repeat("{", 24) // two septets each
	m.Params.Other = "\u0141ukasz \u017b. 0722***418\u2028\u200b"
	text, err := c.compose(m, "8305")
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := gsm7.Septets(text); !ok || n > oneSMS {
		t.Errorf("%d septets (GSM-7: %t): %s", n, ok, text)
	}
	for _, part := range []string{"Reply ACCEPT 1234567890 8305", "Ksh250,000", "DISPUTE 1234567890", "0722***418"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in %q", part, text)
		}
	}
}

func TestReceiptsBeginWithSomethingToQuote(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	for _, language := range []escrow.Language{escrow.English, escrow.Kiswahili} {
		for _, template := range []escrow.Template{
			escrow.MsgFundedBuyer, escrow.MsgPaidSeller, escrow.MsgReleasedBuyer, escrow.MsgRefunded, escrow.MsgRefundComing,
		} {
			m := longest(escrow.Buyer, language)
			m.Template = template
			for _, receipt := range []string{"UJK7TEST01", ""} {
				m.Params.Receipt = receipt
				want := receipt
				if receipt == "" {
					want = string(m.Params.Ref)
				}
				if text, err := c.compose(m, ""); err != nil || !strings.HasPrefix(text, want) {
					t.Errorf("%s %s begins otherwise: %q, %v", language, template, text, err)
				}
			}
		}
	}
}

func TestUnknownTemplateIsAnError(t *testing.T) {
	t.Parallel()
	if text, err := newTestComposer(t).compose(escrow.Message{Template: "no_such"}, ""); err == nil {
		t.Errorf("composed as %q", text)
	}
}

// TestFirstProposalSaysWhatThereIs takes people of whom nothing is known, with
// usual and with the longest data.
func TestFirstProposalSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	usual := longest(escrow.Buyer, "")
	usual.Params.Ref, usual.Params.Item, usual.Params.Amount = "1234", "Maize 10 bags", escrow.Shillings(3500)
	unnamed := usual
	unnamed.Params.Other = "0722***418"
	usual.Params.Other = "Otieno M. 0722***418"
	for want, m := range map[string]escrow.Message{
		"We hold the money. Reply ACCEPT 1234 or DECLINE 1234, or dial *384*12345#. Jibu KISWAHILI": unnamed,
		"We hold the money. Reply YES 1234 or NO 1234, or dial *384*12345#. Jibu KISWAHILI":         usual,
		"Reply YES 1234567890 or NO, or dial *384*12345#. Jibu KISWAHILI":                           longest(escrow.Seller, ""),
	} {
		m.Template = escrow.MsgProposed
		if text, err := c.compose(m, ""); err != nil || !strings.HasSuffix(text, want) {
			t.Errorf("got %q, %v, want %q", text, err, want)
		}
		m.To.Language = escrow.English
		if text, err := c.compose(m, ""); err != nil || strings.Contains(text, "KISWAHILI") {
			t.Errorf("somebody who chose English gets %q, %v", text, err)
		}
	}
}

// TestChosenReasonsAreTranslated shows what was chosen from a menu in the words
// of the reader's own menu, and what a party wrote as it was written.
func TestChosenReasonsAreTranslated(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	screens, err := menus.Texts()
	if err != nil {
		t.Fatal(err)
	}
	reasons := []string{"rotten", "menu", "trouble.maker"}
	for _, key := range screens.Keys("en") {
		if strings.HasPrefix(key, "trouble.") {
			reasons = append(reasons, key)
		}
	}
	for _, language := range []escrow.Language{escrow.English, escrow.Kiswahili} {
		for _, reason := range reasons {
			want := reason
			if screens.Has(reason) && reason != "menu" {
				want = screens.Text(string(language), reason, nil)
			}
			m := longest(escrow.Buyer, language)
			m.Template, m.Params.Words = escrow.MsgDisputedOther, reason
			m.Params.Item, m.Params.Ref = "Maize", "1234"
			if text, err := c.compose(m, ""); err != nil || !strings.Contains(text, `"`+want+`"`) {
				t.Errorf("%s %s: %q, %v", language, reason, text, err)
			}
		}
	}
}

func TestPaymentsOfOurOwnMaking(t *testing.T) {
	t.Parallel()
	c := newTestComposer(t)
	for code, want := range map[string]string{
		"stale":     " failed. The prompt could not be sent in time. To try again",
		"withdrawn": " failed. To try again",
		"timeout":   ": no answer, so not paid. Pay by M-Pesa: Pay Bill 600992, account 1234567890, Ksh250,000. Or reply PAY",
		"1":         " has too little for Ksh250,000. Add money, then reply PAY 1234567890, or Pay Bill 600992, account 1234567890",
	} {
		m := longest(escrow.Buyer, escrow.English)
		m.Template, m.Params.Result = escrow.MsgPaymentFailed, code
		if text, err := c.compose(m, ""); err != nil || !strings.Contains(text, want) {
			t.Errorf("%s: %q, %v", code, text, err)
		}
	}
}

package sms

import (
	"strings"

	"github.com/voicepact/gateway/escrow"
)

// Order is what a message says, as far as it can be read without knowing any
// contract.
type Order struct {
	Verb     Verb
	Ref      escrow.Ref      // empty where none was given, or none that can exist
	BadRef   bool            // a number was given where the reference belongs, but no reference is like it
	Code     string          // the release code, four digits
	Words    string          // what a dispute is about, in the writer's words
	Language escrow.Language // of the verb; with VerbLanguage the one asked for
	Doubtful bool            // a near miss, or words that contradict the verb: ask, do not act
}

// Grammar reads messages of the form VERB REF [CODE] [words], in English and
// Kiswahili, however they are typed. It holds tables only and is safe for
// concurrent use.
type Grammar struct {
	verbs     map[string]meaning
	whole     map[string]meaning
	languages map[string]meaning
	openers   map[string]bool
	nouns     map[string]bool
	fillers   map[string]bool
	labels    map[string]bool
	doubts    map[string]bool
	money     map[string]bool
	praise    map[string]bool
	over      map[string]bool
}

// NewGrammar makes the tables.
func NewGrammar() *Grammar {
	return &Grammar{
		verbs: index(lexicon()), whole: index(whole()), languages: index(languages()),
		openers: set(openers), nouns: set(nouns), fillers: set(fillers), labels: set(labels), doubts: set(doubts), money: set(money),
		praise: set(praise), over: set(over),
	}
}

// readLimit is how many characters of a message are read: eight SMS.
const readLimit = 1200

// Read reads one message. It never fails: what it cannot read is [VerbNone].
func (g *Grammar) Read(text string) Order {
	if runes := []rune(text); len(runes) > readLimit {
		text = string(runes[:readLimit])
	}
	text = normalise(text)
	tokens := scan(text)
	if len(tokens) == 1 {
		if m, ok := g.whole[tokens[0].text]; ok {
			return Order{Verb: m.verb, Language: m.language}
		}
	}
	for len(tokens) > 1 && g.openers[tokens[0].text] {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 {
		return Order{}
	}
	s := &sentence{grammar: g, text: text, tokens: tokens, verb: none, ref: span{none, none}, code: span{none, none}}
	s.skipNouns()
	return s.read()
}

// none is the place of a token that there is not.
const none = -1

// span is a range of tokens, [from, to).
type span struct{ from, to int }

func (s span) holds(i int) bool { return s.from != none && s.from <= i && i < s.to }

// sentence is one message under the reader's eyes: which token is the verb and
// which are the reference and the code.
type sentence struct {
	grammar *Grammar
	text    string
	tokens  []token
	verb    int
	ref     span
	code    span
	order   Order
}

// skipNouns passes over what only names the thing: "order no. 1234", "bidhaa
// zimefika 1234".
func (s *sentence) skipNouns() {
	at := 0
	for at < len(s.tokens)-1 && !s.tokens[at].number && s.isFiller(at) {
		at++
	}
	s.tokens = s.tokens[at:]
}

func (s *sentence) read() Order {
	first := s.tokens[0]
	switch {
	case first.number:
		s.readBare()
	case s.readLanguage():
		return s.order
	case s.isVerb(0):
		s.takeVerb(0)
	case s.isNear(0):
		s.takeVerb(0)
		s.order.Doubtful = true
	default:
		s.readStrange()
	}
	s.findRef()
	s.findCode()
	s.weigh()
	s.findWords()
	return s.order
}

// readLanguage reads "KISWAHILI" and "LANGUAGE ENGLISH".
func (s *sentence) readLanguage() bool {
	m, ok := s.grammar.languages[s.tokens[0].text]
	if !ok {
		return false
	}
	if len(s.tokens) > 1 {
		if second, ok := s.grammar.languages[s.tokens[1].text]; ok {
			m = second
		}
	}
	s.order = Order{Verb: m.verb, Language: m.language}
	return true
}

// readBare reads a message that begins with a number: the verb follows it, or
// there is none and the number alone asks how things stand.
func (s *sentence) readBare() {
	at := 0
	for at < len(s.tokens) && (s.tokens[at].number || s.isFiller(at)) {
		at++
	}
	switch {
	case at == len(s.tokens):
		s.order.Verb = VerbStatus
	case s.isVerb(at):
		s.takeVerb(at)
	case s.isNear(at):
		s.takeVerb(at)
		s.order.Doubtful = true
	}
}

// readStrange reads a message that begins with a word we do not know. A verb
// further on is no more than a hint of what was meant.
func (s *sentence) readStrange() {
	found := none
	for i := range s.tokens {
		if s.isDoubt(i) {
			return
		}
		if !s.isVerb(i) {
			continue
		}
		if found != none {
			return
		}
		found = i
	}
	if found != none {
		s.takeVerb(found)
		s.order.Doubtful = true
	}
}

func (s *sentence) isVerb(i int) bool {
	_, ok := s.grammar.verbs[s.tokens[i].text]
	return ok
}

func (s *sentence) isNear(i int) bool {
	_, ok := nearest(s.tokens[i].text, s.grammar.verbs)
	return ok
}

func (s *sentence) takeVerb(i int) {
	m, ok := s.grammar.verbs[s.tokens[i].text]
	if !ok {
		m, _ = nearest(s.tokens[i].text, s.grammar.verbs)
	}
	s.verb, s.order.Verb, s.order.Language = i, m.verb, m.language
}

// isFiller reports a word that says nothing beside the verb.
func (s *sentence) isFiller(i int) bool {
	word := s.tokens[i].text
	if word == "NO" {
		return i > 0 && s.grammar.nouns[s.tokens[i-1].text]
	}
	return s.grammar.fillers[word] || s.grammar.nouns[word] || s.grammar.openers[word]
}

func (s *sentence) isDoubt(i int) bool {
	word := s.tokens[i].text
	return !s.tokens[i].number && !s.isFiller(i) && (s.grammar.doubts[word] || negated(word))
}

// maxBetween is how many words may stand between a verb that acts and its
// reference before we ask.
const maxBetween = 3

// weigh decides whether the words around an acting verb leave a doubt; a question
// does. The words of a dispute are its reason, and it only freezes.
func (s *sentence) weigh() {
	if s.order.Verb == VerbDispute && s.isOver() {
		s.order.Doubtful = true
	}
	if !s.order.Verb.Acts() || s.order.Verb == VerbDispute {
		return
	}
	between := 0
	for i, t := range s.tokens {
		if i == s.verb || s.isFiller(i) {
			continue
		}
		if t.number {
			s.weighNumber(i)
			continue
		}
		s.weighWord(i)
		if s.ref.from != none && s.verb < i && i < s.ref.from {
			between++
		}
	}
	if between > maxBetween || strings.ContainsRune(s.text, '?') {
		s.order.Doubtful = true
	}
}

// isOver reports a problem that is said to be none any more, unless that is denied.
func (s *sentence) isOver() bool {
	over := false
	for i, t := range s.tokens {
		if s.isDoubt(i) {
			return false
		}
		over = over || s.grammar.over[t.text] || s.grammar.verbs[t.text].verb == VerbWithdraw
	}
	return over
}

// weighNumber makes a number beside a code a doubt: "ACCEPT 1234 8305 all 7".
func (s *sentence) weighNumber(i int) {
	if s.order.Code != "" && !s.ref.holds(i) && !s.code.holds(i) {
		s.order.Doubtful = true
	}
}

// weighWord lets one more word count: the same verb again says nothing new, a
// kind of delivery makes CONFIRM precise, anything that contradicts is a doubt.
// Beside a code every word is one that does not say that all is well: a code
// moves all the money, and "half is wet" is said in more words than we know.
func (s *sentence) weighWord(i int) {
	word := s.tokens[i].text
	verb := s.grammar.verbs[word].verb
	coded := s.order.Code != ""
	switch {
	case verb == s.order.Verb, coded && s.grammar.praise[word]:
	case s.order.Verb == VerbConfirm && (verb == VerbDelivered || verb == VerbReceived),
		s.order.Verb == VerbAccept && verb == VerbReceived:
		s.order.Verb = verb
	case s.order.Verb != VerbPay && s.grammar.money[word]:
		s.order.Doubtful = true
	case verb != VerbNone, s.isDoubt(i), coded && !s.grammar.labels[word]:
		s.order.Doubtful = true
	}
}

// findWords collects the reason of a dispute: everything but verb and reference.
func (s *sentence) findWords() {
	if s.order.Verb != VerbDispute {
		return
	}
	var reason strings.Builder
	from := s.tokens[0].start
	for i, t := range s.tokens {
		if i != s.verb && !s.ref.holds(i) {
			continue
		}
		reason.WriteString(s.text[from:t.start] + " ")
		from = t.end
	}
	reason.WriteString(s.text[from:])
	s.order.Words = fold(reason.String(), escrow.MaxWords)
}

package sms

import (
	"strings"

	"github.com/voicepact/gateway/escrow"
)

const (
	// codeDigits is the length of a release code.
	codeDigits = 4
	// refDigits is the length of the shortest reference: a shorter number is
	// a count of bags, not a slip in a reference.
	refDigits = 4
	// longestRef is the length of the longest one, and keeps the search in a
	// message of nothing but numbers short.
	longestRef = 10
)

// findRef looks for the reference among the numbers of the message: the first
// one whose check digit is right.
func (s *sentence) findRef() {
	bad := false
	for i := 0; i < len(s.tokens); i++ {
		run := s.run(i)
		if len(run) == 0 {
			continue
		}
		if ref, used, ok := s.readRef(run); ok {
			s.order.Ref, s.ref = ref, span{i, i + used}
			return
		}
		bad = bad || len(join(run)) >= refDigits
		i += len(run) - 1
	}
	s.order.BadRef = bad
}

// run returns the numbers that stand side by side from token i on.
func (s *sentence) run(i int) []token {
	end := i
	for end < len(s.tokens) && s.tokens[end].number {
		end++
	}
	return s.tokens[i:end]
}

// readRef reads a reference at the start of a run of numbers, which people
// group as they like: "12 34". Where a release code may follow, the cut that
// leaves one is the best; otherwise the shortest reference is, because long
// ones do not exist before short ones are used up.
func (s *sentence) readRef(run []token) (escrow.Ref, int, bool) {
	var ref escrow.Ref
	used := 0
	for cut := 1; cut <= len(run) && len(join(run[:cut])) <= longestRef; cut++ {
		candidate, err := escrow.ParseRef(join(run[:cut]))
		if err != nil {
			continue
		}
		if used == 0 {
			ref, used = candidate, cut
		}
		if s.order.Verb.takesCode() && len(join(run[cut:])) == codeDigits {
			return candidate, cut, true
		}
	}
	if used > 0 {
		return ref, used, true
	}
	return s.readGlued(run)
}

// readGlued reads a reference with the release code typed right behind it.
func (s *sentence) readGlued(run []token) (escrow.Ref, int, bool) {
	number := join(run[:1])
	if !s.order.Verb.takesCode() || len(number) < refDigits+codeDigits || len(number) > longestRef+codeDigits {
		return "", 0, false
	}
	cut := len(number) - codeDigits
	ref, err := escrow.ParseRef(number[:cut])
	if err != nil {
		return "", 0, false
	}
	s.order.Code = number[cut:]
	return ref, 1, true
}

// findCode takes the number after the reference, or after a verb that follows
// the reference, for the release code. Another length is no code: it must not
// cost one of the tries.
func (s *sentence) findCode() {
	if !s.order.Verb.takesCode() || s.ref.from == none || s.order.Code != "" {
		return
	}
	at := s.ref.to
	for at < len(s.tokens) && (at == s.verb || s.grammar.labels[s.tokens[at].text]) {
		at++
	}
	run := s.run(at)
	if code := join(run); len(code) == codeDigits {
		s.order.Code, s.code = code, span{at, at + len(run)}
	}
}

func join(run []token) string {
	var number strings.Builder
	for _, t := range run {
		number.WriteString(digits(t.text))
	}
	return number.String()
}

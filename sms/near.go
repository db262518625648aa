package sms

// shortestNear is the shortest word that a near miss is looked for: below it
// too many honest words are one letter from a verb.
const shortestNear = 5

// longestNear bounds the words that are compared.
const longestNear = 16

// nearest returns the one verb that word misses by a single letter: one left
// out, one too many, one wrong, or two swapped. Where two verbs are as near,
// there is none.
func nearest(word string, table map[string]meaning) (meaning, bool) {
	if len(word) < shortestNear || len(word) > longestNear {
		return meaning{}, false
	}
	var found meaning
	for known, m := range table {
		if len(known) < shortestNear || !oneApart(word, known) {
			continue
		}
		if found.verb != "" && found.verb != m.verb {
			return meaning{}, false
		}
		// English wins where a misspelling is near to both languages' words,
		// so that the order of the table does not decide.
		if found.verb == "" || m.language < found.language {
			found = m
		}
	}
	return found, found.verb != ""
}

// oneApart reports whether two words differ by exactly one slip.
func oneApart(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	at := 0
	for at < len(a) && a[at] == b[at] {
		at++
	}
	rest, other := a[at:], b[at:]
	switch {
	case len(b)-len(a) == 1:
		return rest == other[1:]
	case len(a) != len(b), rest == "":
		return false
	case rest[1:] == other[1:]:
		return true
	default:
		return len(rest) > 1 && rest[0] == other[1] && rest[1] == other[0] && rest[2:] == other[2:]
	}
}

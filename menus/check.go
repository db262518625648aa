package menus

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// maxChoices is how many choices a screen has beside the ways back, home, on
// and to the menu.
const maxChoices = 5

// numbered finds a choice written into a text: numbers come from the tree, so
// that they cannot differ between languages.
var numbered = regexp.MustCompile(`(?m)^\s*\d+[.)]\s`)

// Check reports what is wrong with the tree and its texts: targets that are
// missing, screens that nobody reaches or nobody leaves, texts that a language
// lacks, numbers in texts, and screens with too many choices.
func (m *Menu) Check(c *Catalogue) error {
	problems := []error{c.Check(), m.checkReach()}
	for _, key := range slices.Sorted(maps.Keys(m.nodes)) {
		problems = append(problems, m.checkNode(m.nodes[key]), m.checkTexts(m.nodes[key], c))
	}
	for _, key := range []string{"nav.back", "nav.home", "nav.exit", "nav.more", wrongChoice} {
		if !c.Has(key) {
			problems = append(problems, fmt.Errorf("no text for %q in every language", key))
		}
	}
	return errors.Join(problems...)
}

// targets lists where a node can lead.
func targets(node Node) []string {
	list := slices.Concat(node.Rows, node.Forks)
	for _, choice := range node.Choices {
		list = append(list, choice.Target)
	}
	if node.Input != nil {
		list = append(list, node.Input.Target)
	}
	return list
}

func (m *Menu) checkReach() error {
	reached := map[string]bool{NodeBye: true}
	next := []string{NodeHome}
	for len(next) > 0 {
		key := next[0]
		next = next[1:]
		if reached[key] || key == Back {
			continue
		}
		reached[key] = true
		next = append(next, targets(m.nodes[key])...)
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(m.nodes)) {
		if !reached[key] {
			problems = append(problems, fmt.Errorf("node %q: nothing leads here", key))
		}
	}
	return errors.Join(problems...)
}

func (m *Menu) checkNode(node Node) error {
	var problems []error
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("node %q: "+format, append([]any{node.Key}, args...)...))
	}
	for _, target := range targets(node) {
		if _, ok := m.nodes[target]; !ok && target != Back {
			report("leads to %q, which does not exist", target)
		}
	}
	if !m.resumes(node) {
		report("resumes at %q, which is no screen that a call can go on from", node.Resume)
	}
	if node.Ends && len(targets(node)) > 0 {
		report("ends the session and leads on")
	}
	if list := len(node.Rows) > 0 || node.Shows == FromHistory; list != (node.Size > 0) || node.Size > maxChoices {
		report("a list of %d rows a page", node.Size)
	}
	if len(node.Forks) > 0 && (len(node.Choices) > 0 || node.Input != nil) {
		report("is a fork and asks something")
	}
	return errors.Join(slices.Concat(problems, checkNumbers(node), checkWords(node))...)
}

// resumes reports whether a call that is cut off at the node can go on, where it
// says so.
func (m *Menu) resumes(node Node) bool {
	to, ok := m.nodes[node.Resume]
	return node.Resume == "" || ok && !to.Ends && to.Resume == node.Resume
}

// checkWords finds acts, kinds and sources that nobody knows: a word that is
// misspelt.
func checkWords(node Node) []error {
	var problems []error
	unknown := func(what, word string) {
		problems = append(problems, fmt.Errorf("node %q: there is no %s %q", node.Key, what, word))
	}
	if !slices.Contains(Sources(), node.Shows) {
		unknown("source", string(node.Shows))
	}
	input := node.Input
	if input == nil {
		input = &Input{}
	}
	look := func(act Act, kind Kind) {
		if act != "" && !slices.Contains(Acts(), act) {
			unknown("act", string(act))
		}
		if !slices.Contains(Kinds(), kind) {
			unknown("kind of answer", string(kind))
		}
	}
	look(input.Act, input.Kind)
	for _, choice := range node.Choices {
		look(choice.Act, choice.Set.Kind)
	}
	return problems
}

// checkNumbers looks at the choices of a node: their numbers are single digits
// without gaps, and one number means two things only where the data decides.
func checkNumbers(node Node) []error {
	var problems []error
	seen := map[string][]Choice{}
	for _, choice := range node.Choices {
		if choice.Target == "" {
			problems = append(problems, fmt.Errorf("node %q: choice %s leads nowhere", node.Key, choice.Number))
		}
		for _, other := range seen[choice.Number] {
			if choice.Needs == "" || other.Needs == "" || choice.Needs == other.Needs {
				problems = append(problems, fmt.Errorf("node %q: two choices %s at once", node.Key, choice.Number))
			}
		}
		seen[choice.Number] = append(seen[choice.Number], choice)
	}
	delete(seen, KeyMenu)
	if len(seen) > maxChoices {
		problems = append(problems, fmt.Errorf("node %q: %d choices", node.Key, len(seen)))
	}
	for i := range len(seen) {
		if number := string(rune('1' + i)); len(seen[number]) == 0 {
			problems = append(problems, fmt.Errorf("node %q: no choice %s", node.Key, number))
		}
	}
	return problems
}

func (m *Menu) checkTexts(node Node, c *Catalogue) error {
	var problems []error
	var keys []string
	if len(node.Forks) == 0 {
		keys = append(keys, node.Key)
	}
	for _, choice := range node.Choices {
		keys = append(keys, choice.Label)
	}
	for _, key := range keys {
		if !c.Has(key) {
			problems = append(problems, fmt.Errorf("node %q: no text for %q in every language", node.Key, key))
		}
		for _, code := range c.Languages() {
			if text := c.sources[code][key]; numbered.MatchString(text) {
				problems = append(problems, fmt.Errorf("node %q: %s text %q holds a number of its own", node.Key, code, key))
			}
		}
	}
	return errors.Join(problems...)
}

package menus

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Graph draws the menu as a Mermaid flow chart, with the words of a language on the
// arrows. Ways back and home are left out: every screen has them.
func (m *Menu) Graph(c *Catalogue, language string) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, key := range slices.Sorted(maps.Keys(m.nodes)) {
		node := m.nodes[key]
		fmt.Fprintf(&b, "    %s%s\n", key, shape(node))
		for _, a := range arrows(node, c, language) {
			fmt.Fprintf(&b, "    %s -->|%q| %s\n", key, a.label, a.to)
		}
	}
	return b.String()
}

// shape tells ends, forks, questions and lists apart.
func shape(node Node) string {
	switch {
	case node.Ends:
		return "([" + node.Key + "])"
	case len(node.Forks) > 0:
		return "{" + node.Key + "}"
	case node.Size > 0:
		return "[[" + node.Key + "]]"
	case node.Input != nil && len(node.Choices) == 0:
		return "[/" + node.Key + "/]"
	default:
		return "[" + node.Key + "]"
	}
}

type arrow struct{ label, to string }

func arrows(node Node, c *Catalogue, language string) []arrow {
	var list []arrow
	add := func(label, to string) {
		if to != Back && !slices.Contains(list, arrow{label, to}) {
			list = append(list, arrow{label, to})
		}
	}
	for _, fork := range node.Forks {
		add("", fork)
	}
	for _, row := range node.Rows {
		add("a row", row)
	}
	for _, choice := range node.Choices {
		add(choice.Number+" "+c.Text(language, choice.Label, nil), choice.Target)
	}
	if node.Input != nil && node.Input.Name != NameDialled {
		add("typed", node.Input.Target)
	}
	return list
}

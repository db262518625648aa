package menus

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"

	"github.com/BurntSushi/toml"
)

//go:embed tree.toml
var tree string

// Built returns VoicePact's menu, as tree.toml describes it.
func Built() (*Menu, error) { return Parse(tree) }

// Parse reads a menu of a text like tree.toml. It refuses keys that it does not
// know; the rest is for [Menu.Check] to find.
func Parse(text string) (*Menu, error) {
	var nodes map[string]Node
	meta, err := toml.Decode(text, &nodes)
	if err != nil {
		return nil, fmt.Errorf("menu: %w", err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("menu: unknown keys %v", unknown)
	}
	for key, node := range nodes {
		node.Key = key
		nodes[key] = node
	}
	return &Menu{nodes: nodes}, nil
}

// Nodes lists the nodes by their keys.
func (m *Menu) Nodes() []Node {
	nodes := make([]Node, 0, len(m.nodes))
	for _, key := range slices.Sorted(maps.Keys(m.nodes)) {
		nodes = append(nodes, m.nodes[key])
	}
	return nodes
}

package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/caarlos0/env/v11"
)

// ofCommands are read by commands, beside the configuration of serve.
func ofCommands() []string {
	return []string{"OPERATOR_KEY", "SECOND_OPERATOR_KEY", "APP_ROLE_PASSWORD"}
}

func variables(t *testing.T) []string {
	t.Helper()
	params, err := env.GetFieldParams(&config{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range params {
		names = append(names, p.Key)
	}
	if !slices.Contains(names, "DARAJA_PULL_BY_GET") {
		t.Fatalf("the configuration is not read: %v", names)
	}
	return names
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every variable that is read stands in the README and in .env.example, and
// nothing stands there that is not read.
func TestEveryVariableIsDocumented(t *testing.T) {
	t.Parallel()
	readme, example, compose := document(t, "README.md"), document(t, ".env.example"), document(t, "compose.yaml")
	known := variables(t)
	for _, name := range append(ofCommands(), known...) {
		if !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("%s is not in README.md", name)
		}
	}
	var shown []string
	for _, line := range regexp.MustCompile(`(?m)^#?([A-Z][A-Z0-9_]+)=`).FindAllStringSubmatch(example, -1) {
		shown = append(shown, line[1])
	}
	for _, name := range known {
		byCompose := regexp.MustCompile(`(?m)^    ` + name + `: \S`).MatchString(compose)
		if !byCompose && !slices.Contains(shown, name) {
			t.Errorf("%s is neither in .env.example nor set by compose.yaml", name)
		}
	}
	for _, name := range shown {
		if !slices.Contains(known, name) && !strings.Contains(compose, "${"+name+":") {
			t.Errorf("%s stands in .env.example, and nothing reads it", name)
		}
	}
}

// A line of .env.example that shows a default shows the one that holds.
func TestDefaultsAreShownAsTheyAre(t *testing.T) {
	t.Parallel()
	params, err := env.GetFieldParams(&config{})
	if err != nil {
		t.Fatal(err)
	}
	example, compared := document(t, ".env.example"), 0
	for _, p := range params {
		line := regexp.MustCompile(`(?m)^#` + p.Key + `=(.*)$`).FindStringSubmatch(example)
		if line == nil || !p.HasDefaultValue {
			continue
		}
		compared++
		if line[1] != p.DefaultValue {
			t.Errorf("%s is shown as %q, and is %q where it is not set", p.Key, line[1], p.DefaultValue)
		}
	}
	if compared < 5 {
		t.Errorf("only %d defaults were compared", compared)
	}
}

// Every command stands in docs/operating.md, explains itself, and belongs to a group
// of the help.
func TestEveryCommandIsDocumented(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, kong.ExplicitGroups(groups()))
	if err != nil {
		t.Fatal(err)
	}
	page := document(t, "docs/operating.md")
	leaves := parser.Model.Leaves(false)
	if len(leaves) < 20 {
		t.Fatalf("%d commands", len(leaves))
	}
	for _, leaf := range leaves {
		name := leaf.Path()
		name = strings.TrimPrefix(name, parser.Model.Name+" ")
		if !regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(name) + "[ `]").MatchString(page) {
			t.Errorf("%q is not in docs/operating.md", name)
		}
		if leaf.Help == "" || leaf.ClosestGroup() == nil || leaf.ClosestGroup().Title == leaf.ClosestGroup().Key {
			t.Errorf("%q has no help or no group", name)
		}
	}
}

package menus

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// fallback is the language of callers whose own has no file.
const fallback = "en"

// Catalogue holds the texts of every language. It is safe for concurrent use.
type Catalogue struct {
	speakers map[string]*i18n.Localizer
	sources  map[string]map[string]string // language → key → text as written
}

// LoadCatalogue reads every *.toml at the root of files. A file is named after
// its language ("en.toml") and holds one text per key; tables nest with dots.
// English must be among them: it stands in for every language that is not.
func LoadCatalogue(files fs.FS) (*Catalogue, error) {
	names, err := fs.Glob(files, "*.toml")
	if err != nil {
		return nil, fmt.Errorf("list texts: %w", err)
	}
	c := &Catalogue{speakers: map[string]*i18n.Localizer{}, sources: map[string]map[string]string{}}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, name := range names {
		if err := c.load(bundle, files, name); err != nil {
			return nil, err
		}
	}
	if c.sources[fallback] == nil {
		return nil, fmt.Errorf("texts: no %s.toml", fallback)
	}
	for code := range c.sources {
		c.speakers[code] = i18n.NewLocalizer(bundle, code)
	}
	return c, nil
}

func (c *Catalogue) load(bundle *i18n.Bundle, files fs.FS, name string) error {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	code := strings.TrimSuffix(path.Base(name), ".toml")
	if _, err := language.Parse(code); err != nil {
		return fmt.Errorf("texts %s: %w", name, err)
	}
	file, err := bundle.ParseMessageFileBytes(content, name)
	if err != nil {
		return fmt.Errorf("texts %s: %w", name, err)
	}
	c.sources[code] = make(map[string]string, len(file.Messages))
	for _, message := range file.Messages {
		c.sources[code][message.ID] = message.Other
	}
	return nil
}

// Text fills the text of key with data, in the language or, where that has no
// file, in English. A key that no file has, or a template that does not fit
// data, is a mistake in the program: the key itself comes back, which
// [Catalogue.Check] and the render tests find first.
func (c *Catalogue) Text(code, key string, data any) string {
	speaker, ok := c.speakers[code]
	if !ok {
		speaker = c.speakers[fallback]
	}
	text, err := speaker.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data})
	var missing *i18n.MessageNotFoundErr
	if err != nil && (text == "" || !errors.As(err, &missing)) {
		return key
	}
	return text
}

// Languages lists the codes that have a file, sorted.
func (c *Catalogue) Languages() []string { return slices.Sorted(maps.Keys(c.sources)) }

// Keys lists the keys that a language has, sorted.
func (c *Catalogue) Keys(code string) []string { return slices.Sorted(maps.Keys(c.sources[code])) }

// Has reports whether every language has a text for key.
func (c *Catalogue) Has(key string) bool {
	for _, texts := range c.sources {
		if texts[key] == "" {
			return false
		}
	}
	return true
}

// Reasons begins the key of each reason for a dispute that a screen offers.
const Reasons = "trouble."

// Said returns a party's own words about a problem as they are, and for the key of a
// reason that was chosen on a screen the words that a reader would have seen there.
func (c *Catalogue) Said(code, words string) string {
	if strings.HasPrefix(words, Reasons) && c.Has(words) {
		return c.Text(code, words, nil)
	}
	return words
}

// Check reports every key that one language has and another lacks, and every
// text that shows other data than its English twin.
func (c *Catalogue) Check() error {
	var problems []error
	english := c.sources[fallback]
	for _, code := range c.Languages() {
		texts := c.sources[code]
		for _, key := range slices.Sorted(maps.Keys(english)) {
			if texts[key] == "" {
				problems = append(problems, fmt.Errorf("%s: no text for %q", code, key))
				continue
			}
			problems = append(problems, samePlaceholders(code, key, english[key], texts[key]))
		}
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			if _, ok := english[key]; !ok {
				problems = append(problems, fmt.Errorf("%s: %q has no English twin", code, key))
			}
		}
	}
	return errors.Join(problems...)
}

func samePlaceholders(code, key, english, text string) error {
	want, err := placeholders(english)
	if err != nil {
		return fmt.Errorf("en: %q: %w", key, err)
	}
	got, err := placeholders(text)
	if err != nil {
		return fmt.Errorf("%s: %q: %w", code, key, err)
	}
	if !slices.Equal(want, got) {
		return fmt.Errorf("%s: %q shows %v, English shows %v", code, key, got, want)
	}
	return nil
}

// placeholders lists the fields that a template uses, sorted.
func placeholders(text string) ([]string, error) {
	tree := parse.New("text")
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(text, "", "", map[string]*parse.Tree{}); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	found := map[string]bool{}
	collect(tree.Root, found)
	return slices.Sorted(maps.Keys(found)), nil
}

func collect(node parse.Node, found map[string]bool) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			collect(child, found)
		}
	case *parse.ActionNode:
		collect(n.Pipe, found)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			collect(command, found)
		}
	case *parse.CommandNode:
		for _, argument := range n.Args {
			collect(argument, found)
		}
	case *parse.FieldNode:
		found[strings.Join(n.Ident, ".")] = true
	case *parse.IfNode:
		collectBranch(&n.BranchNode, found)
	case *parse.WithNode:
		collectBranch(&n.BranchNode, found)
	case *parse.RangeNode:
		collectBranch(&n.BranchNode, found)
	default:
	}
}

func collectBranch(n *parse.BranchNode, found map[string]bool) {
	collect(n.Pipe, found)
	collect(n.List, found)
	collect(n.ElseList, found)
}

package testkit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/voicepact/gateway"

// directions says which of our packages a folder's packages may import; cmd may
// import all. The linter says the same, but is not to be had everywhere.
func directions() map[string][]string {
	return map[string][]string{
		"escrow":      nil,
		"menus":       nil,
		"migrations":  nil,
		"ussd":        {"escrow", "menus", "internal/gsm7"},
		"sms":         {"escrow", "menus", "internal/gsm7", "internal/outcall"},
		"mobilemoney": {"escrow", "internal/outcall"},
		"store":       {"escrow", "migrations"},
		"internal":    nil,
		// Proves what the store holds, for the program and for tests.
		"internal/audit":    {"escrow", "store"},
		"internal/evidence": {"escrow", "store", "internal/audit"},
		// The simulator and its bank, and the phone in a terminal that uses it.
		"internal/simulator": nil,
		"internal/handset":   {"internal/simulator", "internal/transcript"},
		// Help for tests, which only tests import.
		"internal/testkit": nil,
		"store/storetest":  {"escrow", "migrations", "store", "internal/audit", "internal/testkit"},
	}
}

type source struct {
	folder string // slashed, relative to the module's root
	name   string
	file   *ast.File
	lines  int
}

func (s source) test() bool { return strings.HasSuffix(s.name, "_test.go") }

func TestImportsPointInwards(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		rule, allowed := ruleFor(s.folder)
		if s.test() || rule == "" {
			continue
		}
		for _, spec := range s.file.Imports {
			ours, ok := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module+"/")
			inside := ours == rule || rule != "internal" && strings.HasPrefix(ours, rule+"/")
			if ok && !inside && !slices.Contains(allowed, ours) {
				t.Errorf("%s/%s imports %s", s.folder, s.name, ours)
			}
		}
	}
}

// ruleFor returns the rule of the longest matching folder, or "" for cmd.
func ruleFor(folder string) (rule string, allowed []string) {
	for candidate, imports := range directions() {
		if (folder == candidate || strings.HasPrefix(folder, candidate+"/")) && len(candidate) > len(rule) {
			rule, allowed = candidate, imports
		}
	}
	return rule, allowed
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	const longest = 400
	for _, s := range sources(t) {
		if s.lines > longest {
			t.Errorf("%s/%s has %d lines, want %d at most", s.folder, s.name, s.lines, longest)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test() {
			documented[s.folder] = documented[s.folder] || s.file.Doc != nil
		}
	}
	const fewest = 8
	if len(documented) < fewest {
		t.Errorf("found %d packages only", len(documented))
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment", folder)
		}
	}
}

func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		all = append(all, source{
			folder: filepath.ToSlash(folder), name: entry.Name(), file: file, lines: strings.Count(string(text), "\n"),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

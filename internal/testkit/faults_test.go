package testkit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each test that docs/reliability.md names beside a fault is there.
func TestEveryFaultHasItsTest(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)\\w+)`")
	faults := 0
	for line := range strings.Lines(string(text)) {
		fault, rest, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !strings.HasPrefix(line, "| ") || !isRow || fault == "Fault" || fault == "---" {
			continue
		}
		faults++
		tests := named.FindAllStringSubmatch(rest, -1)
		if len(tests) == 0 || len(tests) != strings.Count(rest, "`")/2 {
			t.Errorf("%q has no test, or one whose name cannot be read: %s", fault, rest)
		}
		for _, test := range tests {
			if !hasTest(t, filepath.Join(root, test[1]), test[2]) {
				t.Errorf("%q is tested by %s.%s, which does not exist", fault, test[1], test[2])
			}
		}
	}
	const fewest = 50
	if faults < fewest {
		t.Errorf("found %d faults only", faults)
	}
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

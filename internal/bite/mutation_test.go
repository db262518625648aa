package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The list stays true while the sources change: every guard stands where it says,
// and every test that is named exists.
func TestTheListFitsTheSources(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	all, err := mutations(regexp.MustCompile(""))
	if err != nil {
		t.Fatal(err)
	}
	const fewest = 30
	if len(all) < fewest {
		t.Errorf("only %d guards", len(all))
	}
	for _, m := range all {
		if _, whole, without, err := m.broken(root); err != nil || whole == without {
			t.Errorf("%s breaks nothing: %v", m.Name, err)
		}
		for _, test := range m.Tests {
			folder, names, _ := strings.Cut(test, " ")
			for name := range strings.SplitSeq(names, "|") {
				if !exists(t, filepath.Join(root, folder), name) {
					t.Errorf("%s: there is no test %s in %s", m.Name, name, folder)
				}
			}
		}
	}
}

func exists(t *testing.T, folder, name string) bool {
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

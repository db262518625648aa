package testkit

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// update is the flag of `go test ./escrow -update`. A flag has to be registered
// before the test binary reads its command line, so it cannot live elsewhere.
var update = flag.Bool("update", false, "rewrite golden files with what the tests got")

// Golden compares got with the file, which is relative to the test's folder.
// With -update the file is rewritten instead, to be read in the diff.
func Golden(tb testing.TB, file, got string) {
	tb.Helper()
	file = filepath.FromSlash(file)
	if *update {
		rewrite(tb, file, got)
		return
	}
	want, err := os.ReadFile(file) //nolint:gosec // the path is written in the test
	if errors.Is(err, fs.ErrNotExist) {
		tb.Fatalf("%s does not exist: run the test with -update", file)
	}
	if err != nil {
		tb.Fatal(err)
	}
	if string(want) != got {
		tb.Errorf("%s differs (run with -update if the new text is right):\n%s", file, diff(string(want), got))
	}
}

func rewrite(tb testing.TB, file, text string) {
	tb.Helper()
	const folder, readable = 0o755, 0o644 // checked in, as all sources are
	if err := os.MkdirAll(filepath.Dir(file), folder); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), readable); err != nil {
		tb.Fatal(err)
	}
}

// maxShown keeps a file that differs throughout from filling the screen.
const maxShown = 20

// diff shows the lines that differ, by number. It does not look for moved
// lines: golden files are read beside their test.
func diff(want, got string) string {
	old, now := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	shown := 0
	for i := range max(len(old), len(now)) {
		was, is := line(old, i), line(now, i)
		if was == is {
			continue
		}
		shown++
		if shown > maxShown {
			fmt.Fprintln(&b, "…")
			break
		}
		fmt.Fprintf(&b, "line %d\n  want %s\n  got  %s\n", i+1, was, is)
	}
	return b.String()
}

func line(lines []string, i int) string {
	if i >= len(lines) {
		return "(no such line)"
	}
	return fmt.Sprintf("%q", lines[i])
}

package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"golang.org/x/sync/errgroup"
)

//go:embed mutations.toml
var list string

// mutation is one guard and how it is broken.
type mutation struct {
	Name string `toml:"name"` // what is not guarded any more
	Why  string `toml:"why"`  // what that could cost
	File string `toml:"file"`
	Old  string `toml:"old"` // stands in the file exactly once
	New  string `toml:"new"`
	// Tests are what must fail, as "PACKAGE PATTERN": ./escrow TestTheSameKey.
	// Every entry must, not one of them.
	Tests []string `toml:"tests"`
	// Postgres says that only PostgreSQL shows the difference: without
	// TEST_DATABASE_URL the guard cannot be tried.
	Postgres bool `toml:"postgres"`
}

// verdict is what the tests say to a broken guard.
type verdict string

const (
	red      verdict = "red"      // the tests fail, as they should
	survived verdict = "SURVIVED" // they pass
	unbuilt  verdict = "UNBUILT"  // the broken sources do not compile: nothing was proved
	late     verdict = "LATE"     // the tests ran out of time, which a busy machine does too
)

func mutations(only *regexp.Regexp) ([]mutation, error) {
	var file struct {
		Mutation []mutation `toml:"mutation"`
	}
	meta, err := toml.Decode(list, &file)
	if err != nil {
		return nil, fmt.Errorf("mutations.toml: %w", err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("mutations.toml: unknown keys %v", unknown)
	}
	seen := map[string]bool{}
	for _, m := range file.Mutation {
		if m.Name == "" || m.Why == "" || m.File == "" || m.Old == "" || len(m.Tests) == 0 || seen[m.Name] {
			return nil, fmt.Errorf("mutations.toml: %q lacks a name of its own, a reason, a file, a text or a test", m.Name)
		}
		seen[m.Name] = true
	}
	return slices.DeleteFunc(file.Mutation, func(m mutation) bool { return !only.MatchString(m.Name) }), nil
}

// broken is the file with the guard broken, and as it was.
func (m mutation) broken(folder string) (file, whole, without string, err error) {
	file = filepath.Join(folder, filepath.FromSlash(m.File))
	text, err := os.ReadFile(file) //nolint:gosec // a file of our own sources
	if err != nil {
		return "", "", "", fmt.Errorf("%s: %w", m.Name, err)
	}
	whole = string(text)
	if n := strings.Count(whole, m.Old); n != 1 {
		return "", "", "", fmt.Errorf("%s: the text stands %d times in %s, want once:\n%s", m.Name, n, m.File, m.Old)
	}
	return file, whole, strings.Replace(whole, m.Old, m.New, 1), nil
}

// try breaks the guard in the copy, runs its tests, and mends it again.
func (m mutation) try(ctx context.Context, folder string) (verdict, string, error) {
	file, whole, without, err := m.broken(folder)
	if err != nil {
		return "", "", err
	}
	if err := write(file, without); err != nil {
		return "", "", err
	}
	said, output := m.ask(ctx, folder)
	return said, output, write(file, whole)
}

func (m mutation) ask(ctx context.Context, folder string) (verdict, string) {
	for _, test := range m.Tests {
		output, failed := goTest(ctx, folder, test, m.Postgres)
		switch {
		case !failed:
			return survived, output
		case strings.Contains(output, "panic: test timed out"):
			return late, output
		case !strings.Contains(output, "--- FAIL") && !strings.Contains(output, "panic:"):
			return unbuilt, output
		}
	}
	return red, ""
}

// goTest runs the tests of an entry. Trimmed paths let the copies share what the
// compiler has cached; what it would do to make our own code quick takes longer
// than the tests. The race detector would find no more here, and the second engine
// only costs time where the first tells the difference.
func goTest(ctx context.Context, folder, test string, postgres bool) (output string, failed bool) {
	packet, pattern, _ := strings.Cut(test, " ")
	const limit = "-timeout=240s" // a guard that is gone can also mean that nothing ends
	//nolint:gosec // the arguments stand in mutations.toml
	command := exec.CommandContext(ctx, "go", "test", "-count=1", "-vet=off", "-trimpath", "-ldflags=-s -w",
		"-gcflags=github.com/voicepact/gateway/...=-N -l", limit, "-failfast", "-run", "^("+pattern+")$", packet)
	command.Dir = folder
	command.Env = environment(postgres)
	text, err := command.CombinedOutput()
	return string(text), err != nil
}

func environment(postgres bool) []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "CI=") || !postgres && strings.HasPrefix(pair, "TEST_DATABASE_URL=")
	})
}

// entry is a package and on which engine its tests run.
type entry struct {
	packet   string
	postgres bool
}

// entries gathers the tests of all guards.
func entries(all []mutation) map[entry][]string {
	patterns := map[entry][]string{}
	for _, m := range all {
		for _, test := range m.Tests {
			packet, pattern, _ := strings.Cut(test, " ")
			e := entry{packet, m.Postgres}
			if !slices.Contains(patterns[e], pattern) {
				patterns[e] = append(patterns[e], pattern)
			}
		}
	}
	return patterns
}

// soundBefore demands that every guard stands where the list says, and that the
// tests pass, and each entry names some, while all of them do: a test that fails
// anyway proves nothing.
func soundBefore(ctx context.Context, folder string, all []mutation, workers int) error {
	for _, m := range all {
		if _, _, _, err := m.broken(folder); err != nil {
			return err
		}
	}
	working, ctx := errgroup.WithContext(ctx)
	working.SetLimit(workers)
	for e, patterns := range entries(all) {
		working.Go(func() error {
			output, failed := goTest(ctx, folder, e.packet+" "+strings.Join(patterns, "|"), e.postgres)
			if failed {
				return fmt.Errorf("the tests fail while every guard stands:\n%s", output)
			}
			if strings.Contains(output, "no tests to run") {
				return fmt.Errorf("no test of %s is called %s", e.packet, strings.Join(patterns, ", "))
			}
			return nil
		})
	}
	return working.Wait() //nolint:wrapcheck // it says all that there is
}

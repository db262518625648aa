// Command bite proves that the tests bite. It takes a copy of the sources, breaks
// one guard of the money in it, and demands that the tests which are named beside
// the guard fail; then it mends the copy and breaks the next. A guard that can be
// broken without any of them noticing is reported, and the program ends with 1.
//
// Which guards there are stands in mutations.toml: the text that is taken out,
// what comes in its place, and why that would lose money. A copy that does not
// compile, or whose tests do not end, proves nothing and is reported as well.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	only := flag.String("run", "", "break only the guards whose name matches this pattern")
	workers := flag.Int("p", max(2, runtime.NumCPU()), "how many guards are broken at once, each in a copy of its own")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	survivors, err := run(ctx, os.Stdout, *only, *workers)
	if err != nil {
		log.SetFlags(0)
		log.Print("bite: ", err)
	}
	if err != nil || survivors > 0 {
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// outcome is what became of one broken guard.
type outcome struct {
	mutation mutation
	verdict  verdict
	output   string // of the tests, where the verdict is bad
	took     time.Duration
}

// run breaks every guard whose name matches and returns how many the
// tests did not refuse.
func run(ctx context.Context, out io.Writer, only string, workers int) (int, error) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return 0, fmt.Errorf("pattern: %w", err)
	}
	all, err := mutations(pattern)
	if err != nil {
		return 0, err
	}
	if os.Getenv("TEST_DATABASE_URL") == "" && slices.ContainsFunc(all, func(m mutation) bool { return m.Postgres }) {
		return 0, errors.New("some guards need PostgreSQL: run `make bite`")
	}
	begun := time.Now()
	copies, remove, err := copyTree(ctx, workers)
	if err != nil {
		return 0, err
	}
	defer remove()
	if err := soundBefore(ctx, copies[0], all, workers); err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "%d guards; the tests pass while all of them stand (%s)\n", len(all), since(begun))
	outcomes, ended := start(ctx, copies, all)
	bad := report(out, outcomes)
	summary(out, bad)
	fmt.Fprintf(out, "%d guards, %d not red, %s\n", len(all), len(bad), since(begun))
	return len(bad), <-ended
}

// start breaks the guards, each copy one at a time, and closes the outcomes at the
// end, before it says whether all of them were tried.
func start(ctx context.Context, copies []string, all []mutation) (<-chan outcome, <-chan error) {
	outcomes := make(chan outcome)
	todo := make(chan mutation)
	working, ctx := errgroup.WithContext(ctx)
	working.Go(func() error { return hand(ctx, all, todo) })
	for _, folder := range copies {
		working.Go(func() error { return bite(ctx, folder, todo, outcomes) })
	}
	ended := make(chan error, 1)
	go func() {
		err := working.Wait()
		close(outcomes)
		ended <- err
	}()
	return outcomes, ended
}

// hand gives the mutations out one by one.
func hand(ctx context.Context, all []mutation, todo chan<- mutation) error {
	defer close(todo)
	for _, m := range all {
		select {
		case todo <- m:
		case <-ctx.Done():
			return context.Cause(ctx) //nolint:wrapcheck // it says all that there is
		}
	}
	return nil
}

// bite breaks guard after guard in one copy of the sources.
func bite(ctx context.Context, folder string, todo <-chan mutation, outcomes chan<- outcome) error {
	for m := range todo {
		begun := time.Now()
		verdict, output, err := m.try(ctx, folder)
		if err := errors.Join(err, ctx.Err()); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		outcomes <- outcome{m, verdict, output, time.Since(begun)}
	}
	return nil
}

// report prints every outcome as it comes and returns those that are not red.
func report(out io.Writer, outcomes <-chan outcome) []outcome {
	var bad []outcome
	for o := range outcomes {
		fmt.Fprintf(out, "%-8s %5.1f s  %s\n", o.verdict, o.took.Seconds(), o.mutation.Name)
		if o.verdict != red {
			bad = append(bad, o)
		}
	}
	return bad
}

// summary tells at the end of those that are not red what there is to look into.
func summary(out io.Writer, bad []outcome) {
	for _, o := range bad {
		fmt.Fprintf(out, "\n%-8s %s\n         %s: %s\n         tests: %s\n", o.verdict, o.mutation.Name,
			o.mutation.File, o.mutation.Why, strings.Join(o.mutation.Tests, ", "))
		if o.verdict != survived {
			fmt.Fprintln(out, indent(cmp.Or(o.output, "(no output)")))
		}
	}
	if len(bad) > 0 {
		fmt.Fprintln(out)
	}
}

func indent(text string) string {
	const most = 2000
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return "         | " + strings.ReplaceAll(text, "\n", "\n         | ")
}

func since(begun time.Time) time.Duration { return time.Since(begun).Round(time.Second) }

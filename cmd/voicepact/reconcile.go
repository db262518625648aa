package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/voicepact/gateway/escrow"
)

// The scheduled reconciliation looks back over several of its periods: what one
// misses, because M-Pesa did not answer, the next ones find.
const (
	reconcileEvery = time.Hour
	reconcileBack  = 6 * time.Hour
)

func reconciling() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(reconcileEvery),
		func() (river.JobArgs, *river.InsertOpts) { return escrow.Reconcile{}, nil }, nil)
}

type reconcileCmd struct {
	Since          time.Duration `default:"24h" help:"How far to look back; M-Pesa's statement has 48 hours."`
	Wait           time.Duration `default:"20s" help:"How long to wait for the balance; 0 takes the last one told."`
	JSON           bool          `help:"The report as one JSON object."`
	AllowSimulator bool          `help:"Allow providers and a public URL without TLS, which only simulators have."`
}

// Help is printed by --help below the usage.
func (c *reconcileCmd) Help() string {
	return "It reads the environment of serve, and a gateway has to run: M-Pesa tells its balance by callback. What the " +
		"statement shows and we never heard of takes effect; what a person has to look at becomes an item. It ends with 0 " +
		"where both agree, with 1 where something is left for a person, and with 2 where it could not be finished."
}

// Run implements the command.
func (c *reconcileCmd) Run(ctx context.Context) error { return undone(c.run(ctx, os.Stdout)) }

func (c *reconcileCmd) run(ctx context.Context, out io.Writer) error {
	cfg, err := readConfig(os.Environ())
	if err != nil {
		return err
	}
	if err := cfg.checkProduction(c.AllowSimulator); err != nil {
		return err
	}
	certificate, err := cfg.Daraja.certificate()
	if err != nil {
		return err
	}
	a, err := build(ctx, cfg, cfg.policy(), certificate, newQuietLog(os.Stderr))
	if err != nil {
		return err
	}
	return errors.Join(c.compare(ctx, a, out), a.close())
}

func (c *reconcileCmd) compare(ctx context.Context, a *app, out io.Writer) error {
	if err := a.store.CheckSchema(ctx); err != nil {
		return err
	}
	if err := c.freshBalance(ctx, a); err != nil {
		return err
	}
	report, err := a.service.Reconcile(ctx, escrow.Window{From: time.Now().Add(-c.Since)})
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(out).Encode(report)
	} else {
		err = printReconciliation(out, report)
	}
	if err == nil && !report.Clean() {
		err = wrong("a person has to look: see `voicepact items`")
	}
	return err
}

// freshBalance asks for the balance and waits until a gateway has stored the
// answer. Without an answer the comparison takes the last one, and says of when.
func (c *reconcileCmd) freshBalance(ctx context.Context, a *app) error {
	if c.Wait == 0 {
		return nil
	}
	before, err := a.newestBalance(ctx)
	if err != nil {
		return err
	}
	if err := a.money.AskBalance(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "the balance cannot be asked for: %v\n", err)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	for tick := time.NewTicker(pollEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			fmt.Fprintln(os.Stderr, "M-Pesa has not told the balance in time; the last one is compared")
			return nil
		case <-tick.C:
		}
		if at, err := a.balancesTold(ctx); err == nil && at.After(before) {
			tick.Stop()
			return nil
		}
	}
}

// balancesTold is since when M-Pesa has told the balance of every short code.
func (a *app) balancesTold(ctx context.Context) (time.Time, error) {
	told, err := a.store.ProviderBalances(ctx)
	var since time.Time
	for i, name := range a.service.PurseAccounts() {
		if at := told[name].At; i == 0 || at.Before(since) {
			since = at
		}
	}
	return since, err
}

// newestBalance is when M-Pesa last told a balance.
func (a *app) newestBalance(ctx context.Context) (time.Time, error) {
	told, err := a.store.ProviderBalances(ctx)
	var newest time.Time
	for _, b := range told {
		if b.At.After(newest) {
			newest = b.At
		}
	}
	return newest, err
}

func printReconciliation(out io.Writer, r escrow.Reconciliation) error {
	return aligned(out, func(table io.Writer) { tellReconciliation(table, r) })
}

func tellReconciliation(table io.Writer, r escrow.Reconciliation) {
	line := func(what string, value any) { fmt.Fprintf(table, "%s\t%v\n", what, value) }
	line("from", r.From.In(escrow.EAT).Format(time.DateTime))
	line("to", r.To.In(escrow.EAT).Format(time.DateTime))
	line("payments on M-Pesa's statement", r.Lines)
	line("of these not heard of before, placed now", receipts(r.Placed))
	line("told over another amount", receipts(r.Differs))
	line("counted here, not on the statement", receipts(r.Missing))
	line("transfers without an answer, asked about", r.Asked)
	line("of these settled now", r.Settled)
	for _, b := range r.Balances {
		fmt.Fprintf(table, "%s\t%s, the ledger says %s: %s (told %s)\n",
			b.Account, b.Provider, b.Ledger, judged(b), b.Told.In(escrow.EAT).Format(time.DateTime))
	}
	for _, note := range r.Notes {
		line("note", note)
	}
	for _, fault := range r.Faults {
		line("not compared", fault)
	}
	if r.Clean() {
		line("result", "both agree")
	} else {
		line("result", "a person has to look")
	}
}

func receipts(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s", len(list), strings.Join(list, " "))
}

func judged(b escrow.BalanceCheck) string {
	switch {
	case b.Agrees():
		return "they agree"
	case b.Explained():
		return fmt.Sprintf("the difference of %s is within what is under way, up to %s more or %s less",
			b.Difference(), b.More, b.Less)
	default:
		return "they differ by " + b.Difference().String()
	}
}

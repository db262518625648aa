package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/voicepact/gateway/internal/audit"
)

type auditCmd struct {
	books

	Key  []publicKey `placeholder:"HEX|FILE" help:"Public key to believe, or a file with one; instead of those of the environment."`
	JSON bool        `help:"One JSON object a line: each violation, and the sums last."`
}

// Help is printed by --help below the usage.
func (c *auditCmd) Help() string {
	return "It reads one snapshot, may run beside the gateways, and changes nothing. With --key it needs no secret " +
		"but that of DATABASE_URL. It ends with 0 where everything holds, with 1 where something does not, and with 2 " +
		"where it could not be finished."
}

// Run implements the command: every invariant of every contract.
func (c *auditCmd) Run(ctx context.Context) error { return undone(c.run(ctx, os.Stdout, os.Stderr)) }

func (c *auditCmd) run(ctx context.Context, out, progress io.Writer) error {
	ring, err := c.ring(c.Key)
	if err != nil {
		return err
	}
	s, err := c.openUnsealed(ctx)
	if err != nil {
		return err
	}
	if err := s.CheckSchema(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	report, err := audit.Run(ctx, s, audit.Options{
		Keys: ring,
		Found: func(v audit.Violation) {
			if c.JSON {
				c.object(out, v)
				return
			}
			fmt.Fprintln(out, v)
		},
		Progress: func(done, of int64) { fmt.Fprintf(progress, "%d of %d contracts\n", done, of) },
	})
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if c.JSON {
		c.object(out, report)
	} else {
		printReport(out, report)
	}
	if report.Violations > 0 {
		return wrong("%d violations", report.Violations)
	}
	return nil
}

func (c *auditCmd) object(out io.Writer, value any) {
	// A value of ours always has a JSON form, and a closed pipe ends the program.
	_ = json.NewEncoder(out).Encode(value) //nolint:errchkjson // see above
}

func printReport(out io.Writer, r audit.Report) {
	rate := float64(r.Contracts) / max(r.Took, time.Microsecond).Seconds()
	fmt.Fprintf(out, "%d contracts, %d events (%d signed), %d payments, %d transfers, %d postings in %s (%.0f contracts/s)\n",
		r.Contracts, r.Events, r.Signatures, r.Payments, r.Transfers, r.Postings, r.Took.Round(time.Millisecond), rate)
	if r.Violations == 0 {
		fmt.Fprintln(out, "every invariant holds: I1 I2 I3 I6 I7 I10")
	}
}

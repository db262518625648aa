package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/audit"
)

// verdict is an exit code with a sentence: 1 where something is wrong with what
// was looked at, 2 where it could not be looked at.
type verdict struct {
	code int
	err  error
}

func (v *verdict) Error() string { return v.err.Error() }

// Unwrap lets the cause be found.
func (v *verdict) Unwrap() error { return v.err }

// ExitCode implements [kong.ExitCoder].
func (v *verdict) ExitCode() int { return v.code }

func wrong(format string, values ...any) error { return &verdict{1, fmt.Errorf(format, values...)} }

// undone marks an error as one that says nothing about what was to be looked at.
func undone(err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*verdict](err); ok {
		return known
	}
	return &verdict{2, err}
}

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

// publicKey is a public key as people hand it on: 64 hexadecimal digits, or the
// name of a file in which they stand.
type publicKey ed25519.PublicKey

// hexDigits finds a key in what `voicepact pubkey` prints.
var hexDigits = regexp.MustCompile(`\b[0-9a-fA-F]{64}\b`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *publicKey) UnmarshalText(text []byte) error {
	found := string(text)
	if hexDigits.FindString(found) != found {
		content, err := os.ReadFile(found) //nolint:gosec // the caller's own file
		if err != nil {
			return fmt.Errorf("neither 64 hexadecimal digits nor a file: %w", err)
		}
		if found = hexDigits.FindString(string(content)); found == "" {
			return fmt.Errorf("no public key (64 hexadecimal digits) in %s", text)
		}
	}
	key, err := hex.DecodeString(found)
	if err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	*k = key
	return nil
}

// ring returns the keys that were given, or else our own of now and before.
func (b books) ring(given []publicKey) (escrow.Keyring, error) {
	var keys []ed25519.PublicKey
	for _, key := range given {
		keys = append(keys, ed25519.PublicKey(key))
	}
	if len(keys) > 0 {
		return escrow.NewKeyring(keys...), nil
	}
	signing, err := b.signing()
	if err != nil {
		return nil, err
	}
	signer, err := signing.signer()
	if err != nil {
		return nil, err
	}
	keys = append(keys, signer.Public())
	for _, key := range signing.Earlier {
		keys = append(keys, ed25519.PublicKey(key))
	}
	return escrow.NewKeyring(keys...), nil
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"text/tabwriter"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// printTable writes rows of cells, which tabs part, in columns below a header.
func printTable(out io.Writer, header string, rows []string) error {
	return aligned(out, func(w io.Writer) {
		for _, line := range append([]string{header}, rows...) {
			fmt.Fprintln(w, line)
		}
	})
}

var blankEnds = regexp.MustCompile(`(?m)[ \t]+$`)

// aligned prints what fill writes, with the cells that tabs part in columns. No
// line ends in blanks: a cell at the end may be empty.
func aligned(out io.Writer, fill func(io.Writer)) error {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fill(w)
	err := w.Flush()
	if err == nil {
		_, err = out.Write(blankEnds.ReplaceAll(text.Bytes(), nil))
	}
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// clock writes a time as people here read it; nothing for the zero time.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(escrow.EAT).Format(time.DateTime)
}

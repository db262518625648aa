package handset

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// columns is the character grid of the simulated handsets.
const columns = 22

// frame draws a text in the phone's grid, with a title in the upper edge.
func frame(title, text string) string {
	const margin = 2
	head := ""
	if title != "" {
		head = "─ " + title + " "
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  ┌%s%s┐\n", head, strings.Repeat("─", max(0, columns+margin-utf8.RuneCountInString(head))))
	for _, line := range wrap(text) {
		fmt.Fprintf(&b, "  │ %s%s │\n", line, strings.Repeat(" ", columns-utf8.RuneCountInString(line)))
	}
	fmt.Fprintf(&b, "  └%s┘\n", strings.Repeat("─", columns+margin))
	return b.String()
}

// wrap breaks lines at words as the handset does, and words that are too long
// anywhere.
func wrap(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		lines = append(lines, wrapLine(line)...)
	}
	return lines
}

func wrapLine(line string) []string {
	var lines []string
	rest := []rune(line)
	for len(rest) > columns {
		cut := columns
		for i := columns; i > 0; i-- {
			if rest[i] == ' ' {
				cut = i
				break
			}
		}
		lines = append(lines, strings.TrimRight(string(rest[:cut]), " "))
		rest = []rune(strings.TrimLeft(string(rest[cut:]), " "))
	}
	return append(lines, string(rest))
}

// money is an amount of cents as phones write it.
func money(cents int64) string {
	const scale, group = 100, 3
	digits := strconv.FormatInt(cents/scale, 10)
	for i := len(digits) - group; i > 0; i -= group {
		digits = digits[:i] + "," + digits[i:]
	}
	if part := cents % scale; part != 0 {
		return fmt.Sprintf("Ksh %s.%02d", digits, part)
	}
	return "Ksh " + digits
}

// local is a number as its owner writes it: 0712 000 001.
func local(number string) string {
	rest, kenyan := strings.CutPrefix(number, "+254")
	const prefix, middle, whole = 2, 5, 9
	if !kenyan || len(rest) != whole {
		return number
	}
	return "0" + rest[:prefix+1] + " " + rest[prefix+1:middle+1] + " " + rest[middle+1:]
}

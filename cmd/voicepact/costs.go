package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/voicepact/gateway/escrow"
)

// costs adds up what messages cost, by currency: "KES 4.0000". The gateway writes
// four decimals, or "0" for what costs nothing; what it wrote otherwise is left out.
func costs(messages []escrow.Message) []string {
	const scale = 10_000
	sums := map[string]int64{}
	for _, m := range messages {
		currency, amount, ok := strings.Cut(m.Cost, " ")
		whole, part, _ := strings.Cut(amount, ".")
		const decimals = 4
		if !ok || len(part) > decimals {
			continue
		}
		n, err := strconv.ParseInt(whole+part+strings.Repeat("0", decimals-len(part)), 10, 64)
		if err == nil && n >= 0 {
			sums[currency] += n
		}
	}
	list := make([]string, 0, len(sums))
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		list = append(list, fmt.Sprintf("%s %d.%04d", currency, sums[currency]/scale, sums[currency]%scale))
	}
	return list
}

package main

import (
	"strings"

	"github.com/voicepact/gateway/menus"
)

// said are a party's words about a problem, as an operator reads them: a reason that
// was chosen on a screen stands in the books as its key.
func said(words string) string {
	if !strings.HasPrefix(words, menus.Reasons) {
		return words
	}
	texts, err := menus.Texts()
	if err != nil {
		return words
	}
	return texts.Said("en", words)
}

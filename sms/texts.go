package sms

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/voicepact/gateway/menus"
)

//go:embed texts/*.toml
var files embed.FS

// loadTexts reads the texts that the program carries with it.
func loadTexts() (*menus.Catalogue, error) {
	texts, err := fs.Sub(files, "texts")
	if err != nil {
		return nil, fmt.Errorf("sms texts: %w", err)
	}
	catalogue, err := menus.LoadCatalogue(texts)
	if err != nil {
		return nil, fmt.Errorf("sms texts: %w", err)
	}
	return catalogue, nil
}

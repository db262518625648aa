package menus

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed texts/*.toml
var texts embed.FS

// Texts returns the catalogue of the USSD screens.
func Texts() (*Catalogue, error) {
	files, err := fs.Sub(texts, "texts")
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	return LoadCatalogue(files)
}

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/voicepact/gateway/menus"
	"github.com/voicepact/gateway/ussd"
)

type menusCmd struct {
	Lint  menusLintCmd  `cmd:"" help:"Render every USSD screen in every language with the longest data, and say what is wrong."`
	Graph menusGraphCmd `cmd:"" help:"Draw the menu as a Mermaid flow chart."`
}

type menusLintCmd struct{}

// Run implements the command.
func (menusLintCmd) Run() error {
	if err := ussd.Lint(); err != nil {
		return err
	}
	menu, err := menus.Built()
	if err != nil {
		return err
	}
	texts, err := menus.Texts()
	if err != nil {
		return err
	}
	fmt.Printf("%d screens in %s: nothing is wrong\n", len(menu.Nodes()), strings.Join(texts.Languages(), ", "))
	return nil
}

type menusGraphCmd struct {
	Language string `default:"en" help:"Language of the words on the arrows."`
}

// Run implements the command.
func (c menusGraphCmd) Run() error {
	menu, err := menus.Built()
	if err != nil {
		return err
	}
	texts, err := menus.Texts()
	if err != nil {
		return err
	}
	if len(texts.Keys(c.Language)) == 0 {
		return errors.New("no texts in " + c.Language + ": there are " + strings.Join(texts.Languages(), ", "))
	}
	fmt.Print(menu.Graph(texts, c.Language))
	return nil
}

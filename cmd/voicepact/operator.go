package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

type operatorCmd struct {
	Add     operatorAddCmd     `cmd:"" help:"Add an operator, and print the key they act by."`
	List    operatorListCmd    `cmd:"" help:"List all operators, and those who were."`
	Disable operatorDisableCmd `cmd:"" help:"Take an operator's key away."`
}

type operatorAddCmd struct {
	books

	Name string `arg:"" help:"Who it is, as the history will name them."`
}

// Run implements the command. The key is shown this once: only its hash is kept.
func (c *operatorAddCmd) Run(ctx context.Context) error {
	if c.Name = strings.TrimSpace(c.Name); c.Name == "" {
		return errors.New("an operator needs a name")
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	key, hash := escrow.NewOperatorKey()
	operator := escrow.Operator{ID: uuid.Must(uuid.NewV7()), Name: c.Name, Role: escrow.Mediator, CreatedAt: time.Now()}
	if err := errors.Join(s.AddOperator(ctx, operator, hash), s.Close()); err != nil {
		return err
	}
	fmt.Printf("%s may decide disputes and act about money. The key is shown this once:\n\nOPERATOR_KEY=%s\n", c.Name, key)
	return nil
}

type operatorListCmd struct{ books }

// Run implements the command.
func (c *operatorListCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	operators, err := s.Operators(ctx)
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if len(operators) == 0 {
		fmt.Println("nobody yet: voicepact operator add NAME")
		return nil
	}
	rows := make([]string, len(operators))
	for i, o := range operators {
		rows[i] = fmt.Sprintf("%s\t%s\t%s\t%s", o.Name, o.Role, clock(o.CreatedAt), clock(o.DisabledAt))
	}
	return printTable(os.Stdout, "NAME\tROLE\tSINCE\tDISABLED", rows)
}

type operatorDisableCmd struct {
	books

	Name string `arg:"" help:"Whose key is no longer good."`
}

// Run implements the command.
func (c *operatorDisableCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	was, err := s.DisableOperator(ctx, c.Name, time.Now())
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if !was {
		return fmt.Errorf("no operator called %q may act", c.Name)
	}
	fmt.Printf("%s may not act any more\n", c.Name)
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/voicepact/gateway/store"
)

type migrateCmd struct {
	AppRole string `placeholder:"NAME" help:"Role to serve as: gets the rights, and is made where APP_ROLE_PASSWORD is set."`
}

// Run implements the command. The address comes from DATABASE_URL only: it holds
// a password, and other users of the machine can read command lines.
func (c *migrateCmd) Run(ctx context.Context) error {
	address := os.Getenv("DATABASE_URL")
	if address == "" {
		return errors.New("DATABASE_URL is not set")
	}
	if err := store.MigrateDatabase(ctx, address); err != nil {
		return err
	}
	fmt.Println("schema is up to date")
	if c.AppRole == "" {
		return nil
	}
	if err := store.GrantDatabase(ctx, address, c.AppRole, os.Getenv("APP_ROLE_PASSWORD")); err != nil {
		return err
	}
	fmt.Printf("%s can serve, and can add to the audit trail and the ledger only\n", c.AppRole)
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/voicepact/gateway/mobilemoney"
	"github.com/voicepact/gateway/store"
)

type paybillCmd struct {
	Register paybillRegisterCmd `cmd:"" help:"Tell M-Pesa where payments to the PayBill number are checked and reported."`
}

type paybillRegisterCmd struct {
	AllowSimulator bool `help:"Allow providers and a public URL without TLS, which only simulators have."`
}

// Run implements the command. It reads the environment of `serve`, because the
// addresses carry a token of the first of the callback keys.
func (c *paybillRegisterCmd) Run(ctx context.Context) error {
	cfg, err := readConfig(os.Environ())
	if err != nil {
		return err
	}
	if err := cfg.checkProduction(c.AllowSimulator); err != nil {
		return err
	}
	certificate, err := cfg.Daraja.certificate()
	if err != nil {
		return err
	}
	client, err := store.OpenRedis(cfg.RedisURL)
	if err != nil {
		return err
	}
	a := &app{cfg: cfg, log: newQuietLog(os.Stderr), redis: client}
	money, err := a.buildMoney(certificate)
	if err == nil {
		err = registerPayBill(ctx, money, cfg)
	}
	return errors.Join(err, a.close())
}

// registerBudget bounds the whole command.
const registerBudget = time.Minute

func registerPayBill(ctx context.Context, money *mobilemoney.Client, cfg config) error {
	ctx, cancel := context.WithTimeout(ctx, registerBudget)
	defer cancel()
	known, err := money.RegisterURLs(ctx)
	if err != nil {
		return err
	}
	if known {
		fmt.Printf("addresses were registered for %s before: if they are of another PUBLIC_URL or of a key that is no longer "+
			"in CALLBACK_KEYS, delete them in M-Pesa's portal (Self-service, URL management) and run this again\n",
			cfg.Daraja.ShortCode)
	} else {
		fmt.Printf("addresses are registered for %s; keep the first of CALLBACK_KEYS as long as they are\n", cfg.Daraja.ShortCode)
	}
	if cfg.Daraja.PullNumber == "" {
		fmt.Println("the statement is not registered: DARAJA_PULL_NUMBER is not set")
		return nil
	}
	if _, err := money.RegisterPull(ctx, cfg.Daraja.PullNumber); err != nil {
		return err
	}
	fmt.Println("the statement is registered")
	return nil
}

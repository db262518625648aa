package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/voicepact/gateway/store"
)

type serveCmd struct {
	AllowSimulator bool `help:"Allow providers and a public URL without TLS, which only simulators have."`
	Migrate        bool `help:"Bring the schema up to date before starting."`
	AllowOwner     bool `help:"Allow a database role that could change the audit trail and the ledger."`
}

// Run implements the command.
func (c *serveCmd) Run(ctx context.Context) error {
	log := newLog(os.Stdout)
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
	a, err := build(ctx, cfg, cfg.policy(), certificate, log)
	if err != nil {
		return err
	}
	if err := c.prepare(ctx, a); err != nil {
		return errors.Join(err, a.close())
	}
	listener, err := a.listen(ctx)
	if err != nil {
		return errors.Join(err, a.close())
	}
	log.InfoContext(ctx, "serving", "listen", listener.Addr().String(), "public_url", cfg.PublicURL)
	return errors.Join(a.run(ctx, listener, productionWorkers), a.close())
}

// prepare makes sure that the database fits this program and its keys.
func (c *serveCmd) prepare(ctx context.Context, a *app) error {
	if c.AllowSimulator {
		a.log.WarnContext(ctx, "simulators are allowed: NOT FOR REAL MONEY")
	}
	if err := a.redis.Ping(ctx).Err(); err != nil {
		// Redis never guards money, and it may come while we serve.
		a.log.WarnContext(ctx, "redis does not answer", "error", err)
	}
	schema := a.store.CheckSchema
	if c.Migrate {
		schema = a.store.Migrate
	}
	if err := schema(ctx); err != nil {
		return err
	}
	if err := c.checkRole(ctx, a); err != nil {
		return err
	}
	if err := a.store.CheckKeys(ctx); err != nil {
		return err
	}
	return a.cfg.checkSigning(ctx, a.store)
}

// checkRole refuses a role that could rewrite history: with it, so could whoever
// gets hold of the gateway.
func (c *serveCmd) checkRole(ctx context.Context, a *app) error {
	err := a.store.CheckRole(ctx)
	if errors.Is(err, store.ErrMayRewrite) && c.AllowOwner {
		a.log.WarnContext(ctx, "the audit trail and the ledger are at the mercy of this process", "error", err)
		return nil
	}
	if errors.Is(err, store.ErrMayRewrite) {
		return fmt.Errorf("%w: as its owner run `voicepact migrate --app-role NAME`, and let DATABASE_URL name that role "+
			"(or start with --allow-owner)", err)
	}
	return err
}

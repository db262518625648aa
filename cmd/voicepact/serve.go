package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

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

// newLog makes the JSON log. Phones mask themselves; bodies, PINs and paths
// with secrets are never handed to it.
func newLog(out *os.File) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

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

// healthTimeout bounds the whole health check.
const healthTimeout = 3 * time.Second

type healthcheckCmd struct {
	URL string `default:"http://127.0.0.1:8080/readyz" help:"Where the gateway answers."`
}

// Run implements the command.
func (c *healthcheckCmd) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, http.NoBody)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("gateway does not answer: %w", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("gateway is not ready: %s", reply.Status)
	}
	return nil
}

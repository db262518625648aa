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
	a, err := build(ctx, cfg, certificate, log)
	if err != nil {
		return err
	}
	prepare := a.store.CheckSchema
	if c.Migrate {
		prepare = a.store.Migrate
	}
	if err := prepare(ctx); err != nil {
		return errors.Join(err, a.close())
	}
	listener, err := a.listen(ctx)
	if err != nil {
		return errors.Join(err, a.close())
	}
	log.InfoContext(ctx, "serving", "listen", listener.Addr().String(), "public_url", cfg.PublicURL)
	return errors.Join(a.run(ctx, listener, productionWorkers), a.close())
}

// newLog makes the JSON log. Phones mask themselves; bodies, PINs and paths
// with secrets are never handed to it.
func newLog(out *os.File) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

type migrateCmd struct {
	DatabaseURL string `env:"DATABASE_URL" required:"" help:"postgres://… of the database."`
}

// Run implements the command. It needs no keys: the schema holds no secret.
func (c *migrateCmd) Run(ctx context.Context) error {
	sealer, err := store.NewSealer(make([]byte, keyBytes), make([]byte, keyBytes))
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, c.DatabaseURL, sealer, time.Now)
	if err != nil {
		return err
	}
	if err := s.Migrate(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	fmt.Println("schema is up to date")
	return s.Close()
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

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/voicepact/gateway/internal/simulator"
)

type simulatorCmd struct {
	Listen  string `default:"127.0.0.1:8090" help:"Address of the phones page and of the simulated providers."`
	Data    string `default:"" type:"path" help:"SQLite file of the bank; empty keeps it in memory."`
	KeyFile string `default:"simulator-key.pem" type:"path" help:"Where to keep the bank's private key; made when missing."`
}

// Run implements the command. It reads the same environment as `serve`, so that
// both sides agree on every credential, writes the bank's certificate to
// DARAJA_CERTIFICATE_FILE, and answers at AT_BASE_URL and DARAJA_BASE_URL when
// those point at /sim/africastalking and /sim/daraja of its address.
func (c *simulatorCmd) Run(ctx context.Context) error {
	log := newLog(os.Stdout)
	cfg, err := readConfig(os.Environ())
	if err != nil {
		return err
	}
	key, err := simulator.LoadKey(c.KeyFile)
	if err != nil {
		return err
	}
	certificate, err := simulator.CertificatePEM(key, time.Now())
	if err != nil {
		return err
	}
	if err := os.WriteFile(cfg.Daraja.CertificateFile, certificate, 0o644); err != nil { //nolint:gosec // public half
		return fmt.Errorf("DARAJA_CERTIFICATE_FILE: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	sim := simulatedFor(cfg, log)
	sim.DataFile, sim.Key = c.Data, key
	phones, err := simulator.New(ctx, sim, nil)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := phones.Seed(people()...); err != nil {
		return errors.Join(err, phones.Close(), listener.Close())
	}
	server := newHTTP(log)
	phones.Register(server)
	served := make(chan error, 1)
	go func() { served <- server.Listener(listener) }()
	fmt.Printf("simulated providers and phones: http://%s/ (NOT FOR REAL MONEY)\n", listener.Addr())
	err = phones.Run(ctx)
	return errors.Join(err, server.ShutdownWithTimeout(drainBudget), <-served, phones.Close())
}

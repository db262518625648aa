package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/simulator/bank"
	"github.com/voicepact/gateway/store"
)

type simulatorCmd struct {
	Listen  string `default:"127.0.0.1:8090" help:"Address of the phones page and of the simulated providers."`
	Data    string `default:"" type:"path" help:"SQLite file of the bank; empty keeps it in memory."`
	Tariff  string `default:"none" enum:"none,business,mgao,customer" help:"M-Pesa's bouquet: who bears the fee of a payment."`
	KeyFile string `default:"simulator-key.pem" type:"path" help:"Where to keep the bank's private key; made when missing."`
}

// Help is printed by --help below the usage.
func (c *simulatorCmd) Help() string {
	return "It reads the same environment as `serve`, all of it, so that both sides agree on every " +
		"credential, answers at AT_BASE_URL and DARAJA_BASE_URL when those point at /sim/africastalking " +
		"and /sim/daraja of its address, and writes the simulated bank's certificate to " +
		"DARAJA_CERTIFICATE_FILE. It refuses to run with the real providers' addresses and never " +
		"overwrites another certificate. `scripts/simulated-env` prints an environment to start from."
}

// Run implements the command.
func (c *simulatorCmd) Run(ctx context.Context) error {
	cfg, err := readConfig(os.Environ())
	if err != nil {
		return err
	}
	if err := checkSimulated(cfg); err != nil {
		return err
	}
	key, err := simulator.LoadKey(c.KeyFile)
	if err != nil {
		return err
	}
	if err := writeCertificate(cfg.Daraja.CertificateFile, key); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	contracts := &laterWatcher{open: cfg.open}
	return errors.Join(c.serve(ctx, cfg, key, contracts, listener), contracts.close())
}

func (c *simulatorCmd) serve(
	ctx context.Context, cfg config, key *rsa.PrivateKey, contracts simulator.Watcher, listener net.Listener,
) error {
	log := newLog(os.Stdout)
	sim := simulatedFor(cfg, log)
	sim.DataFile, sim.Key, sim.Bouquet = c.Data, key, bouquet(c.Tariff)
	phones, err := simulator.New(ctx, sim, contracts)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := phones.Seed(people("")...); err != nil {
		return errors.Join(err, phones.Close(), listener.Close())
	}
	server := newHTTP(log)
	phones.Register(server)
	served := make(chan error, 1)
	go func() { served <- server.Listener(listener) }()
	fmt.Printf("simulated providers and phones: %s/ (NOT FOR REAL MONEY)\n", reachable(listener.Addr()))
	err = phones.Run(ctx)
	return errors.Join(err, server.ShutdownWithTimeout(drainBudget), <-served, phones.Close())
}

// bouquet reads the flag, in which "none" stands for the bank's empty word.
func bouquet(tariff string) bank.Bouquet {
	if tariff == "none" {
		return bank.NoFee
	}
	return bank.Bouquet(tariff)
}

// checkSimulated refuses an environment that is made for the real providers.
func checkSimulated(cfg config) error {
	var problems []error
	for _, setting := range []struct{ name, address string }{
		{"AT_BASE_URL", cfg.AT.BaseURL}, {"DARAJA_BASE_URL", cfg.Daraja.BaseURL},
	} {
		parsed, err := url.Parse(setting.address)
		if err != nil || !strings.HasPrefix(parsed.Path, "/sim/") {
			problems = append(problems, fmt.Errorf("%s is not that of a simulator, http://…/sim/…", setting.name))
		}
	}
	return errors.Join(problems...)
}

// writeCertificate writes the public half of key, unless the file holds another
// certificate: that could be Safaricom's own.
func writeCertificate(file string, key *rsa.PrivateKey) error {
	present, err := os.ReadFile(file) //nolint:gosec // an operator's own setting
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("DARAJA_CERTIFICATE_FILE: %w", err)
	case simulator.SameCertificate(present, key):
		return nil
	default:
		return fmt.Errorf("DARAJA_CERTIFICATE_FILE: %s holds another certificate than the simulated bank's; name another file", file)
	}
	certificate, err := simulator.CertificatePEM(key, time.Now())
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, certificate, 0o644); err != nil { //nolint:gosec // public half
		return fmt.Errorf("DARAJA_CERTIFICATE_FILE: %w", err)
	}
	return nil
}

// laterWatcher opens the gateway's database when it is first looked at, because
// the simulator may start before it.
type laterWatcher struct {
	open func(context.Context) (*store.Store, error)

	mu    sync.Mutex
	store *store.Store
}

// Contracts implements [simulator.Watcher].
func (w *laterWatcher) Contracts(ctx context.Context) ([]simulator.ContractView, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.store == nil {
		opened, err := w.open(ctx)
		if err != nil {
			return nil, err
		}
		w.store = opened
	}
	return watcher{w.store}.Contracts(ctx)
}

func (w *laterWatcher) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.store == nil {
		return nil
	}
	return w.store.Close()
}

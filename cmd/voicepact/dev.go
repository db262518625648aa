package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
)

type devCmd struct {
	Listen string `default:"127.0.0.1:8080" help:"Address of the phones page and of the gateway."`
	Data   string `default:".voicepact" type:"path" help:"Folder that keeps the database, the simulated bank and the keys."`
	Tariff string `default:"none" enum:"none,business,mgao,customer" help:"M-Pesa's bouquet: who bears the fee of a payment."`
	Speak  string `default:"" enum:",en,sw" help:"What the people here read (en, sw); by default they are asked at first."`
}

// Run implements the command: the gateway on SQLite and an in-process Redis,
// and beside it, over real HTTP, the simulated providers and phones.
func (c *devCmd) Run(ctx context.Context) error {
	start := time.Now()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	log := newQuietLog(os.Stderr)
	sessions, err := startRedis(ctx)
	if err != nil {
		return err
	}
	defer sessions.Close()
	secrets, err := loadSecrets(filepath.Join(c.Data, "keys.json"))
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("%w (is another `voicepact dev` running? choose a port with --listen)", err)
		}
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	address := reachable(listener.Addr())
	cfg := secrets.config(address, "sqlite:"+filepath.Join(c.Data, "voicepact.db"), "redis://"+sessions.Addr())
	certificate, err := simulator.CertificatePEM(secrets.bank, time.Now())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	a, err := build(ctx, cfg, demonstrated(cfg.policy()), certificate, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return errors.Join(c.runWithPhones(ctx, a, secrets, listener, start), a.close())
}

func (c *devCmd) runWithPhones(ctx context.Context, a *app, secrets devSecrets, listener net.Listener, start time.Time) error {
	if err := a.prepareEmbedded(ctx, people(c.Speak)); err != nil {
		return errors.Join(err, listener.Close())
	}
	sim := secrets.simulated(a.cfg, filepath.Join(c.Data, "simulator.db"), a.log)
	sim.Bouquet = bouquet(c.Tariff)
	phones, err := simulator.New(ctx, sim, watcher{a.store})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := phones.Seed(people(c.Speak)...); err != nil {
		return errors.Join(err, phones.Close(), listener.Close())
	}
	phones.Register(a.http)
	simulated := make(chan error, 1)
	go func() { simulated <- phones.Run(ctx) }()
	registering, stop := context.WithCancel(ctx)
	registered := make(chan struct{})
	go func() {
		defer close(registered)
		a.registerSimulated(registering)
	}()
	c.banner(a.cfg, time.Since(start))
	err = a.run(ctx, listener, embeddedWorkers)
	stop()
	<-registered
	return errors.Join(err, phones.Close(), <-simulated)
}

// prepareEmbedded does what a shared database must not see: it migrates by
// itself, takes over the jobs of the process that was here before, and knows
// the people of the demonstration by name.
func (a *app) prepareEmbedded(ctx context.Context, known []simulator.Person) error {
	if err := a.store.Migrate(ctx); err != nil {
		return err
	}
	if err := errors.Join(a.store.CheckKeys(ctx), a.cfg.checkSigning(ctx, a.store)); err != nil {
		return fmt.Errorf("%w (was keys.json deleted? delete the whole folder to start afresh)", err)
	}
	if err := a.store.ReclaimJobs(ctx); err != nil {
		return err
	}
	for _, person := range known {
		if err := a.introduce(ctx, person); err != nil {
			return err
		}
	}
	return nil
}

// registerSimulated does by itself what `voicepact paybill register` is for: the
// simulated bank takes new addresses each time. It waits for the server.
func (a *app) registerSimulated(ctx context.Context) {
	if _, err := a.money.RegisterURLs(ctx); err != nil {
		a.log.WarnContext(ctx, "payments by PayBill are not heard of", "error", err)
	}
	if _, err := a.money.RegisterPull(ctx, a.cfg.Daraja.PullNumber); err != nil {
		a.log.WarnContext(ctx, "the statement cannot be read", "error", err)
	}
}

func (a *app) introduce(ctx context.Context, person simulator.Person) error {
	phone, err := escrow.ParsePhone(person.Number)
	if err != nil {
		return err
	}
	return a.store.InTx(ctx, func(ctx context.Context, tx escrow.Tx) error {
		party, err := tx.EnsureParty(ctx, phone)
		if err != nil {
			return err
		}
		named := party
		named.Name = person.Name
		if named.Language == "" {
			named.Language = escrow.Language(person.Language)
		}
		if named == party {
			return nil
		}
		party = named
		return tx.SaveParty(ctx, party)
	})
}

// reachable is the URL of a listener for a browser on this machine.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// people are who the demonstration is played by, speaking a language, or none
// that is known yet.
func people(language string) []simulator.Person {
	const wallet = 50_000_00 // cents
	return []simulator.Person{
		{Number: "+254712000001", Name: "Amina Wanjiru", PIN: "1234", WalletCents: wallet, Role: "Buyer", Language: language},
		{Number: "+254722000418", Name: "Otieno Mbugua", PIN: "4321", WalletCents: wallet / 10, Role: "Seller", Language: language},
	}
}

func (c *devCmd) banner(cfg config, took time.Duration) {
	fmt.Printf(`
  VoicePact, simulated: NOT FOR REAL MONEY

  Phones page   %s/
  Dial          %s on either phone
  Gateway       %s/healthz
  Data kept in  %s (delete it to start afresh)

  Ready in %d ms. Ctrl-C stops.

`, cfg.PublicURL, cfg.ServiceCode, cfg.PublicURL, c.Data, took.Milliseconds())
}

// startRedis starts a server in this process that speaks Redis's protocol. Its
// keys expire only when told that time has passed.
func startRedis(ctx context.Context) (*miniredis.Miniredis, error) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("in-process Redis: %w", err)
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				server.FastForward(time.Second)
			case <-ctx.Done():
				return
			}
		}
	}()
	return server, nil
}

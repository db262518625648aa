package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"
	"github.com/riverqueue/river"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
	"github.com/voicepact/gateway/sms"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/ussd"
)

// app is the whole gateway, put together but for the things that differ
// between `dev` and `serve`.
type app struct {
	cfg      config
	log      *slog.Logger
	store    *store.Store
	redis    *redis.Client
	money    *mobilemoney.Client
	messages *sms.Client
	service  *escrow.Service
	http     *fiber.App
	words    *sms.Handler
	workers  *river.Client[*sql.Tx]
}

// embeddedWorkers and productionWorkers are how many jobs run at once: SQLite
// has one writer, and more would only queue behind it.
const (
	embeddedWorkers   = 4
	productionWorkers = 20
)

// build opens storage and makes every part. What it opened is closed again when
// a later part fails.
func build(ctx context.Context, cfg config, policy escrow.Policy, certificate []byte, log *slog.Logger) (_ *app, err error) {
	a := &app{cfg: cfg, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.store, err = cfg.open(ctx); err != nil {
		return nil, err
	}
	redis.SetLogger(redisLog{log})
	if a.redis, err = store.OpenRedis(cfg.RedisURL); err != nil {
		return nil, err
	}
	if a.money, err = a.buildMoney(certificate); err != nil {
		return nil, err
	}
	if a.messages, err = a.buildMessenger(); err != nil {
		return nil, err
	}
	codes, err := escrow.NewCodes(cfg.CodeKey)
	if err != nil {
		return nil, err
	}
	signer, err := cfg.signer()
	if err != nil {
		return nil, err
	}
	a.service = escrow.NewService(escrow.Deps{
		Store: a.store, Provider: a.money, Books: a.money, Messenger: a.messages, Codes: codes, Signer: signer,
		Policy: policy, Now: time.Now, Log: log,
	})
	if err := a.mount(); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *app) buildMoney(certificate []byte) (*mobilemoney.Client, error) {
	d := a.cfg.Daraja
	keys := make([][]byte, len(a.cfg.CallbackKeys))
	for i, key := range a.cfg.CallbackKeys {
		keys[i] = key
	}
	return mobilemoney.New(mobilemoney.Config{
		BaseURL: d.BaseURL, ConsumerKey: d.ConsumerKey, ConsumerSecret: d.ConsumerSecret,
		ShortCode: d.ShortCode, Passkey: d.Passkey, B2CShortCode: d.B2CShortCode,
		InitiatorName: d.Initiator, InitiatorPassword: d.InitiatorPassword, Certificate: certificate,
		PublicURL: a.cfg.PublicURL, CallbackKeys: keys, PullByGet: d.PullByGet,
		Slots: store.NewSlots(a.redis, "daraja:stkquery:"+d.ConsumerKey, mobilemoney.QueriesPerMinute),
		Now:   time.Now, Logger: a.log,
	}, store.NewTokens(a.redis, "daraja:token:"+d.ConsumerKey))
}

func (a *app) buildMessenger() (*sms.Client, error) {
	at := a.cfg.AT
	second, err := a.cfg.Second.route()
	if err != nil {
		return nil, err
	}
	cfg := sms.Config{
		BaseURL: at.BaseURL, Username: at.Username, APIKey: at.APIKey, Sender: at.Sender, Second: second,
		ServiceCode: a.cfg.ServiceCode, HelpPhone: a.cfg.HelpPhone, PayBill: a.cfg.Daraja.ShortCode, Log: a.log,
	}
	if at.PerSecond > 0 {
		cfg.All = store.NewPace(a.redis, "sms:"+at.Username+":", at.PerSecond, time.Second)
	}
	if at.PerNumber > 0 {
		cfg.EachNumber = store.NewPace(a.redis, "sms:to:", at.PerNumber, time.Minute)
	}
	return sms.New(cfg)
}

func (a *app) sessions() *store.Sessions { return store.NewSessions(a.redis, "ussd:", time.Now) }

// mount makes the routes and the workers behind them.
func (a *app) mount() error {
	key, err := sessionKey(a.cfg.CodeKey)
	if err != nil {
		return err
	}
	menu, err := ussd.New(ussd.Config{
		Service: a.service, Sessions: a.sessions(), Key: key, Screens: a.cfg.Screens,
		ServiceCode: a.cfg.ServiceCode, HelpPhone: a.cfg.HelpPhone, PayBill: a.cfg.Daraja.ShortCode,
		ShortCode: a.cfg.AT.Sender, Now: time.Now, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.words = sms.NewHandler(sms.HandlerConfig{
		Service: a.service, ShortCode: a.cfg.AT.Sender, Keyword: a.cfg.AT.Keyword, Log: a.log,
	})
	a.http = newHTTP(a.log)
	mountHealth(a.http, []pinger{
		{"database", a.store.Ping},
		{"redis", func(ctx context.Context) error { return a.redis.Ping(ctx).Err() }},
	})
	guarded, err := a.cfg.guards(a.log)
	if err != nil {
		return err
	}
	talking := a.http.Group("/at/:secret", append(guarded.talking.Handlers(), behindSecret(a.cfg.CallbackSecrets))...)
	menu.Register(talking, a.store)
	a.words.Register(talking, a.store)
	callbacks := a.http.Group("/mm", guarded.money.Handlers()...)
	a.money.Register(callbacks, a.store)
	a.money.RegisterTill(callbacks, a.store, a.service.Expect)
	return nil
}

// listen binds the address first of all, so that a port in use ends the start
// before anything has begun to work.
func (a *app) listen(ctx context.Context) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.ListenAddr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", a.cfg.ListenAddr, err)
	}
	return listener, nil
}

const (
	// stopBudget is how long a stop may take: calls under way end, jobs under
	// way are given up and found again by the next process.
	stopBudget = 10 * time.Second
	// drainBudget is the part of it that requests get.
	drainBudget = 3 * time.Second
)

// run works until ctx ends, then stops in the reverse order of the start:
// callbacks first, so that nothing is accepted that nobody will work.
func (a *app) run(ctx context.Context, listener net.Listener, workerLimit int) error {
	var err error
	if a.workers, err = a.newWorkers(workerLimit); err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := a.workers.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(fmt.Errorf("start jobs: %w", err), listener.Close())
	}
	served := make(chan error, 1)
	go func() { served <- a.http.Listener(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		a.log.InfoContext(ctx, "stopping")
	}
	return errors.Join(err, a.stop(context.WithoutCancel(ctx)))
}

func (a *app) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopBudget)
	defer cancel()
	err := a.http.ShutdownWithTimeout(drainBudget)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // streams of open pages do not end by themselves
	}
	if stopErr := a.workers.Stop(ctx); stopErr != nil {
		err = errors.Join(err, a.workers.StopAndCancel(ctx))
	}
	return err
}

// close releases what build opened; it is safe after a build that failed.
func (a *app) close() error {
	var errs []error
	if a.redis != nil {
		errs = append(errs, a.redis.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

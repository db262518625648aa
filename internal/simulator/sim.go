package simulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// Sim is both providers and the phones. Its methods may be called from any
// goroutine.
type Sim struct {
	cfg    Config
	log    *slog.Logger
	db     *database
	dice   *dice
	bank   bank.Ledger
	client *http.Client
	out    *outbox
	wire   *wireLog
	hub    *hub
	lines  *switchboard
	tokens *tokenStore
	pace   pace
	watch  *contractCache
	// hopLimit is [ussdAnswerLimit] except in tests that cannot wait.
	hopLimit time.Duration
	// validationLimit is [c2bAnswerLimit] except in tests that cannot wait.
	validationLimit time.Duration
	// readings counts the states given out; see [State].
	readings atomic.Int64

	faultsMu sync.Mutex
	faults   Faults

	closing   chan struct{}
	closeOnce sync.Once
	running   sync.WaitGroup
}

// New opens or creates the data file. Nothing is delivered before [Sim.Run].
// The watcher, which may be nil, supplies the contracts shown beside the phones.
func New(ctx context.Context, cfg Config, watcher Watcher) (*Sim, error) {
	cfg = cfg.withDefaults()
	db, err := openDatabase(ctx, cfg.DataFile)
	if err != nil {
		return nil, err
	}
	before, err := db.prepare(ctx, cfg)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	h, d := newHub(), newDice(cfg.Seed, before)
	return &Sim{
		cfg:    cfg,
		log:    cfg.Logger,
		db:     db,
		dice:   d,
		bank:   bank.Ledger{Draw: d.below},
		client: newClient(),
		out:    newOutbox(),
		wire:   newWireLog(h, cfg.Now),
		hub:    h,
		lines:  newSwitchboard(),
		tokens: newTokenStore(d),
		watch:  &contractCache{watcher: watcher},

		hopLimit: ussdAnswerLimit, validationLimit: c2bAnswerLimit,

		faults:  cfg.Faults,
		closing: make(chan struct{}),
	}, nil
}

// newClient opens a connection per request: a kept-alive connection that dies
// with the gateway would make "refused" (never seen, repeat it) look like
// "broken while answering" (perhaps seen, do not repeat it).
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		// Providers do not follow redirects of a callback.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Run delivers due callbacks and lets prompts and sessions run out, until ctx
// ends or the simulator closes. It ends the open state streams when it
// returns, so that a web server can be shut down without waiting for browsers.
// A callback under way when ctx ends stays stored and is delivered again by the
// next Run.
func (s *Sim) Run(ctx context.Context) error {
	s.running.Add(1)
	defer s.running.Done()
	defer s.endStreams()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var deliveries sync.WaitGroup
	defer deliveries.Wait()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		s.tick(ctx, &deliveries)
		select {
		case <-ctx.Done():
			return nil
		case <-s.closing:
			cancel()
			return nil
		case <-ticker.C:
		case <-s.out.wake:
		}
	}
}

// tick does everything that is due. Errors are logged, not returned: the next
// tick meets the same work again.
//
// The work in the data file is not cancelled with ctx: it is short, and a
// cancelled statement can cost the connection, which for a bank in memory is
// the bank.
func (s *Sim) tick(ctx context.Context, deliveries *sync.WaitGroup) {
	steady := context.WithoutCancel(ctx)
	if err := errors.Join(
		s.expirePrompts(steady),
		s.expireSessions(steady),
		s.deliverLate(steady),
		s.dispatch(ctx, deliveries),
	); err != nil {
		s.log.ErrorContext(ctx, "simulator: due work failed", slog.Any("error", err))
	}
}

// Close ends streams and [Sim.Run], waits for the latter, and closes the data
// file. It may be called more than once.
func (s *Sim) Close() error {
	s.endStreams()
	s.running.Wait()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("simulator: close data file: %w", err)
	}
	return nil
}

func (s *Sim) endStreams() { s.closeOnce.Do(func() { close(s.closing) }) }

// SetFaults replaces all fault knobs at once.
func (s *Sim) SetFaults(f Faults) {
	s.faultsMu.Lock()
	defer s.faultsMu.Unlock()
	s.faults = f
}

// CurrentFaults returns the knobs in force.
func (s *Sim) CurrentFaults() Faults {
	s.faultsMu.Lock()
	defer s.faultsMu.Unlock()
	return s.faults
}

// RevokeTokens forgets every access token, as happens when another process
// mints one: the next Daraja call is answered 404.001.03.
func (s *Sim) RevokeTokens() { s.tokens.revokeAll() }

// now is the configured clock in UTC.
func (s *Sim) now() time.Time { return s.cfg.Now().UTC() }

// changed tells the open streams to look at the state again and Run to look
// for due callbacks.
func (s *Sim) changed() {
	s.hub.notify()
	s.out.nudge()
}

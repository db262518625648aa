package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
)

const (
	pollInterval    = 50 * time.Millisecond
	callbackTimeout = 30 * time.Second
	// maxDeliveries bounds concurrent callbacks; one slow receiver must not
	// hold up the others.
	maxDeliveries = 16

	refusedRetry = time.Second
	// darajaRetry is a guess: the reports of repeated callbacks give no times.
	darajaRetry   = 10 * time.Second
	refusedGiveUp = 10 * time.Minute
	// Africa's Talking repeats an inbound message every minute until it is
	// answered 200, for 12 hours (help centre, "Where are my incoming messages").
	smsRetry  = time.Minute
	smsGiveUp = 12 * time.Hour

	contentForm = "application/x-www-form-urlencoded"
	contentJSON = "application/json;charset=UTF-8"

	// replyLimit is how much of an answer is read.
	replyLimit = 64 << 10
)

// callback is a request that a provider owes the gateway.
type callback struct {
	ID       int64  `db:"id"`
	Kind     kind   `db:"kind"`
	Who      string `db:"who"` // masked
	URL      string `db:"url"` // carries the gateway's secrets: never logged
	Body     []byte `db:"body"`
	Ref      string `db:"ref"` // what it reports on
	Summary  string `db:"summary"`
	Attempts int64  `db:"attempts"`
	Created  int64  `db:"created_at"`
	Due      int64  `db:"due_at"`

	late time.Duration // beyond what others take; not stored
}

const callbackColumns = `id, kind, who, url, body, ref, summary, attempts, created_at, due_at`

// outbox is the part of the delivery queue that lives in memory: what is under
// way right now.
type outbox struct {
	wake chan struct{}
	mu   sync.Mutex
	busy map[int64]struct{}
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), busy: map[int64]struct{}{}}
}

func (o *outbox) nudge() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) claim(id int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, taken := o.busy[id]; taken || len(o.busy) >= maxDeliveries {
		return false
	}
	o.busy[id] = struct{}{}
	return true
}

func (o *outbox) release(id int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.busy, id)
}

// enqueue stores a callback due after delay, in the transaction of the event
// that it reports: the one cannot survive a crash without the other.
func (s *Sim) enqueue(ctx context.Context, tx *sqlx.Tx, cb callback, delay time.Duration) error {
	now := s.now()
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO callbacks (kind, who, url, body, ref, summary, created_at, due_at)
		 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		cb.Kind, cb.Who, cb.URL, cb.Body, cb.Ref, cb.Summary, micros(now), micros(now.Add(delay))); err != nil {
		return fmt.Errorf("enqueue %s: %w", cb.Kind, err)
	}
	return nil
}

// dispatch starts the callbacks that are due and not under way.
func (s *Sim) dispatch(ctx context.Context, deliveries *sync.WaitGroup) error {
	var due []callback
	// Those under way are still stored, hence twice the bound.
	if err := s.db.SelectContext(context.WithoutCancel(ctx), &due,
		`SELECT `+callbackColumns+` FROM callbacks WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2`,
		micros(s.now()), 2*maxDeliveries); err != nil {
		return fmt.Errorf("read due callbacks: %w", err)
	}
	for _, cb := range due {
		if ctx.Err() != nil || !s.out.claim(cb.ID) {
			continue
		}
		deliveries.Go(func() {
			defer s.out.release(cb.ID)
			s.deliver(ctx, cb)
		})
	}
	return nil
}

// deliver posts cb and settles it. When ctx ended meanwhile, the row stays: a
// restart delivers it, perhaps a second time, as a provider may.
func (s *Sim) deliver(ctx context.Context, cb callback) {
	status, err := s.post(ctx, cb)
	if err != nil && ctx.Err() != nil {
		return
	}
	s.wire.add(WireEntry{To: toGateway, Kind: cb.Kind, Who: cb.Who, Summary: cb.Summary, Status: status})
	if err != nil {
		s.log.WarnContext(ctx, "simulator: callback not answered", slog.String("kind", string(cb.Kind)),
			slog.String("who", cb.Who), slog.String("reason", reason(err)))
	}
	if err := s.settle(context.WithoutCancel(ctx), cb, status, err); err != nil {
		s.log.ErrorContext(ctx, "simulator: callback not settled", slog.Any("error", err))
	}
	s.changed()
}

// post sends cb and returns the HTTP status.
func (s *Sim) post(ctx context.Context, cb callback) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cb.URL, bytes.NewReader(cb.Body))
	if err != nil {
		return 0, fmt.Errorf("build callback: %w", err)
	}
	// The providers' own agents are not documented outside of USSD; an empty
	// value keeps Go from naming itself.
	req.Header.Set("User-Agent", "")
	req.Header.Set("Content-Type", contentJSON)
	switch cb.Kind {
	case kindUSSDEvent, kindSMSIn, kindDLR:
		req.Header.Set("Content-Type", contentForm)
	case kindSTKCallback:
		// Observed on live STK callbacks beside the content type.
		req.Header.Set("Businessshortcode", s.cfg.BusinessShortCode)
	default:
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("post callback: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	// The body means nothing to the providers; the status is the answer.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, replyLimit))
	return res.StatusCode, nil
}

// settle removes cb or puts it off.
//
// Any HTTP status settles a Daraja callback: Safaricom was observed not to
// repeat one, whatever it was answered; [Faults.CallbackRetries] has it repeated.
// Only an inbound message insists on 200.
//
// A connection that was refused is tried again every second, which is kinder
// than Safaricom, who does not come back. The reason is that in development
// the gateway and the simulator are one process and die together; a callback
// to a gateway that is still starting is an accident of that arrangement, not
// a fault worth simulating. Faults that are worth it have knobs: see [Faults].
func (s *Sim) settle(ctx context.Context, cb callback, status int, err error) error {
	wait, giveUp := time.Duration(0), time.Duration(0)
	switch {
	case refused(err):
		wait, giveUp = refusedRetry, refusedGiveUp
		if cb.Kind == kindSMSIn {
			giveUp = smsGiveUp
		}
	case cb.Kind == kindSMSIn && status != http.StatusOK:
		wait, giveUp = smsRetry, smsGiveUp
	case cb.daraja() && !taken(status) && cb.Attempts < int64(s.CurrentFaults().CallbackRetries):
		wait, giveUp = darajaRetry, refusedGiveUp
	}
	now := s.now()
	if wait > 0 && now.Add(wait).Before(fromMicros(cb.Created).Add(giveUp)) {
		if _, err := s.db.ExecContext(ctx, `UPDATE callbacks SET due_at = $1, attempts = attempts + 1 WHERE id = $2`,
			micros(now.Add(wait)), cb.ID); err != nil {
			return fmt.Errorf("put off callback: %w", err)
		}
		return nil
	}
	return s.finish(ctx, cb, status)
}

// daraja reports whether M-PESA owes cb, and not Africa's Talking.
func (cb callback) daraja() bool {
	switch cb.Kind {
	case kindUSSDEvent, kindSMSIn, kindDLR:
		return false
	default:
		return true
	}
}

// taken is any of the statuses that say so.
func taken(status int) bool { return status >= http.StatusOK && status < http.StatusMultipleChoices }

// finish deletes cb and, for a message that a phone sent, shows its fate.
func (s *Sim) finish(ctx context.Context, cb callback, status int) error {
	return s.db.tx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM callbacks WHERE id = $1`, cb.ID); err != nil {
			return fmt.Errorf("delete callback: %w", err)
		}
		if cb.Kind != kindSMSIn {
			return nil
		}
		fate := statusSent
		if status != http.StatusOK {
			fate = statusFailed
		}
		return setMessageStatus(ctx, tx, cb.Ref, fate)
	})
}

// refused reports that the connection was never made, so that the request
// cannot have been seen.
func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// reason strips the URL, which holds secrets, from a client error.
func reason(err error) string {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	return strings.TrimSpace(err.Error())
}

// pendingFor counts the callbacks about ref that are not settled.
func (s *Sim) pendingFor(ctx context.Context, ref string) (int, error) {
	var n int
	if err := s.db.GetContext(ctx, &n, `SELECT count(*) FROM callbacks WHERE ref = $1`, ref); err != nil {
		return 0, fmt.Errorf("count callbacks: %w", err)
	}
	return n, nil
}

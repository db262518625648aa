package sim

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/mobilemoney"
	"github.com/voicepact/gateway/sms"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// gateway is one process: everything that a crash forgets.
type gateway struct {
	service *escrow.Service
	words   *sms.Handler
	http    fasthttp.RequestHandler
}

// callbackKey is the key of the tokens in the addresses that the bank calls.
const callbackKey = "a key of the simulated callbacks"

// payBillCode is our PayBill number.
const payBillCode = "600100"

// shortCode is our number for SMS.
const shortCode = "22384"

// boot starts a process on the store as it stands.
func (w *world) boot() {
	log := slog.New(slog.DiscardHandler)
	unlucky := flaky{w.store, w.faults, &w.wrote}
	g := &gateway{service: escrow.NewService(escrow.Deps{
		Store: unlucky, Provider: counter{w}, Books: counter{w}, Messenger: w.post, Codes: w.codes, Signer: storetest.Signer(w.t),
		Policy: w.policy, Now: w.clock.now, Log: log,
	})}
	g.words = sms.NewHandler(sms.HandlerConfig{Service: g.service, ShortCode: shortCode, Log: log})
	money, err := mobilemoney.New(mobilemoney.Config{
		BaseURL: "https://bank.invalid", ConsumerKey: "key", ConsumerSecret: "secret",
		ShortCode: payBillCode, Passkey: "passkey", B2CShortCode: "600200",
		InitiatorName: "api", InitiatorPassword: "password", Certificate: certificate(),
		PublicURL: "https://gateway.invalid", CallbackKeys: [][]byte{[]byte(callbackKey)}, Now: w.clock.now, Logger: log,
	}, noTokens{})
	if err != nil {
		w.t.Fatal(err)
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	g.words.Register(app.Group("/at"), unlucky)
	callbacks := app.Group("/mm")
	money.Register(callbacks, unlucky)
	money.RegisterTill(callbacks, unlucky, g.service.Expect)
	g.http = app.Handler()
	w.gate = g
	w.owe()
}

// certificate is one that requests would be sealed with: none is sent here.
var certificate = sync.OnceValue(func() []byte {
	const bits = 2048
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	pem, err := simulator.CertificatePEM(key, time.Now())
	if err != nil {
		panic(err)
	}
	return pem
})

// noTokens is a store of tokens that nobody asks for: calls go to the bank directly.
type noTokens struct{}

var errNoTokens = errors.New("no call goes over the wire here")

func (noTokens) Get(context.Context) (string, error)              { return "", errNoTokens }
func (noTokens) Put(context.Context, string, time.Duration) error { return errNoTokens }
func (noTokens) Forget(context.Context) error                     { return errNoTokens }

func (noTokens) Lock(context.Context, time.Duration) (func(), bool, error) {
	return func() {}, false, errNoTokens
}

// alive runs a part of the process's work and reports whether it outlived it. A
// process that dies is started again after a while, with nothing but the store.
func (w *world) alive(work func()) (lived bool) {
	w.inside++
	defer func() {
		w.inside--
		cause := recover()
		if cause == nil {
			return
		}
		death, ok := cause.(died)
		if !ok || w.inside > 0 { // the whole process dies, and not only the innermost call
			panic(cause)
		}
		w.crash(death)
	}()
	work()
	return true
}

func (w *world) crash(death died) {
	pause := w.dice.between(time.Second, time.Minute)
	w.notef("CRASH: %s; again in %s", death.at, pause)
	w.stop(pause)
}

// stop takes the gateway down until it is booted again.
func (w *world) stop(pause time.Duration) {
	w.wentDown()
	w.gate = nil
	w.agenda.add(w.clock.true.Add(pause), func() {
		if err := w.queue.check(w.ctx); err != nil {
			w.failf("after a restart: %v", err)
		}
		w.cameUp()
		w.boot()
		w.notef("the gateway is up")
	})
}

// receive takes one callback over the real routes. It returns the status, or 0
// where nobody answers.
func (w *world) receive(path, contentType string, body []byte) int {
	if w.gate == nil {
		return 0
	}
	status := 0
	w.alive(func() {
		var ctx fasthttp.RequestCtx
		ctx.Request.Header.SetMethod(fiber.MethodPost)
		ctx.Request.SetRequestURI(path)
		ctx.Request.Header.SetContentType(contentType)
		ctx.Request.SetBody(bytes.Clone(body))
		w.gate.http(&ctx)
		status = ctx.Response.StatusCode()
	})
	w.refresh()
	return status
}

// workInbox gives a kept callback to the package that understands it, as the
// program does.
func (w *world) workInbox(about store.WorkInbox) error {
	callback, err := w.store.Callback(w.ctx, about.Inbox)
	if err != nil {
		return err
	}
	if err := w.understand(callback); err != nil {
		return err
	}
	if w.faults.hit(readFails) {
		return errInjected
	}
	return w.store.Worked(w.ctx, callback.ID)
}

// reportWait is how long a delivery report waits for its message in the program.
const reportWait = time.Hour

func (w *world) understand(callback store.Callback) error {
	switch callback.Kind {
	case sms.KindMessage:
		return w.gate.words.Work(w.ctx, callback.Body)
	case sms.KindReport:
		err := w.gate.words.WorkReport(w.ctx, callback.Body)
		age := w.clock.now().Sub(callback.At)
		if later, early := errors.AsType[*escrow.Later](err); early {
			if age > reportWait {
				return nil
			}
			return &escrow.Later{After: max(later.After, age/4)}
		}
		return err
	case mobilemoney.KindArrival:
		arrived, err := mobilemoney.DecodeArrival(callback.Body)
		if err != nil {
			return err
		}
		return w.gate.service.Arrived(w.ctx, arrived, "callback:"+callback.ID.String())
	case mobilemoney.KindBalance, mobilemoney.KindPayBillBalance:
		return w.balance(callback)
	default:
		transfer, finding, err := mobilemoney.Decode(callback.Kind, callback.Key, callback.Body)
		if err != nil {
			return err
		}
		err = w.gate.service.Learn(w.ctx, transfer, finding, "callback:"+callback.ID.String())
		if err == nil && finding.Verdict == escrow.Moved {
			w.bank.heard(transfer)
		}
		if _, unread := mobilemoney.DecodeBalance(callback.Kind, callback.Body); err != nil || unread != nil {
			return err
		}
		return w.balance(callback)
	}
}

// balance gives the gateway what a callback says stands on our accounts.
func (w *world) balance(callback store.Callback) error {
	b, err := mobilemoney.DecodeBalance(callback.Kind, callback.Body)
	if err != nil {
		return err
	}
	return w.gate.service.Balances(w.ctx, b, "callback:"+callback.ID.String())
}

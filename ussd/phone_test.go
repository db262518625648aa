package ussd_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
	"github.com/voicepact/gateway/ussd"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	serviceCode = "*384*12345#"
	helpPhone   = "0700000000"
	labelHeader = "At-Ussd-Hop-Metadata"
)

// exchange is a gateway with nothing but the USSD callbacks, over a world.
type exchange struct {
	tb    testing.TB
	world *storetest.World
	redis *redis.Client
	app   *fiber.App
	logs  *logbook
	dials int
}

// logbook collects the log, to look for what must not be in it.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// patience is how long hops and sessions may take in tests, on a machine that
// is busy with others: time is what one test of its own is about.
const patience = 2 * time.Minute

func newExchange(tb testing.TB, world *storetest.World, address string) *exchange {
	tb.Helper()
	opts, err := redis.ParseURL(address)
	if err != nil {
		tb.Fatal(err)
	}
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = patience, patience, patience, patience
	client := redis.NewClient(opts)
	tb.Cleanup(func() {
		if err := client.Close(); err != nil {
			tb.Error(err)
		}
	})
	x := &exchange{tb: tb, world: world, redis: client, logs: &logbook{}}
	x.app = x.serve(store.NewSessions(client, "ussd:", world.Clock.Now))
	return x
}

// newSmallExchange is an exchange on SQLite and the in-process Redis.
func newSmallExchange(tb testing.TB) *exchange {
	tb.Helper()
	return newExchange(tb, storetest.NewSQLiteWorld(tb), testkit.MiniRedis(tb))
}

// config is the handler's configuration over some sessions.
func (x *exchange) config(sessions ussd.Sessions) ussd.Config {
	return ussd.Config{
		Service: x.world.Service, Sessions: sessions, ServiceCode: serviceCode, HelpPhone: helpPhone,
		PayBill: "600992", ShortCode: "40404", Key: bytes.Repeat([]byte{7}, 32), Screens: map[string]int{"63903": 184},
		Now: x.world.Clock.Now, Log: slog.New(slog.NewTextHandler(x.logs, nil)),
		Deadline: patience,
	}
}

// serve mounts a handler. The app is not Immutable: what the handler keeps of a
// request must be its own copy even then.
func (x *exchange) serve(sessions ussd.Sessions) *fiber.App {
	x.tb.Helper()
	handler, err := ussd.New(x.config(sessions))
	if err != nil {
		x.tb.Fatal(err)
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	handler.Register(app, x.world.Store)
	return app
}

// post sends a form and returns the status, the body and the screen's label.
func (x *exchange) post(path, body, label string) (int, string, string) {
	x.tb.Helper()
	req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "at-ussd-api/1.0")
	if label != "" {
		req.Header.Set(labelHeader, label)
	}
	return x.do(req)
}

func (x *exchange) do(req *http.Request) (int, string, string) {
	x.tb.Helper()
	res, err := x.app.Test(req, -1)
	if err != nil {
		x.tb.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		x.tb.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		x.tb.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header.Get(labelHeader)
}

// flush loses every session.
func (x *exchange) flush() {
	x.tb.Helper()
	if err := x.redis.FlushDB(context.Background()).Err(); err != nil {
		x.tb.Fatal(err)
	}
}

// phone is one session of one number, with Africa's Talking's memory of it.
type phone struct {
	x      *exchange
	number escrow.Phone
	id     string
	text   string
	label  string
	deaf   bool // does not return labels
	hops   int
	screen string
}

// pick makes a phone that has not dialled yet.
func (x *exchange) pick(number escrow.Phone) *phone {
	x.dials++
	return &phone{x: x, number: number, id: fmt.Sprintf("ATUid_%032x", x.dials)}
}

// dial starts the session. Digits behind the service code come as its text.
func (p *phone) dial(digits string) string {
	p.x.tb.Helper()
	p.text = digits
	return p.hop()
}

// answer sends one more answer.
func (p *phone) answer(input string) string {
	p.x.tb.Helper()
	if p.hops == 1 && p.text == "" {
		p.text = input
	} else {
		p.text += "*" + input
	}
	return p.hop()
}

// answers sends several and returns the last screen.
func (p *phone) answers(inputs ...string) string {
	p.x.tb.Helper()
	for _, input := range inputs {
		p.answer(input)
	}
	return p.screen
}

func (p *phone) form() string {
	return "phoneNumber=" + url.QueryEscape(string(p.number)) + "&serviceCode=" + url.QueryEscape(serviceCode) +
		"&text=" + url.QueryEscape(p.text) + "&sessionId=" + p.id + "&networkCode=99999"
}

// hop sends the transcript as it stands; called twice, it is a duplicate.
func (p *phone) hop() string {
	p.x.tb.Helper()
	p.hops++
	label := p.label
	if p.deaf {
		label = ""
	}
	status, screen, label := p.x.post("/ussd", p.form(), label)
	if status != http.StatusOK {
		p.x.tb.Fatalf("hop was answered %d: %s", status, screen)
	}
	p.screen, p.label = screen, label
	return screen
}

// wants fails the test unless the screen has all the parts.
func (p *phone) wants(parts ...string) {
	p.x.tb.Helper()
	for _, part := range parts {
		if !strings.Contains(p.screen, part) {
			p.x.tb.Fatalf("after %q the screen is\n%s\nwithout %q", p.text, p.screen, part)
		}
	}
}

// speaks makes a number known, with a language.
func (x *exchange) speaks(number escrow.Phone, language escrow.Language) {
	x.tb.Helper()
	if err := x.world.Service.SetLanguage(context.Background(), number, language); err != nil {
		x.tb.Fatal(err)
	}
}

// redisPasses drops what would be gone after so long.
func (x *exchange) redisPasses(d time.Duration) {
	x.tb.Helper()
	keys, err := x.redis.Keys(context.Background(), "*").Result()
	if err != nil {
		x.tb.Fatal(err)
	}
	for _, key := range keys {
		life, err := x.redis.TTL(context.Background(), key).Result()
		if err != nil {
			x.tb.Fatal(err)
		}
		if life > 0 && life <= d {
			if err := x.redis.Del(context.Background(), key).Err(); err != nil {
				x.tb.Fatal(err)
			}
		}
	}
}

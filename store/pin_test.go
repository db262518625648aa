package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// What is kept of a PIN is another each time, is of one phone and one key, and is
// not taken where it is damaged.
func TestWhatIsKeptOfAPINMatchesThatPINOnly(t *testing.T) {
	t.Parallel()
	b := sqliteBench(t)
	const pin = escrow.PIN("7391")
	seal := func(s *store.Store) []byte {
		sealed, err := s.SealPIN(t.Context(), storetest.Amina, pin)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	sealed := seal(b.Store)
	if bytes.Equal(sealed, seal(b.Store)) || bytes.Contains(sealed, []byte(pin)) {
		t.Error("the same is kept each time, or the PIN itself")
	}
	other := otherLookup(t)
	for _, test := range []struct {
		store *store.Store
		phone escrow.Phone
		pin   escrow.PIN
		want  bool
	}{
		{b.Store, storetest.Amina, pin, true},
		{b.Store, storetest.Amina, "7392", false},
		{b.Store, storetest.Amina, "", false},
		{b.Store, storetest.Otieno, pin, false},
		{other, storetest.Amina, pin, false},
	} {
		if got, err := test.store.MatchPIN(t.Context(), test.phone, test.pin, sealed); err != nil || got != test.want {
			t.Errorf("%s: %v, %v", test.phone.Masked(), got, err)
		}
	}
	later := bytes.Clone(sealed)
	later[0]++
	for _, damaged := range [][]byte{nil, {}, sealed[1:], append(bytes.Clone(sealed), 0), later} {
		if got, err := b.Store.MatchPIN(t.Context(), storetest.Amina, pin, damaged); err == nil || got {
			t.Errorf("%d bytes: %v, %v", len(damaged), got, err)
		}
	}
}

func otherLookup(t *testing.T) *store.Store {
	t.Helper()
	sealer, err := store.NewSealer(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), "sqlite:", sealer, storetest.NewClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIt(t, s) })
	return s
}

// Only so many PINs are hashed at once; whoever waits for longer than their call
// lasts gets a fault, and nothing was counted.
func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	b := sqliteBench(t)
	release := b.Store.FillHashing()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Store.SealPIN(ctx, storetest.Amina, "7391"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	release()
	if _, err := b.Store.SealPIN(t.Context(), storetest.Amina, "7391"); err != nil {
		t.Error(err)
	}
}

// hopKey is an idempotency key as the channel makes it, of the whole transcript of
// the call: who knows all but the PIN can try each against its hash.
func hopKey(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "*")))
	return "ussd:session:" + hex.EncodeToString(sum[:])
}

// The life of a PIN leaves no digit anywhere: in no column of any table, jobs and
// messages among them, in no log line, and in no hash that could be guessed at.
func TestNoPINIsKeptOrLogged(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		const first, second, third, wrong = "7391", "5207", "9417", "6140"
		var log bytes.Buffer
		service := escrow.NewService(escrow.Deps{
			Store: b.Store, Provider: b.Till, Books: b.Till, Messenger: b.Postbox, Codes: b.Codes, Signer: b.Signer, Policy: b.Policy,
			Now: b.Clock.Now, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		b.Service = service
		c := b.DealIn(escrow.Delivered, escrow.Shillings(9_000))
		var keys []string
		call := func(texts ...string) escrow.Request {
			key := hopKey(append([]string{strconv.Itoa(len(keys))}, texts...)...)
			keys = append(keys, key)
			return escrow.Request{Key: key, From: storetest.Amina, Channel: escrow.ChannelUSSD}
		}
		do := func(want escrow.Code, _ escrow.PINStatus, err error) {
			t.Helper()
			if refusal := escrow.RefusalOf(err); err != nil && (refusal == nil || refusal.Code != want) || err == nil && want != "" {
				t.Fatalf("got %v, want %q", err, want)
			}
			if err != nil {
				log.WriteString(err.Error())
			}
		}
		use := func(want escrow.Code, pin escrow.PIN) {
			t.Helper()
			_, err := service.AcceptGoods(t.Context(), escrow.Command{Request: call(string(pin)), Ref: c.Ref, PIN: pin})
			do(want, escrow.PINStatus{}, err)
		}
		run := func(want escrow.Code) func(escrow.PINStatus, error) {
			return func(status escrow.PINStatus, err error) { t.Helper(); do(want, status, err) }
		}
		run("")(service.SetPIN(t.Context(), escrow.PINCommand{Request: call(first), PIN: first}))
		run(escrow.BadPIN)(service.ChangePIN(t.Context(), escrow.PINCommand{Request: call(wrong), Old: wrong, PIN: second}))
		run("")(service.ChangePIN(t.Context(), escrow.PINCommand{Request: call(first, second), Old: first, PIN: second}))
		b.Clock.Advance(escrow.PINRest)
		use(escrow.BadPIN, wrong)
		run("")(service.ForgotPIN(t.Context(), escrow.PINCommand{Request: call(wrong)}))
		b.Work()
		code := b.Postbox.Last(t, storetest.Amina).Release
		b.Clock.Advance(escrow.PINRest)
		run("")(service.ResetPIN(t.Context(), escrow.PINCommand{Request: call(code, third), Code: code, PIN: third}))
		use("", third)
		b.Work()
		wantNowhere(t, b, log.String(), append(keys, first, second, third, wrong))
	})
}

// wantNowhere looks for secrets in the log and in every cell of the database.
func wantNowhere(t *testing.T, b *bench, log string, secrets []string) {
	t.Helper()
	cells := 0
	for _, secret := range secrets {
		if testkit.Shows(log, secret) {
			t.Errorf("the log shows %s:\n%s", secret, log)
		}
	}
	for _, table := range b.tables() {
		for _, row := range b.rows(`SELECT * FROM "` + table + `"`) {
			for _, cell := range row {
				cells++
				for _, secret := range secrets {
					if testkit.Shows(cell, secret) {
						t.Errorf("table %s shows %s: %.200q", table, secret, cell)
					}
				}
			}
		}
	}
	const fewest = 200
	if cells < fewest || !strings.Contains(log, "act=set_pin") {
		t.Errorf("looked at %d cells only, and at this log:\n%s", cells, log)
	}
}

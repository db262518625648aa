package mobilemoney_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

// receiver is the gateway's side of the callbacks.
type receiver struct {
	app *fiber.App
	box *inbox
}

func newReceiver(tb testing.TB, change ...func(*mobilemoney.Config)) receiver {
	tb.Helper()
	cfg := config(tb, "http://127.0.0.1:1")
	for _, f := range change {
		f(&cfg)
	}
	r := receiver{app: fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true}), box: &inbox{}}
	newClient(tb, cfg, &memory{}).Register(r.app.Group("/mm"), r.box)
	return r
}

// post delivers a callback and returns status and answer.
func (r receiver) post(tb testing.TB, path, body string) (int, string) {
	tb.Helper()
	request := httptest.NewRequestWithContext(tb.Context(), fiber.MethodPost, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json;charset=UTF-8")
	response, err := r.app.Test(request, -1)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// pathOf is the path of a callback address that the client sent out.
func pathOf(tb testing.TB, kind string) string {
	tb.Helper()
	at, err := url.Parse(address(kind))
	if err != nil {
		tb.Fatal(err)
	}
	return at.Path
}

func TestCallbacksAreKeptAsTheyCame(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	for kind, body := range map[string]string{
		"stk": stkSuccess()[0], "b2c": b2cSuccess, "status": statusCompleted, "b2c_timeout": `{}`, "status_timeout": "not JSON \xff",
	} {
		status, answer := r.post(t, pathOf(t, kind), body)
		same(t, kind+" status", status, fiber.StatusOK)
		same(t, kind+" answer", answer, `{"ResultCode":0,"ResultDesc":"Accepted"}`)
		all := r.box.list()
		last := all[len(all)-1]
		same(t, "kind", last.kind, kind)
		same(t, kind+" body", last.body, body)
		if !strings.HasPrefix(last.key, transferID.String()+":") {
			t.Errorf("key %q", last.key)
		}
	}
	same(t, "kept", len(r.box.list()), 5)
	r.box.worked(t)
}

func TestOnlyTheRightAddressIsThere(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	good := pathOf(t, "b2c")
	token := good[strings.LastIndex(good, "/")+1:]
	other := "7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a11"
	for name, path := range map[string]string{
		"token of another kind":     strings.Replace(pathOf(t, "stk"), "/stk/", "/b2c/", 1),
		"token of another transfer": strings.Replace(good, transferID.String(), other, 1),
		"timeout under b2c's":       strings.Replace(good, "/b2c/", "/b2c_timeout/", 1),
		"unknown kind":              strings.Replace(good, "/b2c/", "/gift/", 1),
		"capital kind":              strings.Replace(good, "/b2c/", "/B2C/", 1),
		"no transfer":               strings.Replace(good, transferID.String(), "x", 1),
		"short token":               strings.Replace(good, token, token[:32], 1),
		"one letter off":            strings.Replace(good, token, "g"+token[1:], 1),
		"empty token":               strings.Replace(good, token, "%20", 1),
		"no token":                  strings.TrimSuffix(good, "/"+token),
		"capital token":             strings.Replace(good, token, strings.ToUpper(token), 1),
		"more behind it":            good + "/x",
	} {
		if status, answer := r.post(t, path, `{}`); status != fiber.StatusNotFound || strings.Contains(answer, "Accepted") {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	same(t, "kept", len(r.box.list()), 0)
}

// The address that M-Pesa was given for one transfer is no address of another.
func TestAnAddressThatWasSentOutIsOfOneTransfer(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, accepted))
	newClient(t, config(t, d.URL), &memory{}).Submit(t.Context(), transfer(escrow.Collect))
	var sent struct {
		CallBackURL string `json:"CallBackURL"`
	}
	if err := json.Unmarshal([]byte(d.at(pathPush)[0].body), &sent); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(sent.CallBackURL)
	if err != nil {
		t.Fatal(err)
	}
	r := newReceiver(t)
	other := strings.Replace(at.Path, transferID.String(), uuid.NewString(), 1)
	status, _ := r.post(t, other, stkSuccess()[0])
	same(t, "another transfer", status, fiber.StatusNotFound)
	same(t, "kept of another", len(r.box.list()), 0)
	status, _ = r.post(t, at.Path, stkSuccess()[0])
	same(t, "the transfer itself", status, fiber.StatusOK)
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	both := newReceiver(t, func(c *mobilemoney.Config) { c.CallbackKeys = [][]byte{[]byte(secondKey), []byte(firstKey)} })
	status, _ := both.post(t, pathOf(t, "stk"), `{}`)
	same(t, "signed by the old key", status, fiber.StatusOK)
	gone := newReceiver(t, func(c *mobilemoney.Config) { c.CallbackKeys = [][]byte{[]byte(secondKey)} })
	status, _ = gone.post(t, pathOf(t, "stk"), `{}`)
	same(t, "the old key is gone", status, fiber.StatusNotFound)
}

func TestTheFirstKeySigns(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(fiber.StatusOK, accepted))
	cfg := config(t, d.URL)
	cfg.CallbackKeys = [][]byte{[]byte(firstKey), []byte(secondKey)}
	newClient(t, cfg, &memory{}).Submit(t.Context(), transfer(escrow.Collect))
	same(t, "address", decoded(t, d.at(pathPush)[0].body)["CallBackURL"], any(address("stk")))
}

func TestWhatIsNotKeptIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	var book logbook
	r := newReceiver(t, func(c *mobilemoney.Config) { c.Logger = book.logger() })
	r.box.broken = errDown
	path := pathOf(t, "stk")
	status, answer := r.post(t, path, stkSuccess()[0])
	if status != fiber.StatusInternalServerError || strings.Contains(answer, "Accepted") {
		t.Errorf("%d %s", status, answer)
	}
	for _, secret := range []string{path[strings.LastIndex(path, "/"):], "254708374149", "TKN7RT61SV"} {
		if strings.Contains(book.String(), secret) {
			t.Errorf("logged %s", book.String())
		}
	}
	if !strings.Contains(book.String(), "callback not kept") {
		t.Error("nobody is told")
	}
}

func TestBodiesTooLargeOrPackedAreNotOpened(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	status, _ := r.post(t, pathOf(t, "stk"), strings.Repeat(" ", 64<<10+1))
	same(t, "too large", status, fiber.StatusRequestEntityTooLarge)
	same(t, "kept", len(r.box.list()), 0)

	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(bytes.Repeat([]byte(" "), 10<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(t.Context(), fiber.MethodPost, pathOf(t, "stk"), bytes.NewReader(packed.Bytes()))
	request.Header.Set("Content-Encoding", "gzip")
	response, err := r.app.Test(request, -1)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	same(t, "packed", response.StatusCode, fiber.StatusOK)
	same(t, "kept as it came", r.box.list()[0].body, packed.String())
	same(t, "and seen by a person", r.box.worked(t)[0].Alarm, true)
}

func TestTheCredentialIsGoneBeforeAnythingIsKept(t *testing.T) {
	t.Parallel()
	sealed := strings.Repeat("Ab1/+", 68) + "Ab=="
	for name, body := range map[string]string{
		"field":        queueTimeouts()[0],
		"long field":   `{"SecurityCredential":"` + sealed + `","Amount":"1450"}`,
		"escaped":      `{"SecurityCredential":"` + strings.ReplaceAll(sealed, "/", `\/`) + `","Amount":"1450"}`,
		"small letter": `{"securitycredential" : "` + sealed + `","Amount":"1450"}`,
		"other name":   `{"Credential":"` + sealed + `","Amount":"1450"}`,
		"nested":       `{"Request":{"Security Credential":"REDACT-ME \" x"},"Amount":"1450"}`,
		"cut off":      `{"Amount":"1450","SecurityCredential":"REDACT-ME`,
		"form":         `Amount=1450&SecurityCredential=` + url.QueryEscape(sealed),
	} {
		r := newReceiver(t)
		status, _ := r.post(t, pathOf(t, "b2c_timeout"), body)
		same(t, name, status, fiber.StatusOK)
		got := r.box.list()[0].body
		if strings.Contains(got, "REDACT-ME") || strings.Contains(got, "Ab1") || !strings.Contains(got, "1450") {
			t.Errorf("%s: kept %s", name, got)
		}
	}
}

func TestEveryStatementIsWorkedOnce(t *testing.T) {
	t.Parallel()
	noReceipt := strings.Replace(stkSuccess()[0], `"TKN7RT61SV"`, `""`, 1)
	second := strings.Replace(statusCompleted, "AG_20261123_0000493344ae97d86f75", "AG_20261123_0000493344ae97d86f76", 1)
	open := strings.Replace(statusCompleted, `"Completed"`, `"Initiated"`, 1)
	cases := map[string]struct {
		kind   string
		bodies []string
		worked int
		aside  int
	}{
		"repeated":                        {"stk", []string{stkSuccess()[0], stkSuccess()[0], stkSuccess()[0]}, 1, 0},
		"failure, then success":           {"stk", []string{stkFailure, stkSuccess()[0]}, 2, 0},
		"success, then failure":           {"stk", []string{stkSuccess()[0], stkFailure}, 2, 0},
		"receipt comes later":             {"stk", []string{noReceipt, stkSuccess()[0], noReceipt}, 2, 0},
		"two contradicting successes":     {"stk", []string{stkSuccess()[0], strings.Replace(stkSuccess()[0], "1500.00", "1", 1)}, 1, 1},
		"payout failed, then paid":        {"b2c", []string{b2cFailure, b2cSuccess}, 2, 0},
		"interim, then final":             {"b2c", []string{strings.Replace(b2cSuccess, `"ResultType":0`, `"ResultType":1`, 1), b2cSuccess}, 2, 0},
		"two status queries":              {"status", []string{statusCompleted, second, second}, 2, 0},
		"one query, answered twice":       {"status", []string{open, statusCompleted}, 2, 0},
		"timeouts of two requests":        {"b2c_timeout", []string{`{}`, `{"a":1}`, `{}`}, 2, 0},
		"garbage does not take the place": {"stk", []string{`{"Body":`, stkSuccess()[0], `{"Body":`}, 2, 0},
		"ids that cannot stand in a key":  {"stk", []string{strings.Replace(stkSuccess()[0], merchantID, `m:\u0000 '`, 1)}, 1, 0},
		"ids that are too long for a key": {"stk", []string{strings.Replace(stkSuccess()[0], merchantID, strings.Repeat("m", 9000), 1)}, 1, 0},
		"paid at another prompt":          {"stk", []string{stkSuccess()[0], strings.Replace(stkSuccess()[0], merchantID, "29115-34620561-1", 1)}, 2, 0},
		"a number where the id should be": {"stk", []string{strings.Replace(stkSuccess()[0], merchantID, checkoutID, 1), stkSuccess()[0]}, 2, 0},
		"nobody knows the payout, twice":  {"status", []string{neverSeen, strings.Replace(neverSeen, "AG_x", "AG_y", 1), neverSeen}, 2, 0},
		"a success that has lost its id":  {"stk", []string{strings.Replace(stkSuccess()[0], merchantID, "", 1), stkSuccess()[0]}, 2, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t)
			for _, body := range c.bodies {
				status, _ := r.post(t, pathOf(t, c.kind), body)
				same(t, "status", status, fiber.StatusOK)
			}
			same(t, "worked", len(r.box.worked(t)), c.worked)
			same(t, "put aside", r.box.aside, c.aside)
			for _, k := range r.box.list() {
				if len(k.key) > 200 || strings.ContainsAny(k.key, "\x00 '") {
					t.Errorf("key %q", k.key)
				}
			}
		})
	}
}

func TestTwentyAtOnceAreOne(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if status, _ := r.post(t, pathOf(t, "stk"), stkSuccess()[0]); status != fiber.StatusOK {
				t.Errorf("status %d", status)
			}
		})
	}
	all.Wait()
	same(t, "kept", len(r.box.list()), 1)
}

package simulator

import (
	"bytes"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// lockedBuffer is where a test reads a log that many write.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *lockedBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestPageFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kinds := map[string]string{
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
		".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	must(t, fs.WalkDir(pageFiles, "page", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		local := strings.TrimPrefix(name, "page/")
		want, err := fs.ReadFile(pageFiles, name)
		must(t, err)
		for _, address := range []string{"/" + local, "/assets/" + local} {
			status, body, header := w.call(http.MethodGet, address, "", "")
			same2(t, address, status, http.StatusOK)
			same2(t, address, body, string(want))
			same2(t, address, header.Get("Content-Type"), kinds[path.Ext(name)])
			same2(t, address, header.Get("X-Content-Type-Options"), "nosniff")
			if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") ||
				strings.Contains(policy, "unsafe") {
				t.Errorf("%s: policy %s", address, policy)
			}
		}
		return nil
	}))
	_, page, _ := w.call(http.MethodGet, "/", "", "")
	if !strings.Contains(page, "NOT REAL MONEY") {
		t.Error("the page does not say that its money is not real")
	}
	for _, foreign := range []string{"http://", "https://", "<style", " style=", "onclick"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %q", foreign)
		}
	}
	for _, climb := range []string{"/page.go", "/assets/../page.go", "/assets/%2e%2e/page.go", "/page/index.html"} {
		status, _, _ := w.call(http.MethodGet, climb, "", "")
		same2(t, climb, status, http.StatusNotFound)
	}
}

func TestPhonesAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const (
		noPhone  = `{"error":"There is no such phone."}`
		noPrompt = `{"error":"There is no M-PESA request on this phone."}`
		noName   = `{"error":"Give a name of 1 to 40 characters."}`
		json     = "application/json"
	)
	cases := map[string]struct {
		path, kind, body string
		status           int
		answer           string // "" when the state is answered
	}{
		"local number":   {"/sim/phones/0722000000/hangup", json, "{}", 200, ""},
		"bare number":    {"/sim/phones/722000000/hangup", json, "{}", 200, ""},
		"with charset":   {"/sim/phones/254722000000/hangup", "application/json; charset=utf-8", "{}", 200, ""},
		"no such phone":  {"/sim/phones/0711999888/hangup", json, "{}", 404, noPhone},
		"no number":      {"/sim/phones/abc/hangup", json, "{}", 404, noPhone},
		"bad escape":     {"/sim/phones/%25zz/hangup", json, "{}", 404, noPhone},
		"a form":         {"/sim/phones/0722000000/hangup", contentForm, "", 415, `{"error":"Send JSON."}`},
		"no type":        {"/sim/phones/0722000000/hangup", "", "", 415, `{"error":"Send JSON."}`},
		"not JSON":       {"/sim/phones/0722000000/hangup", json, "{", 400, `{"error":"That is not the JSON expected here."}`},
		"wrong shape":    {"/sim/phones/0722000000/sms", json, `{"text":5}`, 400, `{"error":"That is not the JSON expected here."}`},
		"no prompt":      {"/sim/phones/0722000000/prompt", json, `{"pin":"1234"}`, 409, noPrompt},
		"bad new number": {"/sim/phones", json, `{"number":"12","name":"x"}`, 400, `{"error":"That is not a Kenyan mobile number."}`},
		"no new name":    {"/sim/phones", json, `{"number":"0711000333","name":" "}`, 400, noName},
		"here already":   {"/sim/phones", json, `{"number":"0722000000","name":"x"}`, 409, `{"error":"That phone is here already."}`},
		"new phone form": {"/sim/phones", contentForm, "", 415, `{"error":"Send JSON."}`},
	}
	for name, c := range cases {
		status, body, header := w.call(http.MethodPost, c.path, c.kind, c.body)
		same2(t, name, status, c.status)
		same2(t, name+" caching", header.Get("Cache-Control"), "no-store")
		if c.answer != "" {
			same2(t, name, body, c.answer)
		} else {
			same2(t, name, len(decode[State](t, body).Phones), 2)
		}
	}
	same2(t, "phones", len(w.state().Phones), 2)
}

func TestAPIFailsPolitely(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	w := newWorld(t, func(c *Config) { c.Logger = log.logger() })
	must(t, w.sim.db.Close())
	status, body, _ := w.call(http.MethodGet, "/sim/state", "", "")
	same2(t, "status", status, http.StatusInternalServerError)
	same2(t, "words", body, `{"error":"The simulator failed; its log says why."}`)
	if !strings.Contains(log.String(), "closed") {
		t.Errorf("the log does not say why: %s", &log)
	}
}

func TestSeedChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ok := Person{Number: "0711000333", Name: "Baraka", PIN: "1111"}
	for name, spoil := range map[string]func(*Person){
		"number": func(p *Person) { p.Number = "0200000000" },
		"name":   func(p *Person) { p.Name = strings.Repeat("x", 41) },
		"pin":    func(p *Person) { p.PIN = "12345" },
		"debt":   func(p *Person) { p.WalletCents = -1 },
		"wealth": func(p *Person) { p.WalletCents = bank.MaxWallet + 1 },
	} {
		person := ok
		spoil(&person)
		err := w.sim.Seed(person)
		if err == nil || strings.Contains(err.Error(), "0711000333") {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, w.sim.Seed(ok))
	must(t, w.sim.Seed(Person{Number: "+254711000333", Name: "Another", PIN: "2222", WalletCents: 5_00}))
	p := w.phone("+254711000333")
	same2(t, "name stays", p.Name, "Baraka")
	same2(t, "wallet stays", p.WalletCents, 0)
}

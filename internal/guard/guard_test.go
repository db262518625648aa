package guard

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func nets(tb testing.TB, list ...string) []netip.Prefix {
	tb.Helper()
	parsed, err := ParseNets(list)
	if err != nil {
		tb.Fatal(err)
	}
	return parsed
}

func TestNets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"196.201.214.0/24": "196.201.214.0/24", " 196.201.214.206 ": "196.201.214.206/32", "10.1.2.3/8": "10.0.0.0/8",
		"2001:db8::/32": "2001:db8::/32", "::1": "::1/128", "::ffff:10.0.0.1": "10.0.0.1/32",
		"": "", "10.0.0.0/33": "", "10.0.0": "", "safaricom.co.ke": "", "10.0.0.0/8 10.1.0.0/16": "", "fe80::1%eth0": "",
		"::ffff:10.0.0.0/104": "",
	} {
		got, err := ParseNets([]string{text})
		if want == "" {
			if err == nil {
				t.Errorf("%q is taken as %s", text, got)
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0].String() != want {
			t.Errorf("%q is %v, %v, want %s", text, got, err, want)
		}
	}
}

// What a stranger writes into the header never counts, what our proxies append does.
func TestWhoIsThere(t *testing.T) {
	t.Parallel()
	trusted := nets(t, "10.0.0.0/8", "fd00::/8")
	for _, test := range []struct {
		name, socket string
		forwarded    []string
		want         string
	}{
		{"no proxy", "41.90.1.2", nil, "41.90.1.2"},
		{"a stranger's claim", "41.90.1.2", []string{"196.201.214.206"}, "41.90.1.2"},
		{"a stranger who claims to be a proxy", "41.90.1.2", []string{"196.201.214.206, 10.0.0.1"}, "41.90.1.2"},
		{"one proxy", "10.0.0.1", []string{"196.201.214.206"}, "196.201.214.206"},
		{"a claim before one proxy", "10.0.0.1", []string{"196.201.214.206, 41.90.1.2"}, "41.90.1.2"},
		{"two proxies", "10.0.0.1", []string{"196.201.214.206, 10.0.0.2"}, "196.201.214.206"},
		{"a claim before two proxies", "10.0.0.1", []string{"1.1.1.1,41.90.1.2,10.0.0.2"}, "41.90.1.2"},
		{"two headers", "10.0.0.1", []string{"1.1.1.1", "41.90.1.2"}, "41.90.1.2"},
		{"with ports", "10.0.0.1", []string{"41.90.1.2:51000"}, "41.90.1.2"},
		{"IPv6 with a port", "fd00::1", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"IPv4 in IPv6", "::ffff:10.0.0.1", []string{"::ffff:41.90.1.2"}, "41.90.1.2"},
		{"all of them ours", "10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"the proxy itself", "10.0.0.1", nil, "10.0.0.1"},
		{"nonsense from a proxy", "10.0.0.1", []string{"unknown"}, "invalid IP"},
		{"nonsense behind a proxy", "10.0.0.1", []string{"196.201.214.206, _hidden"}, "invalid IP"},
		{"nothing behind a proxy", "10.0.0.1", []string{"196.201.214.206,"}, "invalid IP"},
		{"a zone", "10.0.0.1", []string{"fe80::1%eth0"}, "fe80::1"},
	} {
		if got := peer(netip.MustParseAddr(test.socket), test.forwarded, trusted).String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	if got := peer(netip.Addr{}, []string{"196.201.214.206"}, trusted); got.IsValid() {
		t.Errorf("without a socket address: %s", got)
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	first, second, body := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), []byte(`{"a":1}`)
	keys := [][]byte{first, second}
	good := Sign(first, body, now)
	_, sum, _ := strings.Cut(good, "v1=")
	for _, test := range []struct {
		name, header string
		body         string
		want         string
	}{
		{"good", good, string(body), ""},
		{"the second key", Sign(second, body, now), string(body), ""},
		{"another key", Sign([]byte("other"), body, now), string(body), forged},
		{"another body", good, `{"a":2}`, forged},
		{"no body", good, "", forged},
		{"another time", strings.Replace(good, "t=1800000000", "t=1800000001", 1), string(body), forged},
		{"the dot moved", "t=18000000,v1=" + sum, "00." + string(body), forged},
		{"300 s old", Sign(first, body, now.Add(-300*time.Second)), string(body), ""},
		{"301 s old", Sign(first, body, now.Add(-301*time.Second)), string(body), stale},
		{"300 s ahead", Sign(first, body, now.Add(300*time.Second)), string(body), ""},
		{"301 s ahead", Sign(first, body, now.Add(301*time.Second)), string(body), stale},
		{"one of two is good", good + ",v1=" + strings.Repeat("00", 32), string(body), ""},
		{"the other of two is good", strings.Replace(good, ",v1=", ",v1="+strings.Repeat("00", 32)+",v1=", 1), string(body), ""},
		{"a later version beside it", good + ", v2=anything", string(body), ""},
		{"upper case", strings.ToUpper(good), string(body), unsigned},
		{"upper-case digits", "t=1800000000,v1=" + strings.ToUpper(sum), string(body), ""},
		{"nothing", "", string(body), unsigned},
		{"no time", "v1=" + sum, string(body), unsigned},
		{"two times", good + ",t=1800000000", string(body), unsigned},
		{"no signature", "t=1800000000", string(body), unsigned},
		{"half a signature", "t=1800000000,v1=" + sum[:32], string(body), unsigned},
		{"no hexadecimal", "t=1800000000,v1=" + strings.Repeat("z", 64), string(body), unsigned},
		{"a time with a sign", strings.Replace(good, "t=", "t=+", 1), string(body), unsigned},
		{"a time that is too long", "t=99999999999999999999,v1=" + sum, string(body), unsigned},
		{"a part without name", good + ",x", string(body), unsigned},
		{"more signatures than anybody needs", good + strings.Repeat(",v1="+sum, maxMACs), string(body), unsigned},
	} {
		if got := check(test.header, []byte(test.body), keys, now); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// serve mounts a guard on a real server, and returns its address and log.
func serve(t *testing.T, cfg Config) (string, *strings.Builder) {
	t.Helper()
	var log strings.Builder
	cfg.Group, cfg.Log = "test", slog.New(slog.NewTextHandler(&log, nil))
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	app.Group("/in", cfg.Handlers()...).Post("/", func(c *fiber.Ctx) error { return c.Send(c.Body()) })
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener) }()
	t.Cleanup(func() {
		if err := app.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String() + "/in", &log
}

func post(t *testing.T, address, body string, header http.Header) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header, request.Close = header, true
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(text)
}

func TestOnTheWire(t *testing.T) {
	t.Parallel()
	now, key := time.Unix(1_800_000_000, 0), bytes.Repeat([]byte{1}, 32)
	const body = "phone=%2B254712000001"
	signed := http.Header{Header: {Sign(key, []byte(body), now)}}
	for _, test := range []struct {
		name   string
		cfg    Config
		header http.Header
		want   int
		log    string
	}{
		{"nothing asked for", Config{}, nil, 200, ""},
		{"from here", Config{Allowed: nets(t, "127.0.0.0/8")}, nil, 200, ""},
		{"from elsewhere", Config{Allowed: nets(t, "196.201.214.0/24")}, nil, 404, "from=127.0.0.1"},
		{
			"a stranger's claim",
			Config{Allowed: nets(t, "196.201.214.0/24")},
			http.Header{"X-Forwarded-For": {"196.201.214.206"}},
			404, "from=127.0.0.1",
		},
		{
			"behind a proxy",
			Config{Allowed: nets(t, "196.201.214.0/24"), Trusted: nets(t, "127.0.0.1")},
			http.Header{"X-Forwarded-For": {"196.201.214.206"}},
			200, "",
		},
		{
			"elsewhere behind a proxy",
			Config{Allowed: nets(t, "196.201.214.0/24"), Trusted: nets(t, "127.0.0.1")},
			http.Header{"X-Forwarded-For": {"196.201.214.206", "41.90.1.2"}},
			404, "from=41.90.1.2",
		},
		{"signed", Config{Keys: [][]byte{key}, Now: func() time.Time { return now }}, signed, 200, ""},
		{"not signed", Config{Keys: [][]byte{key}, Now: func() time.Time { return now }}, nil, 404, unsigned},
		{"signed by another", Config{Keys: [][]byte{[]byte("other")}, Now: func() time.Time { return now }}, signed, 404, forged},
		{"signed yesterday", Config{Keys: [][]byte{key}, Now: func() time.Time { return now.Add(24 * time.Hour) }}, signed, 404, stale},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address, log := serve(t, test.cfg)
			status, answer := post(t, address, body, test.header)
			if status != test.want || status == http.StatusOK && answer != body {
				t.Errorf("answered %d %q, want %d", status, answer, test.want)
			}
			if !strings.Contains(log.String(), test.log) || test.log == "" && log.Len() > 0 {
				t.Errorf("logged %q, want %q", log, test.log)
			}
			for _, secret := range []string{"254712", hex.EncodeToString(key), "v1="} {
				if strings.Contains(log.String(), secret) {
					t.Errorf("the log shows %s", secret)
				}
			}
		})
	}
}

func FuzzHeader(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	key, body := []byte("key"), []byte("body")
	good := Sign(key, body, now)
	for _, seed := range []string{good, "", "t=1,v1=", "t=1,t=2", good + ",v1=00", strings.Repeat("v1=,", 100)} {
		f.Add(seed)
	}
	_, sum, _ := strings.Cut(good, "v1=")
	f.Fuzz(func(t *testing.T, header string) {
		why := check(header, body, [][]byte{key}, now)
		if why == "" && (!strings.Contains(header, "t=1800000000") || !strings.Contains(strings.ToLower(header), sum)) {
			t.Errorf("%q is taken for signed", header)
		}
	})
}

func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"", "10.0.0.2", "1.1.1.1, 10.0.0.2", ",", "[::1]:1", "a, b"} {
		f.Add(seed)
	}
	trusted := nets(f, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, forwarded string) {
		stranger := netip.MustParseAddr("41.90.1.2")
		if got := peer(stranger, []string{forwarded}, trusted); got != stranger {
			t.Errorf("a stranger is taken for %s because of %q", got, forwarded)
		}
		// What a proxy appends is the last word, whatever came before.
		got := peer(netip.MustParseAddr("10.0.0.1"), []string{forwarded + ",41.90.1.2"}, trusted)
		if got != stranger {
			t.Errorf("behind a proxy a stranger is taken for %s because of %q", got, forwarded)
		}
	})
}

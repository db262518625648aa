package testkit_test

import (
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/lib/pq" // the driver
	"github.com/redis/go-redis/v9"

	"github.com/voicepact/gateway/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// recorder takes the place of a test that must fail.
type recorder struct {
	testing.TB

	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestGoldenFindsADifference(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "text.golden")
	if err := os.WriteFile(file, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, fails := range map[string]bool{"one\ntwo\n": false, "one\n2\n": true, "one\ntwo": true, "": true} {
		r := &recorder{TB: t}
		testkit.Golden(r, file, text)
		if r.failed != fails {
			t.Errorf("%q failed: %v, want %v", text, r.failed, fails)
		}
	}
}

func TestEventuallyLooksUntilItIsDone(t *testing.T) {
	t.Parallel()
	var looks atomic.Int32
	testkit.Eventually(t, "the third look", func() bool { return looks.Add(1) == 3 })
	if n := looks.Load(); n != 3 {
		t.Errorf("looked %d times", n)
	}
}

func TestSendReadsTheWholeAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Type", r.Header.Get("Content-Type"))
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(text)
	}))
	t.Cleanup(server.Close)
	body := strings.Repeat("long ", 10_000)
	for _, contentType := range []string{"", "text/plain"} {
		reply := testkit.Send(t, server.Client().Do, http.MethodPost, server.URL, contentType, body)
		if reply.Status != http.StatusTeapot || reply.Header.Get("X-Type") != contentType || reply.Body != body {
			t.Errorf("got %d, %q and %d bytes", reply.Status, reply.Header.Get("X-Type"), len(reply.Body))
		}
	}
	for address, carry := range map[string]testkit.Carrier{
		":":        server.Client().Do,
		server.URL: func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
	} {
		if reply, err := testkit.Exchange(t.Context(), carry, http.MethodGet, address, "", ""); err == nil {
			t.Errorf("%s is answered %+v", address, reply)
		}
	}
}

func TestEveryTestHasAPostgresOfItsOwn(t *testing.T) {
	t.Parallel()
	one, two := testkit.Postgres(t), testkit.Postgres(t)
	if one == two {
		t.Fatal("two tests share a database")
	}
	for _, address := range []string{one, two} {
		db, err := sql.Open("postgres", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE mine (id BIGINT)"); err != nil {
			t.Errorf("the database is not empty: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryTestHasARedisOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) string{"redis": testkit.RealRedis, "miniredis": testkit.MiniRedis} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				opts, err := redis.ParseURL(open(t))
				if err != nil {
					t.Fatal(err)
				}
				client := redis.NewClient(opts)
				if fresh, err := client.SetNX(t.Context(), "mine", "1", 0).Result(); err != nil || !fresh {
					t.Errorf("the database is not empty: %v", err)
				}
				if err := client.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

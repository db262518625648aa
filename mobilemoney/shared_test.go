package mobilemoney_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/mobilemoney"
	"github.com/voicepact/gateway/store"
)

func openRedis(t *testing.T) *redis.Client {
	t.Helper()
	client, err := store.OpenRedis(testkit.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// fleet is clients as separate processes are: they share a Redis, and nothing else.
func fleet(t *testing.T, base string, size int) []*mobilemoney.Client {
	t.Helper()
	memory := openRedis(t)
	clients := make([]*mobilemoney.Client, size)
	for i := range clients {
		cfg := config(t, base)
		cfg.Slots = store.NewSlots(memory, "queries", mobilemoney.QueriesPerMinute)
		clients[i] = newClient(t, cfg, store.NewTokens(memory, "token"))
	}
	return clients
}

// TestAFleetBuysOneToken: Safaricom's FAQ says that a new token voids the one
// before, so two of them at once would void each other.
func TestAFleetBuysOneToken(t *testing.T) {
	t.Parallel()
	const calls = 10
	d := newDaraja(t, rejecting(404, envelope("404.001.03", "Invalid Access Token"), "token1"))
	clients := fleet(t, d.URL, 2)
	// The first token is refused: everyone who holds it needs the second, and
	// nobody a third.
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			if got := clients[i%2].Submit(t.Context(), transfer(escrow.Payout)); got.Outcome != escrow.Taken {
				t.Errorf("got %+v", got)
			}
		})
	}
	all.Wait()
	same(t, "tokens bought", d.minted, 2)
	for _, client := range clients {
		same(t, "later", client.Submit(t.Context(), transfer(escrow.Payout)).Outcome, escrow.Taken)
	}
	same(t, "tokens bought in the end", d.minted, 2)
}

// TestAFleetSharesItsQueries: the limit is the app's, and a query that has to wait
// was not put.
func TestAFleetSharesItsQueries(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, `{"ResponseCode":"0","ResultCode":"1032"}`))
	asked, kept := 0, 0
	for _, client := range fleet(t, d.URL, 5) {
		switch got := client.Look(t.Context(), transfer(escrow.Collect)); {
		case got.Verdict == escrow.NotMoved:
			asked++
		case got.Verdict == escrow.NotAsked && got.Code == "slots" && !got.Alarm &&
			0 < got.RetryAfter && got.RetryAfter <= time.Minute/mobilemoney.QueriesPerMinute:
			kept++
		default:
			t.Errorf("got %+v", got)
		}
	}
	same(t, "asked", asked, 1)
	same(t, "kept back", kept, 4)
	same(t, "requests", len(d.at(pathQuery)), 1)
}

// gone is a memory that does not answer.
type gone struct{}

func (gone) Take(context.Context) (time.Duration, error) { return 0, errDown }

func TestWithoutTheSharedMemoryEachKeepsItsOwnLimit(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, `{"ResponseCode":"0","ResultCode":"1032"}`))
	cfg := config(t, d.URL)
	cfg.Slots = gone{}
	client := newClient(t, cfg, &memory{})
	same(t, "first", client.Look(t.Context(), transfer(escrow.Collect)).Verdict, escrow.NotMoved)
	same(t, "second", client.Look(t.Context(), transfer(escrow.Collect)).Verdict, escrow.NotAsked)
	same(t, "requests", len(d.at(pathQuery)), 1)
}

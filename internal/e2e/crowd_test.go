package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/testkit"
)

// crowd is how many deals are made at once.
const crowd = 200

// couple is one deal in a crowd: the two speak to the gateway as Africa's
// Talking would, because a screen of everybody's phone after every key would
// cost more than the deals. Couples act beside the test's own goroutine, so that
// they return what went wrong.
type couple struct {
	n             int
	ussd, sim     string // addresses of the gateways' USSD callback, and of the simulator
	buyer, seller simulator.Person
	item          string
}

func newCouple(r *rig, n int) couple {
	c := couple{n: n, ussd: r.balancer.url() + "/at/" + pathSecret + "/ussd", sim: r.simURL, item: fmt.Sprintf("Lot-%03d", n)}
	c.buyer = simulator.Person{Number: fmt.Sprintf("+2547120%05d", n), Name: "Buyer", PIN: "1234", WalletCents: 10_000_00}
	c.seller = simulator.Person{Number: fmt.Sprintf("+2547220%05d", n), Name: "Seller", PIN: "4321"}
	return c
}

// deal takes the couple from the first call to both confirmed.
func (c couple) deal(ctx context.Context) error {
	amount := strconv.Itoa(1_000 + c.n)
	local := "0" + strings.TrimPrefix(c.buyer.Number, "+254")
	for _, step := range []func() error{
		func() error { return c.calls(ctx, c.seller, "sent to", "1", "1", "1", local, c.item, amount, "1", "1") },
		func() error { return c.calls(ctx, c.buyer, "Agreed", "1", "1", "1") },
		func() error { return c.calls(ctx, c.buyer, "M-Pesa asks for your PIN", "1", "1") },
		func() error { return c.until(ctx, "the prompt", c.entersPIN) },
		func() error { return c.until(ctx, "the money", c.seesMoney) },
		func() error { return c.calls(ctx, c.seller, "Thank you", "1", "1") },
		func() error { return c.calls(ctx, c.buyer, "Done", "1", "1") },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("couple %d: %w", c.n, err)
		}
	}
	return nil
}

// calls makes one of the two dial and answer; the last screen must show the words.
func (c couple) calls(ctx context.Context, who simulator.Person, words string, answers ...string) error {
	screen, err := c.call(ctx, who, answers...)
	if err == nil && !strings.Contains(screen, words) {
		err = fmt.Errorf("the screen shows\n%s\nwant %q", screen, words)
	}
	return err
}

// call dials and answers, and returns the last screen.
func (c couple) call(ctx context.Context, who simulator.Person, answers ...string) (string, error) {
	session := "ATUid_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	screen, err := c.hop(ctx, session, who, "")
	for i := range answers {
		if err != nil {
			return "", err
		}
		screen, err = c.hop(ctx, session, who, strings.Join(answers[:i+1], "*"))
	}
	return screen, err
}

// errOthers says that a caller saw what only others may see.
var errOthers = errors.New("shown the goods of another couple")

var anyLot = regexp.MustCompile(`Lot-\d+`)

// hop sends what was typed so far. A screen that names a lot must name the
// couple's own.
func (c couple) hop(ctx context.Context, session string, who simulator.Person, text string) (string, error) {
	fields := url.Values{
		"sessionId": {session}, "phoneNumber": {who.Number}, "serviceCode": {serviceCode}, "text": {text},
		"networkCode": {"63902"},
	}
	reply, err := testkit.Exchange(ctx, http.DefaultClient.Do, http.MethodPost, c.ussd, form, fields.Encode())
	if err == nil && reply.Status == http.StatusRequestTimeout {
		// So many were ahead of us that the connection was given up before we sent
		// anything: then it may be sent again (RFC 9110, 15.5.9).
		reply, err = testkit.Exchange(ctx, http.DefaultClient.Do, http.MethodPost, c.ussd, form, fields.Encode())
	}
	if err != nil {
		return "", err
	}
	if reply.Status != http.StatusOK {
		return "", fmt.Errorf("answered %d %s", reply.Status, reply.Body)
	}
	for _, lot := range anyLot.FindAllString(reply.Body, -1) {
		if lot != c.item {
			return "", fmt.Errorf("%w, %s:\n%s", errOthers, lot, reply.Body)
		}
	}
	return reply.Body, nil
}

func (c couple) entersPIN(ctx context.Context) (bool, error) {
	reply, err := testkit.Exchange(ctx, http.DefaultClient.Do, http.MethodPost, pathOf(c.sim, c.buyer.Number, "prompt"),
		"application/json", `{"pin":"`+c.buyer.PIN+`"}`)
	return reply.Status == http.StatusOK, err
}

func (c couple) seesMoney(ctx context.Context) (bool, error) {
	screen, err := c.call(ctx, c.seller)
	return strings.Contains(screen, "Delivered") && strings.Contains(screen, c.item), err
}

// until tries again at a person's pace: two hundred who tried every few
// milliseconds would keep the gateways from what they wait for.
func (c couple) until(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	const pace, patience = 2 * time.Second, 3 * time.Minute
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("waited too long for "+what))
	defer cancel()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		ok, err := done(ctx)
		if ok || err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

//nolint:paralleltest // two hundred deals take the whole machine: the others would only wait
func TestTwoHundredDealsAtOnce(t *testing.T) {
	r := newRig(t)
	r.startGateway()
	r.startGateway()
	couples := make([]couple, crowd)
	for i := range couples {
		couples[i] = newCouple(r, i)
		r.person(couples[i].buyer)
		r.person(couples[i].seller)
	}
	everybody, ctx := errgroup.WithContext(t.Context())
	for _, c := range couples {
		everybody.Go(func() error { return c.deal(ctx) })
	}
	if err := everybody.Wait(); err != nil {
		t.Fatal(err)
	}
	s := r.openStore()
	testkit.EventuallyEvery(t, 500*time.Millisecond, "everybody paid", func() bool {
		contracts, err := s.Newest(t.Context(), 2*crowd)
		if err != nil {
			t.Fatal(err)
		}
		paid := 0
		for _, o := range contracts {
			if o.Payment == escrow.PaymentReleased {
				paid++
			}
		}
		return paid == crowd
	})
	r.prove(s)
	statement, err := r.sim.Statement()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range couples {
		want := int64(1_000+c.n) * 100
		if got := statement.Wallets[c.seller.Number]; got != want {
			t.Errorf("seller %d has %d cents, want %d", c.n, got, want)
		}
		if got := statement.Wallets[c.buyer.Number]; got != c.buyer.WalletCents-want {
			t.Errorf("buyer %d has %d cents, want %d", c.n, got, c.buyer.WalletCents-want)
		}
	}
}

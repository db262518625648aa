package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/testkit"
)

// crowd is how many deals are made at once.
const crowd = 200

// couple is one deal in a crowd: the two speak to the gateway as Africa's
// Talking would, because a screen of everybody's phone after every key would
// cost more than the deals.
type couple struct {
	r             *rig
	n             int
	buyer, seller simulator.Person
	item          string
}

func newCouple(r *rig, n int) couple {
	c := couple{r: r, n: n, item: fmt.Sprintf("Lot-%03d", n)}
	c.buyer = simulator.Person{Number: fmt.Sprintf("+2547120%05d", n), Name: "Buyer", PIN: "1234", WalletCents: 10_000_00}
	c.seller = simulator.Person{Number: fmt.Sprintf("+2547220%05d", n), Name: "Seller", PIN: "4321"}
	return c
}

// call dials and answers, and returns the last screen. Every screen that names
// a lot must name the couple's own.
func (c couple) call(who simulator.Person, answers ...string) string {
	c.r.t.Helper()
	session := "ATUid_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	screen := c.hop(session, who, "")
	for i := range answers {
		screen = c.hop(session, who, strings.Join(answers[:i+1], "*"))
	}
	return screen
}

var anyLot = regexp.MustCompile(`Lot-\d+`)

func (c couple) hop(session string, who simulator.Person, text string) string {
	c.r.t.Helper()
	form := url.Values{
		"sessionId": {session}, "phoneNumber": {who.Number}, "serviceCode": {serviceCode}, "text": {text},
		"networkCode": {"63902"},
	}
	status, screen := send(c.r.t, http.MethodPost, c.r.balancer.url()+"/at/"+pathSecret+"/ussd",
		"application/x-www-form-urlencoded", form.Encode())
	if status != http.StatusOK {
		c.r.t.Errorf("couple %d: %d %s", c.n, status, screen)
	}
	for _, lot := range anyLot.FindAllString(screen, -1) {
		if lot != c.item {
			c.r.t.Errorf("couple %d was shown %s:\n%s", c.n, lot, screen)
		}
	}
	return screen
}

// deal takes the couple from the first call to both confirmed.
func (c couple) deal() {
	c.r.t.Helper()
	amount := strconv.Itoa(1_000 + c.n)
	local := "0" + strings.TrimPrefix(c.buyer.Number, "+254")
	c.wants(c.call(c.seller, "1", "1", "1", local, c.item, amount, "1", "1"), "sent to")
	c.wants(c.call(c.buyer, "1", "1", "1"), "Agreed")
	c.wants(c.call(c.buyer, "1", "1"), "M-Pesa asks for your PIN")
	buyer := handset{t: c.r.t, base: c.r.simURL, number: c.buyer.Number}
	c.until("prompt", func() bool { return buyer.tries("prompt", map[string]string{"pin": "1234"}) })
	c.until("money", func() bool { return strings.Contains(c.call(c.seller), "Delivered "+c.item) })
	c.wants(c.call(c.seller, "1", "1"), "Thank you")
	c.wants(c.call(c.buyer, "1", "1"), "Done")
}

// until tries again at a person's pace: two hundred who tried every few
// milliseconds would measure nothing but themselves.
func (c couple) until(what string, done func() bool) {
	c.r.t.Helper()
	const pace, patience = 500 * time.Millisecond, 2 * time.Minute
	for deadline := time.Now().Add(patience); !done(); {
		select {
		case <-time.After(pace):
		case <-c.r.t.Context().Done():
		}
		if time.Now().After(deadline) {
			c.r.t.Fatalf("couple %d waits for the %s", c.n, what)
		}
	}
}

func (c couple) wants(screen, words string) {
	c.r.t.Helper()
	if !strings.Contains(screen, words) {
		c.r.t.Errorf("couple %d: the screen shows\n%s\nwant %q", c.n, screen, words)
	}
}

func TestTwoHundredDealsAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.startGateway()
	r.startGateway()
	couples := make([]couple, crowd)
	for i := range couples {
		couples[i] = newCouple(r, i)
		r.person(couples[i].buyer)
		r.person(couples[i].seller)
	}
	var all sync.WaitGroup
	for _, c := range couples {
		all.Go(c.deal)
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	s := r.openStore()
	testkit.Eventually(t, "everybody paid", func() bool {
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

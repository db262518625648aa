package ussd_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

// Two hundred callers at once, each with a thing of its own to sell: every
// screen belongs to its caller.
func TestACrowdOfCallers(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		x := newExchange(t, storetest.NewWorld(t, open), testkit.Redis(t))
		callers := 200
		if strings.HasSuffix(t.Name(), "sqlite") {
			callers = 40 // one writer at a time, each waiting for the disk
		}
		phones := make([]*phone, callers)
		for i := range phones {
			phones[i] = x.pick(escrow.Phone(fmt.Sprintf("+2547%08d", 10_000_000+i)))
		}
		var all sync.WaitGroup
		for i, p := range phones {
			all.Go(func() { sell(t, p, i) })
		}
		all.Wait()
		if x.contracts() != callers {
			t.Errorf("%d contracts", x.contracts())
		}
	})
}

// Two thousand conversations at once, each a hop ahead or behind the others: every
// screen is tagged by its caller, none is lost and none is another's. One in forty
// sends what it was told, the others hang up at the summary. PostgreSQL and Redis are
// what so many come to; SQLite, with its one writer, has the smaller crowd.
func TestTwoThousandConversationsAtOnce(t *testing.T) {
	t.Parallel()
	x := newExchange(t, storetest.NewWorld(t, storetest.Postgres), testkit.Redis(t))
	const callers, sends = 2_000, 40
	phones := make([]*phone, callers)
	for i := range phones {
		phones[i] = x.pick(escrow.Phone(fmt.Sprintf("+2547%08d", 20_000_000+i)))
	}
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i, p := range phones {
		all.Go(func() {
			<-begin
			talk(t, p, i, i%sends == 0)
		})
	}
	close(begin)
	all.Wait()
	if want := callers / sends; x.contracts() != want {
		t.Errorf("%d contracts, want %d", x.contracts(), want)
	}
	hops := 0
	for _, p := range phones {
		hops += p.hops
	}
	if want := callers*8 + callers/sends; hops != want {
		t.Errorf("%d hops were answered, want %d", hops, want)
	}
}

// sell proposes a contract that no other caller has.
func sell(t *testing.T, p *phone, i int) {
	t.Helper()
	talk(t, p, i, true)
}

// talk makes a contract that no other caller has, up to its summary or until it is
// sent, and checks that every screen which shows data shows the caller's own. It
// runs beside the test's goroutine, so it must not end the test.
func talk(t *testing.T, p *phone, i int, send bool) {
	t.Helper()
	item, amount := fmt.Sprintf("Bag no %d", i), 1000+i
	other := fmt.Sprintf("07%08d", 90_000_000+i)
	steps := []struct{ answer, want string }{
		{"", "CON Karibu"},
		{"1", "1. New contract"},
		{"1", "You are the"},
		{"1", "Buyer's phone"},
		{other, "What is sold"},
		{item, "Total price"},
		{strconv.Itoa(amount), "Deliver by"},
		{"1", "Sell " + item + "\nto " + other + " " + escrow.Shillings(int64(amount)).String()},
		{"1", " sent to " + other[:4] + "***" + other[7:]},
	}
	if !send {
		steps = steps[:len(steps)-1]
	}
	for n, step := range steps {
		switch n {
		case 0:
		case 1:
			p.text = step.answer
		default:
			p.text += "*" + step.answer
		}
		_, screen, label := p.x.post("/ussd", p.form(), p.label)
		p.label = label
		p.hops++
		if !strings.Contains(screen, step.want) {
			t.Errorf("caller %d after %q sees\n%s\nwithout %q", i, p.text, screen, step.want)
			return
		}
	}
}

// Sessions stay small with the longest answers, and hold no release code.
func TestWhatASessionHolds(t *testing.T) {
	t.Parallel()
	x := newSmallExchange(t)
	p := x.ready(storetest.Otieno)
	p.answers("4", "1", "2", "1", "1", "0712000001", strings.Repeat("é", 12)+strings.Repeat("Ж", 12), "250000", "5", "24/12")
	const limit = 1024
	if size := len(x.session(p)); size > limit {
		t.Errorf("a draft takes %d bytes", size)
	}
	c := x.world.DealIn(escrow.Delivered, escrow.Shillings(9_000))
	code := x.world.Codes.For(c)
	amina := x.ready(storetest.Amina)
	amina.answers("1", "1")
	amina.wants("Type the code")
	amina.answers(other(code))
	amina.wants("Wrong code. Tries left: 4.")
	for _, secret := range []string{code, other(code)} {
		if strings.Contains(x.session(amina), secret) || strings.Contains(x.logs.String(), secret) {
			t.Errorf("%s is in the session or the log", secret)
		}
	}
	amina.answer(code)
	amina.wants("END Done.")
	if session := x.session(amina); strings.Contains(session, code) || len(session) > limit {
		t.Errorf("%d bytes: %s", len(session), session)
	}
}

func (x *exchange) session(p *phone) string {
	x.tb.Helper()
	text, err := x.redis.Get(x.tb.Context(), "ussd:"+p.id).Result()
	if err != nil {
		x.tb.Fatal(err)
	}
	return text
}

// other is another code than this one.
func other(code string) string {
	return string('0'+('9'-code[0])) + code[1:]
}

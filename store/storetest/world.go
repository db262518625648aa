package storetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// World is a service with everything around it in the test's hands.
type World struct {
	TB      testing.TB
	Clock   *Clock
	Store   *store.Store
	Service *escrow.Service
	Codes   *escrow.Codes
	Signer  *escrow.Signer
	Policy  escrow.Policy // that of Service
	Till    *Till
	Postbox *Postbox

	jobs *river.Client[*sql.Tx]
	keys int

	operator string // key of the operator of [World.Errand]
}

// NewWorld makes a world on the store that open returns, under the usual policy
// but for what the changes say. Phones need no rest between prompts, because most
// stories have one phone pay for many contracts at once.
func NewWorld(tb testing.TB, open Opener, changes ...func(*escrow.Policy)) *World {
	tb.Helper()
	policy := escrow.DefaultPolicy()
	policy.PromptPause, policy.SamePromptPause = 0, 0
	for _, change := range changes {
		change(&policy)
	}
	key := sha256.Sum256([]byte("release codes of tests"))
	codes, err := escrow.NewCodes(key[:])
	if err != nil {
		tb.Fatal(err)
	}
	w := &World{TB: tb, Clock: NewClock(), Codes: codes, Signer: Signer(tb), Policy: policy, Till: &Till{}, Postbox: &Postbox{}}
	w.Store = open(tb, w.Clock.Now)
	w.jobs = w.newJobs()
	w.Service = escrow.NewService(escrow.Deps{
		Store: w.Store, Provider: w.Till, Books: w.Till, Messenger: w.Postbox, Codes: codes, Signer: w.Signer,
		Policy: policy, Now: w.Clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	w.Beat()
	return w
}

// NewSQLiteWorld makes a world on SQLite.
func NewSQLiteWorld(tb testing.TB) *World {
	tb.Helper()
	return NewWorld(tb, SQLite)
}

// Request is a request from phone by USSD under a fresh key.
func (w *World) Request(phone escrow.Phone) escrow.Request {
	w.keys++
	return escrow.Request{Key: "test:" + strconv.Itoa(w.keys), From: phone, Channel: escrow.ChannelUSSD}
}

// Command is a command from phone about a contract, by USSD under a fresh key.
func (w *World) Command(phone escrow.Phone, ref escrow.Ref) escrow.Command {
	return escrow.Command{Request: w.Request(phone), Ref: ref}
}

// Learn tells the service about the newest transfer of the kind.
func (w *World) Learn(kind escrow.TransferKind, finding escrow.Finding) {
	w.TB.Helper()
	t := w.Till.Last(w.TB, kind)
	if err := w.Service.Learn(w.TB.Context(), t.ID, finding, "test"); err != nil {
		w.TB.Fatal(err)
	}
}

// Items lists the open operator items, oldest first.
func (w *World) Items() []escrow.ItemKind {
	w.TB.Helper()
	items, err := w.Store.OpenItems(w.TB.Context())
	if err != nil {
		w.TB.Fatal(err)
	}
	kinds := make([]escrow.ItemKind, len(items))
	for i, item := range items {
		kinds[i] = item.Kind
	}
	return kinds
}

// Till stands in the place of M-Pesa: it takes every transfer and keeps it, and
// the test says what becomes of it.
type Till struct {
	mu        sync.Mutex
	answers   []escrow.Submission
	findings  map[uuid.UUID]escrow.Finding
	taken     []escrow.Transfer
	doubted   map[string]escrow.Verdict
	statement []escrow.Arrival
	silent    error
	asked     int
	crash     bool
	holds     []*Hold
}

// Crash makes the process die, for the test, right after the next transfer has
// left it and before the answer is known.
func (t *Till) Crash() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.crash = true
}

// crashed is the panic of a simulated death.
type crashed struct{}

// Answer makes the next submissions end so, in turn; otherwise they are taken.
func (t *Till) Answer(answers ...escrow.Submission) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers = append(t.answers, answers...)
}

// Recover forgets what [Till.Answer] was told: everything is taken again.
func (t *Till) Recover() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers = nil
}

// Say makes a look at the transfer find this.
func (t *Till) Say(id uuid.UUID, finding escrow.Finding) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.findings == nil {
		t.findings = map[uuid.UUID]escrow.Finding{}
	}
	t.findings[id] = finding
}

// Submit implements [escrow.Provider].
func (t *Till) Submit(_ context.Context, tr escrow.Transfer) escrow.Submission {
	if hold := t.nextHold(tr); hold != nil {
		close(hold.reached)
		return <-hold.answer
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = append(t.taken, tr)
	if t.crash {
		t.crash = false
		panic(crashed{})
	}
	if len(t.answers) > 0 {
		answer := t.answers[0]
		t.answers = t.answers[1:]
		return answer
	}
	return escrow.Submission{Outcome: escrow.Taken, ProviderID: "id-of-" + tr.ID.String(), Code: "0"}
}

// Look implements [escrow.Provider].
func (t *Till) Look(_ context.Context, tr escrow.Transfer) escrow.Finding {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	if finding, ok := t.findings[tr.ID]; ok {
		return finding
	}
	return escrow.Finding{Verdict: escrow.NoAnswer}
}

// Asked returns how often was asked what became of a transfer.
func (t *Till) Asked() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked
}

// Confirm implements [escrow.Provider]. A payment was made unless the test says
// otherwise of its receipt.
func (t *Till) Confirm(_ context.Context, receipt string, _ escrow.Cents, _ time.Time, _ escrow.Transfer) escrow.Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	if verdict, ok := t.doubted[receipt]; ok {
		return verdict
	}
	return escrow.Moved
}

// Statement implements [escrow.Books]: what the test put on it, in any window.
func (t *Till) Statement(context.Context, time.Time, time.Time) ([]escrow.Arrival, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]escrow.Arrival(nil), t.statement...), t.silent
}

// Show puts payments on the statement.
func (t *Till) Show(lines ...escrow.Arrival) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.statement = append(t.statement, lines...)
}

// Silence makes the statement answer with this error.
func (t *Till) Silence(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.silent = err
}

// Doubt makes the provider's records say this of a receipt.
func (t *Till) Doubt(receipt string, verdict escrow.Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doubted == nil {
		t.doubted = map[string]escrow.Verdict{}
	}
	t.doubted[receipt] = verdict
}

// Taken returns every submission, in order.
func (t *Till) Taken() []escrow.Transfer {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]escrow.Transfer(nil), t.taken...)
}

// Last returns the newest submission of the kind.
func (t *Till) Last(tb testing.TB, kind escrow.TransferKind) escrow.Transfer {
	tb.Helper()
	for _, taken := range slices.Backward(t.Taken()) {
		if taken.Kind == kind {
			return taken
		}
	}
	tb.Fatalf("no %s was submitted", kind)
	return escrow.Transfer{}
}

// Pay makes the money of the newest transfer of the kind move, under a receipt.
func (w *World) Pay(kind escrow.TransferKind, receipt string) escrow.Transfer {
	w.TB.Helper()
	t := w.Till.Last(w.TB, kind)
	finding := escrow.Finding{Verdict: escrow.Moved, Code: "0", Receipt: receipt, Amount: t.Amount}
	if err := w.Service.Learn(w.TB.Context(), t.ID, finding, "test:"+receipt); err != nil {
		w.TB.Fatal(err)
	}
	w.Work()
	return t
}

// Postbox stands in the place of the SMS gateway and keeps what was sent.
type Postbox struct {
	mu    sync.Mutex
	sent  []Letter
	crash bool
}

// Crash makes the process die right after the next message has left it.
func (p *Postbox) Crash() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.crash = true
}

// Letter is one message that was sent, with the release code it carried.
type Letter struct {
	escrow.Message
	Release string
}

// Send implements [escrow.Messenger].
func (p *Postbox) Send(_ context.Context, m escrow.Message, code string) escrow.Dispatch {
	p.mu.Lock()
	defer p.mu.Unlock()
	m.ProviderID = "ATXid_" + m.ID.String()
	p.sent = append(p.sent, Letter{Message: m, Release: code})
	if p.crash {
		p.crash = false
		panic(crashed{})
	}
	return escrow.Dispatch{Outcome: escrow.Taken, ProviderID: m.ProviderID, Cost: "KES 0.8000"}
}

// All returns every message that was sent, in order.
func (p *Postbox) All() []Letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Letter(nil), p.sent...)
}

// To lists the templates that a phone was sent, in order.
func (p *Postbox) To(phone escrow.Phone) []escrow.Template {
	p.mu.Lock()
	defer p.mu.Unlock()
	var templates []escrow.Template
	for _, letter := range p.sent {
		if letter.To.Phone == phone {
			templates = append(templates, letter.Template)
		}
	}
	return templates
}

// Last returns the newest message to a phone.
func (p *Postbox) Last(tb testing.TB, phone escrow.Phone) Letter {
	tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, letter := range slices.Backward(p.sent) {
		if letter.To.Phone == phone {
			return letter
		}
	}
	tb.Fatal(fmt.Errorf("nothing was sent to %s", phone.Masked()))
	return Letter{}
}

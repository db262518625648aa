package e2e_test

import (
	"database/sql"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// everything is more contracts than a loop makes.
const everything = 10_000

// audit holds the books against their rules, against what people know, and
// against the bank, at a moment at which nothing writes: the gateways stand still
// for it. It returns how many contracts there are.
func (m *market) audit() int {
	m.t.Helper()
	for _, i := range m.awake() {
		m.places[i].signal(syscall.SIGSTOP)
	}
	m.quiet()
	storetest.Prove(witness{m.t, m}, m.store)
	m.listen()
	contracts, err := m.store.Newest(m.t.Context(), everything)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, broken := range m.memory.broken(contracts) {
		m.violationf("%s", broken)
	}
	m.notAheadOfTheBank(contracts)
	for _, i := range m.awake() {
		m.places[i].signal(syscall.SIGCONT)
	}
	return len(contracts)
}

// witness counts what a proof finds.
type witness struct {
	testing.TB
	market *market
}

func (w witness) Errorf(format string, args ...any) { w.market.violationf(format, args...) }

// quiet waits until the server has done what reached it before the gateways
// stopped. A statement that waits for a lock of theirs, or for them to read, ends
// with them.
func (m *market) quiet() {
	m.t.Helper()
	db, err := sql.Open("postgres", m.database)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const busy = `SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active'
		AND pid <> pg_backend_pid() AND COALESCE(wait_event_type, '') NOT IN ('Lock', 'Client')`
	still := 0
	testkit.Eventually(m.t, "statements under way", func() bool {
		var n int
		if err := db.QueryRowContext(m.t.Context(), busy).Scan(&n); err != nil {
			m.t.Fatal(err)
		}
		still++
		if n > 0 {
			still = 0
		}
		return still >= 2
	})
}

// notAheadOfTheBank checks that the ledger counts no cent that the bank has not
// moved, that the bank has moved none that we do not know to be under way, and
// that it paid nothing twice. To the cent they are equal only at rest.
func (m *market) notAheadOfTheBank(contracts []store.Overview) {
	m.t.Helper()
	statement, err := m.sim.Statement()
	if err != nil {
		m.t.Fatal(err)
	}
	balances, err := m.store.Balances(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	var cameIn, wentOut, mayComeIn, mayGoOut, mayGoBack escrow.Cents
	amounts := map[string]escrow.Cents{}
	for _, t := range m.transfers(contracts) {
		amounts[t.ID.String()] = t.Amount
		switch {
		case t.State == escrow.TransferSucceeded:
		case t.Kind == escrow.Collect:
			mayComeIn += t.Amount
		case t.State != escrow.TransferFailed && t.Method == escrow.MethodReversal:
			mayGoBack += t.Amount
		case t.State != escrow.TransferFailed:
			mayGoOut += t.Amount
		}
	}
	paid := map[string]escrow.Cents{}
	for _, line := range statement.Movements {
		switch line.Kind {
		case "stk", "paybill":
			cameIn += escrow.Cents(line.Cents)
		case "reversal":
			cameIn -= escrow.Cents(line.Cents)
		case "b2c":
			wentOut += escrow.Cents(line.Cents)
			paid[line.Reference] += escrow.Cents(line.Cents)
		}
	}
	for transfer, amount := range paid {
		if amount != amounts[transfer] {
			m.violationf("the bank paid %s for transfer %s over %s", amount, transfer, amounts[transfer])
		}
	}
	m.within("came in", cameIn+mayGoBack-balances[escrow.MpesaCollection], mayComeIn+mayGoBack)
	m.within("went out", wentOut+balances[escrow.MpesaPayout], mayGoOut)
}

// within checks that the bank is ahead of the ledger by no more than may be under way.
func (m *market) within(what string, ahead, most escrow.Cents) {
	m.t.Helper()
	if ahead < 0 || ahead > most {
		m.violationf("of what %s the bank knows %s more than the ledger, and %s are under way", what, ahead, most)
	}
}

func (m *market) transfers(contracts []store.Overview) []escrow.Transfer {
	m.t.Helper()
	var all []escrow.Transfer
	for _, o := range contracts {
		list, err := m.store.TransfersOf(m.t.Context(), o.Contract.ID)
		if err != nil {
			m.t.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

// settle waits until nothing is under way any more, and expects then that every
// deal has ended, or that a person was called, and that the books are those of
// the bank.
func (m *market) settle() {
	m.t.Helper()
	const patience = 5 * time.Minute
	begun := time.Now()
	waits := m.underWay()
	for last := waits; waits != "" && time.Since(begun) < patience; waits = m.underWay() {
		if waits != last {
			m.t.Logf("after %s not any more: %s", time.Since(begun).Round(time.Second), last)
			last = waits
		}
		m.pass(500 * time.Millisecond)
	}
	if waits != "" {
		m.violationf("after %s without a fault: %s", patience, waits)
	}
	m.reconcile()
	m.audit()
	m.prove(m.store)
}

// reconcile compares the books with the statement, as an operator would: a prompt
// that was paid while nobody heard of it, and that queries have not come round to,
// is found there and nowhere else. What it finds may order refunds.
func (m *market) reconcile() {
	m.t.Helper()
	for _, command := range [][]string{
		{"paybill", "register", "--allow-simulator"},
		{"reconcile", "--allow-simulator", "--wait", "0s"},
	} {
		code, said := m.says(m.env, command...)
		m.t.Logf("%s ends with %d:\n%s", command[0], code, said)
		if code > 1 {
			m.violationf("%s ended with %d", command[0], code)
		}
	}
	for begun := time.Now(); m.underWay() != "" && time.Since(begun) < time.Minute; {
		m.pass(500 * time.Millisecond)
	}
	if waits := m.underWay(); waits != "" {
		m.violationf("a minute after the statement was compared: %s", waits)
	}
}

// underWay says what has neither ended nor is with a person.
func (m *market) underWay() string {
	m.t.Helper()
	contracts, err := m.store.Newest(m.t.Context(), everything)
	if err != nil {
		m.t.Fatal(err)
	}
	items, err := m.store.OpenItems(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	withPerson := map[string]bool{}
	for _, item := range items {
		withPerson[item.ContractID.String()] = true
	}
	for _, o := range contracts {
		// An offer that nobody took was made by a gateway that died before it told
		// the seller so, who then made another one.
		c := o.Contract
		if !c.State.Terminal() && c.State != escrow.Pending && !withPerson[c.ID.String()] {
			return fmt.Sprintf("contract %s is %s", c.Ref, c.State)
		}
	}
	for _, t := range m.transfers(contracts) {
		if !t.State.Final() && !withPerson[t.ContractID.String()] {
			return fmt.Sprintf("%s of contract %s is %s", t.Kind, t.Ref, t.State)
		}
	}
	return m.notWorked()
}

// notWorked counts the callbacks that have not had their effect. Delivery reports
// about texts whose sending ended without an answer wait an hour for nothing.
func (m *market) notWorked() string {
	m.t.Helper()
	db, err := sql.Open("postgres", m.database)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var n int
	if err := db.QueryRowContext(m.t.Context(), `SELECT COUNT(*) FROM inbox WHERE worked_at IS NULL AND kind <> 'dlr'`).Scan(&n); err != nil {
		m.t.Fatal(err)
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d callbacks are not worked", n)
}

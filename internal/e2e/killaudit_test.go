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
func (l *killLoop) audit() int {
	l.t.Helper()
	for _, i := range l.awake() {
		l.places[i].signal(syscall.SIGSTOP)
	}
	l.quiet()
	storetest.Prove(witness{l.t, l}, l.store)
	l.phones(l.t.Context())
	contracts, err := l.store.Newest(l.t.Context(), everything)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, broken := range l.memory.broken(contracts) {
		l.violation("%s", broken)
	}
	l.notAheadOfTheBank(contracts)
	for _, i := range l.awake() {
		l.places[i].signal(syscall.SIGCONT)
	}
	return len(contracts)
}

// witness counts what a proof finds.
type witness struct {
	testing.TB
	loop *killLoop
}

func (w witness) Errorf(format string, args ...any) { w.loop.violation(format, args...) }

// quiet waits until the server has done what reached it before the gateways
// stopped. A statement that waits for a lock of theirs, or for them to read, ends
// with them.
func (l *killLoop) quiet() {
	l.t.Helper()
	db, err := sql.Open("postgres", l.database)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const busy = `SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active'
		AND pid <> pg_backend_pid() AND COALESCE(wait_event_type, '') NOT IN ('Lock', 'Client')`
	still := 0
	testkit.Eventually(l.t, "statements under way", func() bool {
		var n int
		if err := db.QueryRowContext(l.t.Context(), busy).Scan(&n); err != nil {
			l.t.Fatal(err)
		}
		if still++; n > 0 {
			still = 0
		}
		return still >= 2
	})
}

// notAheadOfTheBank checks that the ledger counts no cent that the bank has not
// moved, that the bank has moved none that we do not know to be under way, and
// that it paid nothing twice. To the cent they are equal only at rest.
func (l *killLoop) notAheadOfTheBank(contracts []store.Overview) {
	l.t.Helper()
	statement, err := l.sim.Statement()
	if err != nil {
		l.t.Fatal(err)
	}
	balances, err := l.store.Balances(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	var cameIn, wentOut, mayComeIn, mayGoOut escrow.Cents
	amounts := map[string]escrow.Cents{}
	for _, t := range l.transfers(contracts) {
		amounts[t.ID.String()] = t.Amount
		switch {
		case t.State == escrow.TransferSucceeded:
		case t.Kind == escrow.Collect:
			mayComeIn += t.Amount
		case t.State != escrow.TransferFailed:
			mayGoOut += t.Amount
		}
	}
	paid := map[string]escrow.Cents{}
	for _, m := range statement.Movements {
		switch m.Kind {
		case "stk":
			cameIn += escrow.Cents(m.Cents)
		case "b2c":
			wentOut += escrow.Cents(m.Cents)
			paid[m.Reference] += escrow.Cents(m.Cents)
		}
	}
	for transfer, amount := range paid {
		if amount != amounts[transfer] {
			l.violation("the bank paid %s for transfer %s over %s", amount, transfer, amounts[transfer])
		}
	}
	l.within("came in", cameIn-balances[escrow.MpesaCollection], mayComeIn)
	l.within("went out", wentOut+balances[escrow.MpesaPayout], mayGoOut)
}

// within checks that the bank is ahead of the ledger by no more than may be under way.
func (l *killLoop) within(what string, ahead, most escrow.Cents) {
	l.t.Helper()
	if ahead < 0 || ahead > most {
		l.violation("of what %s the bank knows %s more than the ledger, and %s are under way", what, ahead, most)
	}
}

func (l *killLoop) transfers(contracts []store.Overview) []escrow.Transfer {
	l.t.Helper()
	var all []escrow.Transfer
	for _, o := range contracts {
		list, err := l.store.TransfersOf(l.t.Context(), o.Contract.ID)
		if err != nil {
			l.t.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

// settle waits until nothing is under way any more, and expects then that every
// deal has ended, or that a person was called, and that the books are those of
// the bank.
func (l *killLoop) settle() {
	l.t.Helper()
	var waits string
	const patience = 5 * time.Minute
	for deadline := time.Now().Add(patience); ; {
		if waits = l.underWay(); waits == "" || time.Now().After(deadline) {
			break
		}
		l.load(time.Second)
	}
	if waits != "" {
		l.violation("after %s without a fault: %s", patience, waits)
	}
	l.audit()
	l.prove(l.store)
}

// underWay says what has neither ended nor is with a person.
func (l *killLoop) underWay() string {
	l.t.Helper()
	contracts, err := l.store.Newest(l.t.Context(), everything)
	if err != nil {
		l.t.Fatal(err)
	}
	items, err := l.store.OpenItems(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
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
	for _, t := range l.transfers(contracts) {
		if !t.State.Final() && !withPerson[t.ContractID.String()] {
			return fmt.Sprintf("%s of contract %s is %s", t.Kind, t.Ref, t.State)
		}
	}
	return l.notWorked()
}

// notWorked counts the callbacks that have not had their effect. Delivery reports
// about texts whose sending ended without an answer wait an hour for nothing.
func (l *killLoop) notWorked() string {
	l.t.Helper()
	db, err := sql.Open("postgres", l.database)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var n int
	if err := db.QueryRowContext(l.t.Context(), `SELECT COUNT(*) FROM inbox WHERE worked_at IS NULL AND kind <> 'dlr'`).Scan(&n); err != nil {
		l.t.Fatal(err)
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d callbacks are not worked", n)
}

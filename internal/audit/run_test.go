package audit_test

import (
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/audit"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// run audits a world and returns the report with what was found.
func run(tb testing.TB, w *storetest.World) (audit.Report, []string) {
	tb.Helper()
	var list []string
	report, err := audit.Run(tb.Context(), w.Store, audit.Options{
		Keys:  escrow.NewKeyring(w.Signer.Public()),
		Found: func(v audit.Violation) { list = append(list, v.String()) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	if int64(len(list)) != report.Violations {
		tb.Errorf("the report counts %d violations, %d were told", report.Violations, len(list))
	}
	return report, list
}

// More contracts than are read at once are each proved once.
func TestEveryContractIsProvedOnce(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		w := storetest.NewWorld(t, open)
		const contracts = 230
		for range contracts - 1 {
			w.Deal(escrow.Shillings(100))
		}
		w.DealIn(escrow.Completed, escrow.Shillings(3_500))
		w.Pay(escrow.Payout, w.Receipt())
		report, found := run(t, w)
		if len(found) > 0 {
			t.Errorf("found %q", found)
		}
		report.Took = 0
		want := audit.Report{Contracts: contracts, Events: contracts - 1 + 13, Signatures: 3, Payments: 1, Transfers: 2, Postings: 4}
		if report != want {
			t.Errorf("proved %+v, want %+v", report, want)
		}
	})
}

// What is written while an audit reads is not seen by half: it would look as if
// the books were wrong.
func TestAnAuditSeesOneMoment(t *testing.T) {
	t.Parallel()
	w := storetest.NewWorld(t, storetest.Postgres)
	first := w.DealIn(escrow.PaymentLocked, escrow.Shillings(3_500))
	other, err := escrow.NewSigner([]byte("another key, which nobody trusts"))
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	report, err := audit.Run(t.Context(), w.Store, audit.Options{
		Keys: escrow.NewKeyring(other.Public()), // so that something is found, and told, meanwhile
		Found: func(audit.Violation) {
			told++
			w.DealIn(escrow.Completed, escrow.Shillings(500))
		},
	})
	if err != nil || told == 0 || report.Contracts != 1 || report.Postings != 1 {
		t.Errorf("with a deal made meanwhile the audit of %s saw %+v, %v", first.Ref, report, err)
	}
	if report, found := run(t, w); len(found) > 0 || report.Contracts != int64(1+told) {
		t.Errorf("afterwards it sees %+v and finds %q", report, found)
	}
}

func TestALedgerOfNothingHolds(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		if report, found := run(t, storetest.NewWorld(t, open)); len(found) > 0 || report.Contracts != 0 {
			t.Errorf("saw %+v and found %q", report, found)
		}
	})
}

// BenchmarkRun says how many contracts, whole deals all of them, an audit proves
// in a second: see the metric contracts/s.
func BenchmarkRun(b *testing.B) {
	for name, open := range map[string]storetest.Opener{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := storetest.NewWorld(b, open)
			const deals = 100
			for range deals {
				w.DealIn(escrow.Completed, escrow.Shillings(3_500))
				w.Pay(escrow.Payout, w.Receipt())
			}
			for b.Loop() {
				run(b, w)
			}
			b.ReportMetric(float64(deals*b.N)/b.Elapsed().Seconds(), "contracts/s")
		})
	}
}

package audit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// Options say how an audit is run.
type Options struct {
	Keys escrow.Keyring // signatures of other keys are not believed
	// Found is told each violation when it is found.
	Found func(Violation)
	// Progress, where it is not nil, is told now and then how many contracts of
	// how many are proved.
	Progress func(done, of int64)
}

// Report is what an audit saw.
type Report struct {
	Contracts  int64         `json:"contracts"`
	Events     int64         `json:"events"`
	Signatures int64         `json:"signatures"`
	Payments   int64         `json:"payments"`
	Transfers  int64         `json:"transfers"`
	Postings   int64         `json:"postings"`
	Violations int64         `json:"violations"`
	Took       time.Duration `json:"took_ns"`
}

const (
	// page is how many contracts are in memory at once.
	page = 200
	// progressEvery is how often somebody who waits hears that it goes on.
	progressEvery = 2 * time.Second
)

// Run proves every contract and the ledger as a whole on one snapshot of the
// database. Memory does not grow with the number of contracts. The error says
// that the audit could not be finished; what it found is for [Options.Found].
func Run(ctx context.Context, s *store.Store, o Options) (Report, error) {
	var r Report
	start := time.Now()
	err := s.Snapshot(ctx, func(ctx context.Context, snap *store.Snapshot) error {
		books, err := snap.Books(ctx)
		if err != nil {
			return err
		}
		for _, v := range ledger(books) {
			r.Violations++
			o.Found(v)
		}
		return r.contracts(ctx, snap, books.Contracts, o)
	})
	r.Took = time.Since(start)
	return r, err
}

func (r *Report) contracts(ctx context.Context, snap *store.Snapshot, of int64, o Options) error {
	var after uuid.UUID
	told := time.Now()
	for {
		list, err := snap.Dossiers(ctx, after, page)
		if err != nil {
			return err
		}
		for _, d := range list {
			r.count(d)
			for _, v := range Contract(d, o.Keys) {
				r.Violations++
				o.Found(v)
			}
		}
		if len(list) < page {
			return nil
		}
		after = list[len(list)-1].Contract.ID
		if o.Progress != nil && time.Since(told) >= progressEvery {
			told = time.Now()
			o.Progress(r.Contracts, of)
		}
	}
}

func (r *Report) count(d store.Dossier) {
	r.Contracts++
	r.Events += int64(len(d.Events))
	r.Payments += int64(len(d.Payments))
	r.Transfers += int64(len(d.Transfers))
	r.Postings += int64(len(d.Postings))
	for _, e := range d.Events {
		if len(e.Signature) != 0 {
			r.Signatures++
		}
	}
}

// ledger proves what no contract shows alone.
func ledger(b store.Books) []Violation {
	var bad []Violation
	if b.Sum != 0 {
		bad = append(bad, Violation{Invariant: Balanced, What: "the ledger as a whole", Found: b.Sum.String(), Want: "Ksh0"})
	}
	if b.Suspense > 0 {
		bad = append(bad, Violation{
			Invariant: Held, What: "money taken out of suspense that never came in", Found: b.Suspense.String(), Want: "Ksh0",
		})
	}
	if -b.Unplaced != b.Strays {
		bad = append(bad, Violation{
			Invariant: Held, What: "money of no contract in suspense", Found: (-b.Unplaced).String(), Want: b.Strays.String(),
		})
	}
	if b.Charges != 0 {
		bad = append(bad, Violation{
			Invariant: Held, What: "charges booked over what M-Pesa claims", Found: b.Charges.String(), Want: "Ksh0",
		})
	}
	for _, id := range b.Stray {
		bad = append(bad, Violation{
			Invariant: Balanced, What: "posting of no contract", Found: id.String(), Want: "two entries or more that sum to zero",
		})
	}
	return bad
}

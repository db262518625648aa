package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// complaints takes the place of a test that is to fail.
type complaints struct {
	testing.TB

	list []string
}

func (c *complaints) Helper() {}

func (c *complaints) Errorf(format string, args ...any) {
	c.list = append(c.list, fmt.Sprintf(format, args...))
}

// A proof that never fails proves nothing: each invariant is broken once. One
// engine is enough, because what is read is the same on both.
func TestProveFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ breaks, says string }{
		"two postings, each off": {`UPDATE entries SET amount = amount
			+ CASE account WHEN 'mpesa:collection' THEN 1 ELSE -1 END
			WHERE account IN ('mpesa:collection', 'mpesa:payout')`, "does not sum to zero"},
		"one posting, off":       {`UPDATE entries SET amount = amount + 1 WHERE account = 'mpesa:payout'`, "the ledger is off by 1 cents"},
		"a posting without end":  {`DELETE FROM entries WHERE account LIKE 'mpesa:%'`, "does not sum to zero"},
		"money left behind":      {`UPDATE entries SET account = 'suspense' WHERE account LIKE 'escrow:%' AND amount > 0`, "holds Ksh3,500, want Ksh0"},
		"owed to another":        {`UPDATE entries SET account = 'payable:nobody' WHERE account LIKE 'payable:%' AND amount > 0`, "says that we owe Ksh3,500, want Ksh0"},
		"owed for ever":          {`UPDATE transfers SET state = 'failed' WHERE kind = 'payout'`, "says that we owe Ksh0, want Ksh3,500"},
		"nobody pays":            {`DELETE FROM transfers WHERE kind = 'payout'`, "no payout is under way"},
		"paid, but not noted":    {`UPDATE payments SET status = 'locked'`, "the payout is succeeded, the payment locked"},
		"a chain cut short":      {`DELETE FROM audit_events WHERE seq = (SELECT MAX(seq) FROM audit_events)`, "is broken"},
		"a chain with a new end": {`UPDATE contracts SET chain_head = NULL`, "is broken"},
		"nothing will happen":    {`UPDATE contracts SET state = 'delivered', due_kind = ''`, "nothing will happen by itself"},
		"an event in between":    {`UPDATE audit_events SET from_state = 'pending' WHERE event = 'lock'`, `lock, begins in "pending" and not in "confirmed"`},
		"an event against rules": {`UPDATE audit_events SET event = 'decline' WHERE event = 'lock'`, "decline from"},
		"a state out of nowhere": {`UPDATE contracts SET state = 'delivered'`, "its events say"},
		"a transfer's own state": {`UPDATE transfers SET state = 'unknown' WHERE kind = 'collect'`, "collect of contract"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := sqliteBench(t)
			b.DealIn(escrow.Completed, escrow.Shillings(3_500))
			b.Pay(escrow.Payout, b.Receipt())
			b.Prove()
			b.force(test.breaks)
			c := &complaints{TB: t}
			storetest.Prove(c, b.Store)
			if !strings.Contains(strings.Join(c.list, "\n"), test.says) {
				t.Errorf("complains of %q, want %q", c.list, test.says)
			}
		})
	}
}

// Whatever way a deal takes, the proof holds at every stop.
func TestProveHoldsOnEveryWay(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		for _, state := range []escrow.State{
			escrow.Pending, escrow.Confirmed, escrow.PaymentLocked, escrow.Delivered, escrow.Accepted,
			escrow.Completed, escrow.Disputed, escrow.Cancelled,
		} {
			b.DealIn(state, escrow.Shillings(3_500))
			b.Prove()
		}
		b.Learn(escrow.Payout, escrow.Finding{Verdict: escrow.NotMoved, Code: "2001", Reason: "no such number"})
		b.Prove() // it stays owed, and a person was called
		b.exec("UPDATE operator_items SET closed_at = 1")
		c := &complaints{TB: t}
		storetest.Prove(c, b.Store)
		if len(c.list) == 0 {
			t.Error("a payout failed, nobody looks after it, and nobody complains")
		}
	})
}

package store_test

import (
	"fmt"
	"log/slog"
	"regexp"
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

// impersonal replaces what is another in every run.
func impersonal(text string) string {
	text = regexp.MustCompile(`contract \d+ \([0-9a-f-]{36}\)`).ReplaceAllString(text, "contract REF")
	return regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllString(text, "ID")
}

// anItem calls a person to a contract, for a cause that has nothing to do with its money.
const anItem = `INSERT INTO operator_items (id, kind, contract_id, transfer_id, note, opened_at, closed_at)
	SELECT '00000000-0000-0000-0000-000000000001', 'code_locked', id, '00000000-0000-0000-0000-000000000000', '', 1, NULL
	FROM contracts`

// A proof that never fails proves nothing: each invariant is broken once. One
// engine is enough, because what is read is the same on both.
func TestProveFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ breaks, says string }{
		"two postings, each off": {`UPDATE entries SET amount = amount
			+ CASE account WHEN 'mpesa:collection' THEN 1 ELSE -1 END
			WHERE account IN ('mpesa:collection', 'mpesa:payout')`, "I1 contract REF: posting ID (funded) does not sum to zero: found Ksh0.01"},
		"one posting, off": {
			`UPDATE entries SET amount = amount + 1 WHERE account = 'mpesa:payout'`,
			"I1: the ledger as a whole: found Ksh0.01, want Ksh0",
		},
		"a posting without end": {`DELETE FROM entries WHERE account LIKE 'mpesa:%'`, "(paid_out) lacks entries: found 1"},
		"money left behind": {
			`UPDATE entries SET account = 'suspense' WHERE account LIKE 'escrow:%' AND amount > 0`,
			"I2 contract REF: money held while completed: found Ksh3,500, want Ksh0",
		},
		"out of nowhere": {
			`UPDATE entries SET account = 'suspense' WHERE account LIKE 'escrow:%' AND amount > 0`,
			"I2: money taken out of suspense that never came in: found Ksh3,500",
		},
		"more out than in": {
			`UPDATE entries SET account = 'suspense' WHERE account LIKE 'escrow:%' AND amount < 0`,
			"I2 contract REF: more was taken out than came in by posting ID: found -Ksh3,500",
		},
		"parked for nobody": {
			`UPDATE entries SET account = 'suspense' WHERE account LIKE 'escrow:%' AND amount < 0`,
			"I6 contract REF: who looks after Ksh3,500 in suspense: found nobody",
		},
		"a charge unclaimed": {
			`UPDATE entries SET account = 'mpesa:payout' WHERE account = 'mpesa:charges'`,
			"I2: charges booked over what M-Pesa claims: found Ksh9, want Ksh0",
		},
		"a fee out of nowhere": {
			`UPDATE entries SET account = 'fees:platform' WHERE account = 'mpesa:payout'`,
			"I2 contract REF: fee earned while completed: found Ksh3,500, want Ksh0",
		},
		"a stray that is gone": {`INSERT INTO receipts (receipt, amount, channel, from_buyer, at) VALUES ('S1', 100, 'confirmation', 0, 1);
			INSERT INTO strays (receipt, amount, account, payer_sealed, name_sealed, at, state, reversal, closed_by, reason)
			VALUES ('S1', 100, '', x'00', x'01', 1, 'open', '', '', '')`, "I2: money of no contract in suspense: found Ksh0, want Ksh1"},
		"another's money": {
			`UPDATE entries SET account = 'escrow:other' WHERE account LIKE 'escrow:%'`,
			"moves another contract's money: found escrow:other",
		},
		"owed to another": {
			`UPDATE entries SET account = 'payable:nobody' WHERE account LIKE 'payable:%' AND amount > 0`,
			"I2 contract REF: owed on payable:ID: found Ksh3,500, want Ksh0",
		},
		"owed for ever": {
			`UPDATE transfers SET state = 'failed' WHERE kind = 'payout'`,
			"I2 contract REF: owed on payable:ID: found Ksh0, want Ksh3,500",
		},
		"failed, and nobody told": {
			`UPDATE transfers SET state = 'failed' WHERE kind = 'payout'`,
			"I6 contract REF: who looks after the payout that failed: found nobody",
		},
		"nobody pays": {
			`DELETE FROM receipts; DELETE FROM transfers WHERE kind = 'payout'`,
			"I6 contract REF: payout of a completed contract: found none under way",
		},
		"a transfer that is gone": {
			`DELETE FROM receipts; DELETE FROM transfers WHERE kind = 'payout'`,
			"I3 contract REF: transfer ID, of which events tell: found none",
		},
		"paid, but not noted": {
			`UPDATE payments SET status = 'locked'`,
			"I2 contract REF: payment ID, which has left us: found locked, want released",
		},
		"noted, but not paid": {
			`UPDATE transfers SET state = 'accepted' WHERE kind = 'payout'`,
			"I2 contract REF: payment ID, which has not left us: found released",
		},
		"on its way twice": {`DROP INDEX transfers_one_way_out; INSERT INTO transfers (id, contract_id, payment_id, kind, method, state, version, party_id, amount, ref,
			provider_id_sealed, receipt, result_code, original, attempt, looks, created_at, updated_at)
			SELECT '00000000-0000-0000-0000-000000000001', contract_id, payment_id, kind, method, state, version, party_id, amount,
			ref, provider_id_sealed, receipt, result_code, original, attempt, looks, created_at, updated_at
			FROM transfers WHERE kind = 'payout'`, "I7 contract REF: payouts of payment ID that arrived: found 2, want 1 at most"},
		"a chain cut short": {
			`DELETE FROM audit_events WHERE seq = (SELECT MAX(seq) FROM audit_events)`,
			"I10 contract REF: hash chain: found event 13 broken",
		},
		"a chain with a new end":  {`UPDATE contracts SET chain_head = NULL`, "I10 contract REF: hash chain: found event 14 broken"},
		"a chain that is counted": {`UPDATE contracts SET chain_seq = 7`, "I10 contract REF: events in the chain: found 13, want 7"},
		"an event in between": {
			`UPDATE audit_events SET from_state = 'pending' WHERE event = 'lock'`,
			`lock, begins in "pending" and not in "confirmed"`,
		},
		"an event against rules":  {`UPDATE audit_events SET event = 'decline' WHERE event = 'lock'`, "decline from"},
		"a transfer's false step": {`UPDATE audit_events SET event = 'collect.failed' WHERE event = 'collect.succeeded'`, "no rule"},
		"an event of nobody's": {
			`UPDATE audit_events SET detail = 'x' WHERE event = 'collect.created'`,
			"collect.created, names no transfer",
		},
		"no beginning": {`DELETE FROM audit_events WHERE seq = 1`, "I3 contract REF: state: found completed, want event 2"},
		"an act of nobody": {
			`UPDATE audit_events SET actor = '00000000-0000-0000-0000-000000000000' WHERE event = 'accept'`,
			"accept by ussd: found actor ID, want a party of the contract",
		},
		"an act without evidence": {`UPDATE audit_events SET evidence = '' WHERE event = 'lock'`, "lock: found no evidence"},
		"an act without channel":  {`UPDATE audit_events SET channel = '' WHERE event = 'lock'`, "lock: found no channel"},
		"a state out of nowhere": {
			`UPDATE contracts SET state = 'delivered'`,
			`I3 contract REF: state: found delivered, want what its events lead to, "completed"`,
		},
		"held without payment": {
			`UPDATE contracts SET state = 'delivered'`,
			"I2 contract REF: payment of a contract that is delivered: found none that is locked",
		},
		"nothing will happen": {
			`UPDATE contracts SET state = 'delivered', due_kind = ''`,
			"I6 contract REF: what moves a contract that is delivered on: found nothing",
		},
		"a deadline after the end": {
			`UPDATE contracts SET due_kind = 'expire'`,
			"I6 contract REF: deadline of a contract that is completed: found expire, want none",
		},
		"a dispute nobody sees": {`UPDATE contracts SET state = 'disputed'`, "I6 contract REF: who looks after the dispute: found nobody"},
		"a dispute beside other work": {
			`UPDATE contracts SET state = 'disputed'; ` + anItem,
			"I6 contract REF: who looks after the dispute: found nobody",
		},
		"silence beside other work": {
			`UPDATE contracts SET state = 'accepted', due_kind = ''; ` + anItem,
			"I6 contract REF: what moves a contract that is accepted on: found nothing",
		},
		"failed beside other work": {
			`UPDATE transfers SET state = 'failed' WHERE kind = 'payout'; ` + anItem,
			"I6 contract REF: who looks after the payout that failed: found nobody",
		},
		"a transfer's own state": {
			`UPDATE transfers SET state = 'unknown' WHERE kind = 'collect'`,
			`I3 contract REF: collect ID: found unknown, want what its events lead to, "succeeded"`,
		},
		"a transfer of another sum": {
			`UPDATE transfers SET amount = amount + 100 WHERE kind = 'payout'`,
			"I10 contract REF: amount and receipt of payout ID: found ID Ksh3,501 ",
		},
		"another's receipt": {
			`UPDATE transfers SET receipt = 'TKN9' WHERE kind = 'payout'`,
			"amount and receipt of payout ID: found ID Ksh3,500 TKN9 , want what its newest event tells",
		},
		"a way back instead": {
			`UPDATE transfers SET kind = 'refund' WHERE kind = 'payout'`,
			"kind of transfer ID: found refund, want payout",
		},
		"a payment of another sum": {
			`UPDATE payments SET amount = amount + 100`,
			"I2 contract REF: payment ID: found Ksh3,501, want Ksh3,500, as was collected",
		},
		"a payment by another": {`UPDATE payments SET payer_id = (SELECT seller_id FROM contracts)`, "payer of payment ID: found ID"},
		"a payment's receipt":  {`UPDATE payments SET receipt = 'TKN9'`, "receipt of payment ID: found TKN9"},
		"an account of nobody": {
			`UPDATE entries SET account = 'mpesa' WHERE account = 'mpesa:payout'`,
			"account in posting ID: found mpesa, want one that the ledger has",
		},
		"an operator without a name": {`UPDATE audit_events SET channel = 'operator', actor = '00000000-0000-0000-0000-000000000000'
			WHERE event = 'accept'`, "accept by operator: found actor ID, want an operator"},
		"a signature removed": {
			`UPDATE audit_events SET signature = NULL WHERE event = 'confirm_delivery'`,
			"confirm_delivery: found no signature",
		},
		"a signature moved": {`UPDATE audit_events SET signature = (SELECT signature FROM audit_events
			WHERE event = 'confirm_delivery') WHERE event = 'accept'`, "a signature by key"},
		"a signature by another": {
			`UPDATE audit_events SET signed_by = '0011223344556677' WHERE event = 'accept'`,
			`a signature by key "0011223344556677" that does not hold`,
		},
		"another price":    {`UPDATE contracts SET amount = amount + 100`, "I10 contract REF: hash of the agreed terms"},
		"other goods":      {`UPDATE contracts SET item = 'Maize 1 bag'`, "want voicepact-terms-1 |"},
		"terms never seen": {`UPDATE contracts SET terms_hash = NULL`, "I10 contract REF: hash of the agreed terms: found , want"},
		"another promise":  {`UPDATE audit_events SET detail = 'x' WHERE event = 'propose'`, "want x, as proposed"},
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
			if said := impersonal(strings.Join(c.list, "\n")); !strings.Contains(said, test.says) {
				t.Errorf("complains of\n%s\nand not of %s", said, test.says)
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

// A service with a key of its own can write a chain that is whole; it cannot sign.
func TestProveBelievesOneKey(t *testing.T) {
	t.Parallel()
	b := sqliteBench(t)
	other, err := escrow.NewSigner([]byte("another key, which nobody trusts"))
	if err != nil {
		t.Fatal(err)
	}
	b.Service = escrow.NewService(escrow.Deps{
		Store: b.Store, Provider: b.Till, Messenger: b.Postbox, Codes: b.Codes, Signer: other,
		Policy: escrow.DefaultPolicy(), Now: b.Clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	b.DealIn(escrow.Confirmed, escrow.Shillings(3_500))
	c := &complaints{TB: t}
	storetest.Prove(c, b.Store)
	if len(c.list) != 1 || !strings.Contains(c.list[0], "accept: found a signature by key \""+other.ID()) {
		t.Errorf("complains of %q", c.list)
	}
}

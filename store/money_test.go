package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// The schema itself refuses what must never be, whatever the code believes.
func TestTheSchemaKeepsTheRulesOfTheMoney(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mention string // of the rule, in the error
		try     func(b *bench, c escrow.Contract) error
	}{
		"a contract is paid once": {"payments", func(b *bench, c escrow.Contract) error {
			b.payment(c, escrow.PaymentHeld)
			return b.addPayment(c, "")
		}},
		"a contract is not paid after its release": {"payments", func(b *bench, c escrow.Contract) error {
			b.payment(c, escrow.PaymentReleased)
			return b.addPayment(c, "")
		}},
		"a receipt counts once": {"payments", func(b *bench, c escrow.Contract) error {
			other := b.contract()
			b.must(b.addPayment(other, "TKN1"))
			return b.addPayment(c, "TKN1")
		}},
		"a payment leaves us once to each side": {"transfers", func(b *bench, c escrow.Contract) error {
			p := b.payment(c, escrow.PaymentHeld)
			b.must(b.add(b.transfer(p, c, escrow.Payout)))
			b.must(b.add(b.transfer(p, c, escrow.Refund)))
			return b.add(b.transfer(p, c, escrow.Payout))
		}},
		"a posting is made once per transfer": {"postings", func(b *bench, c escrow.Contract) error {
			id := uuid.New()
			b.must(b.post(c, id, 100))
			return b.post(c, id, 100)
		}},
		"an entry moves something": {"entries", func(b *bench, c escrow.Contract) error { return b.post(c, uuid.New(), 0) }},
		"an amount is within M-Pesa's limits": {"contracts", func(b *bench, c escrow.Contract) error {
			c.ID, c.Amount = uuid.New(), 999
			return b.addContract(c)
		}},
		"nobody deals with himself": {"contracts", func(b *bench, c escrow.Contract) error {
			c.ID, c.Seller = uuid.New(), c.Buyer
			return b.addContract(c)
		}},
		"a state is one of the known": {"contracts", func(b *bench, c escrow.Contract) error {
			c.ID, c.State = uuid.New(), "paid"
			return b.addContract(c)
		}},
		"an audit event has one place": {"audit_events", func(b *bench, c escrow.Contract) error {
			event := escrow.AuditEvent{ID: uuid.New(), ContractID: c.ID, Seq: 1, At: b.Clock.Now(), Hash: []byte("hash")}
			add := func(ctx context.Context, tx escrow.Tx) error { return tx.AddEvent(ctx, event) }
			b.inTx(add)
			return b.Store.InTx(b.TB.Context(), add)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, b *bench) {
				t.Helper()
				err := test.try(b, b.contract())
				if err == nil || !strings.Contains(err.Error(), test.mention) || errors.Is(err, escrow.ErrConflict) {
					t.Errorf("got %v, want a violated rule of %s", err, test.mention)
				}
			})
		})
	}
}

func TestWhatTheRulesOfTheMoneyAllow(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.contract()
		for _, status := range []escrow.PaymentStatus{
			escrow.PaymentFailed, escrow.PaymentFailed, escrow.PaymentPending, escrow.PaymentRefunded, escrow.PaymentRefunded,
		} {
			b.payment(c, status)
		}
		held := b.payment(c, escrow.PaymentHeld)
		b.inTx(func(ctx context.Context, tx escrow.Tx) error {
			got, err := tx.HeldPayment(ctx, c.ID)
			if err == nil && got != held {
				t.Errorf("the held payment is %+v, want %+v", got, held)
			}
			return err
		})
		if _, status, err := b.Store.FindContract(t.Context(), c.Ref); err != nil || status != escrow.PaymentHeld {
			t.Errorf("the payment that counts is %s, %v", status, err)
		}
		// A payout that failed for good makes room for the next.
		first := b.transfer(held, c, escrow.Payout)
		if err := b.add(first); err != nil {
			t.Fatal(err)
		}
		first.State = escrow.TransferFailed
		b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.SaveTransfer(ctx, first) })
		if err := b.add(b.transfer(held, c, escrow.Payout)); err != nil {
			t.Errorf("a second payout after the first failed: %v", err)
		}
	})
}

func TestASecondPromptIsRefusedByName(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c, other := b.contract(), b.contract()
		first := b.transfer(b.payment(c, escrow.PaymentPending), c, escrow.Collect)
		if err := b.add(first); err != nil {
			t.Fatal(err)
		}
		mallory := b.party(storetest.Mallory)
		sameContract := b.transfer(b.payment(c, escrow.PaymentPending), c, escrow.Collect)
		sameContract.Party = mallory
		samePhone := b.transfer(b.payment(other, escrow.PaymentPending), other, escrow.Collect)
		for name, second := range map[string]escrow.Transfer{"contract": sameContract, "phone": samePhone} {
			if err := b.add(second); !errors.Is(err, escrow.Refuse(escrow.PromptOpen)) {
				t.Errorf("a second prompt for the %s: %v", name, err)
			}
		}
		open := func(contract, party uuid.UUID) (open bool) {
			b.inTx(func(ctx context.Context, tx escrow.Tx) (err error) {
				open, err = tx.PromptOpen(ctx, contract, party)
				return err
			})
			return open
		}
		if !open(c.ID, mallory.ID) || !open(other.ID, c.Buyer.ID) || open(other.ID, mallory.ID) {
			t.Error("PromptOpen does not see what the indexes see")
		}
		first.State = escrow.TransferFailed
		b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.SaveTransfer(ctx, first) })
		if err := errors.Join(b.add(sameContract), b.add(samePhone)); err != nil || !open(c.ID, c.Buyer.ID) {
			t.Errorf("after the first prompt ended: %v", err)
		}
	})
}

// A CheckoutRequestID ends in the payer's number: it comes back, but the
// database does not show it.
func TestATransferComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.contract()
		want := b.transfer(b.payment(c, escrow.PaymentPending), c, escrow.Refund)
		want.Method, want.Original, want.Attempt = escrow.MethodReversal, "TKN0000001", 2
		want.NotBefore = b.Clock.Now().Add(time.Hour)
		b.must(b.add(want))
		find := func() {
			t.Helper()
			got, err := b.Store.FindTransfer(t.Context(), want.ID)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v, want\n%+v, %v", got, want, err)
			}
			list, err := b.Store.TransfersOf(t.Context(), c.ID)
			if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], want) {
				t.Errorf("the contract has\n%+v, want\n%+v, %v", list, want, err)
			}
		}
		find() // not submitted yet
		b.Clock.Advance(time.Minute)
		want.State, want.ProviderID = escrow.TransferAccepted, "ws_CO_03122026090000712000001"
		want.Receipt, want.ResultCode, want.Looks = "TKN1000001", "0", 2
		want.SubmittedAt, want.UpdatedAt = b.Clock.Now(), b.Clock.Now()
		b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.SaveTransfer(ctx, want) })
		want.Version++
		find()
		for _, row := range b.rows("SELECT * FROM transfers") {
			if text := fmt.Sprint(row); strings.Contains(text, "712000001") {
				t.Errorf("the database shows %s", text)
			}
		}
	})
}

func TestStaleTransfersAreThoseUnderWay(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		var want []uuid.UUID
		for _, state := range escrow.TransferStates() {
			b.Clock.Advance(time.Minute)
			c := b.contract()
			tr := b.transfer(b.payment(c, escrow.PaymentHeld), c, escrow.Payout)
			tr.State = state
			b.must(b.add(tr))
			if !state.Final() {
				want = append(want, tr.ID)
			}
		}
		stale := func(since time.Time, limit int) (ids []uuid.UUID) {
			list, err := b.Store.FindStale(t.Context(), since, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, tr := range list {
				if tr.Party.Phone != storetest.Amina {
					t.Errorf("transfer %s has party %q", tr.ID, tr.Party.Phone.Masked())
				}
				ids = append(ids, tr.ID)
			}
			return ids
		}
		b.Clock.Advance(time.Minute)
		if got := stale(b.Clock.Now(), 100); !slices.Equal(got, want) {
			t.Errorf("stale are %v, want %v, oldest first", got, want)
		}
		if got := stale(b.Clock.Now(), 2); !slices.Equal(got, want[:2]) {
			t.Errorf("of two at most are stale %v, want %v", got, want[:2])
		}
		first, err := b.Store.FindTransfer(t.Context(), want[0])
		b.must(err)
		if got := stale(first.UpdatedAt, 100); len(got) != 0 {
			t.Errorf("%v are stale since before they were written", got)
		}
		// Whoever writes something is at work.
		first.UpdatedAt = b.Clock.Now()
		b.inTx(func(ctx context.Context, tx escrow.Tx) error { return tx.SaveTransfer(ctx, first) })
		if got := stale(b.Clock.Now(), 100); !slices.Equal(got, want[1:]) {
			t.Errorf("after one was written, stale are %v, want %v", got, want[1:])
		}
	})
}

func (b *bench) must(err error) {
	b.TB.Helper()
	if err != nil {
		b.TB.Fatal(err)
	}
}

// addPayment stores a payment that is held, which may be refused.
func (b *bench) addPayment(c escrow.Contract, receipt string) error {
	return b.Store.InTx(b.TB.Context(), func(ctx context.Context, tx escrow.Tx) error {
		return tx.AddPayment(ctx, escrow.Payment{
			ID: uuid.New(), ContractID: c.ID, Payer: c.Buyer.ID, Amount: c.Amount, Status: escrow.PaymentHeld, Receipt: receipt,
			CreatedAt: b.Clock.Now(), UpdatedAt: b.Clock.Now(),
		})
	})
}

func (b *bench) addContract(c escrow.Contract) error {
	return b.Store.InTx(b.TB.Context(), func(ctx context.Context, tx escrow.Tx) error {
		_, err := tx.AddContract(ctx, c)
		return err
	})
}

func (b *bench) post(c escrow.Contract, transfer uuid.UUID, amount escrow.Cents) error {
	return b.Store.InTx(b.TB.Context(), func(ctx context.Context, tx escrow.Tx) error {
		return tx.AddPosting(ctx, escrow.Posting{
			ID: uuid.New(), ContractID: c.ID, TransferID: transfer, Reason: "collected", At: b.Clock.Now(),
			Entries: []escrow.Entry{
				{Account: escrow.MpesaCollection, Amount: amount}, {Account: escrow.EscrowAccount(c.ID), Amount: -amount},
			},
		})
	})
}

// item opens an operator item about a contract.
func (b *bench) item(c escrow.Contract, kind escrow.ItemKind) {
	b.TB.Helper()
	b.inTx(func(ctx context.Context, tx escrow.Tx) error {
		return tx.AddItem(ctx, escrow.Item{ID: uuid.New(), Kind: kind, ContractID: c.ID, Note: "why", OpenedAt: b.Clock.Now()})
	})
}

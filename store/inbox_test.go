package store_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// kept takes the jobs that the inbox has made.
func (b *bench) kept() []store.WorkInbox {
	b.TB.Helper()
	var work []store.WorkInbox
	for _, job := range b.TakeJobs() {
		args, ok := job.(store.WorkInbox)
		if !ok {
			b.TB.Fatalf("an unexpected job %T", job)
		}
		work = append(work, args)
	}
	return work
}

func (b *bench) keep(kind, key, body string) {
	b.TB.Helper()
	if err := b.Store.Keep(b.TB.Context(), kind, key, []byte(body)); err != nil {
		b.TB.Fatal(err)
	}
}

func TestACallbackIsKeptAsItCame(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		body := "from=%2B254712000001\x00\xff&text=CONFIRM+1234"
		b.keep("sms", "id-1", body)
		jobs := b.kept()
		if len(jobs) != 1 {
			t.Fatalf("%d jobs, want 1", len(jobs))
		}
		callback, err := b.Store.Callback(t.Context(), jobs[0].Inbox)
		if err != nil || callback.Kind != "sms" || callback.Key != "id-1" || string(callback.Body) != body {
			t.Fatalf("got %+v, %v", callback, err)
		}
		var sealed []byte
		err = b.raw.QueryRowContext(t.Context(), "SELECT body_sealed FROM inbox").Scan(&sealed)
		if err != nil || len(sealed) == 0 || bytes.Contains(sealed, []byte("CONFIRM")) {
			t.Errorf("the body is stored in the clear, %v", err)
		}
		if n := b.number("SELECT COUNT(*) FROM inbox WHERE worked_at IS NOT NULL"); n != 0 {
			t.Error("a callback is worked before it was")
		}
		if err := b.Store.Worked(t.Context(), callback.ID); err != nil {
			t.Fatal(err)
		}
		if at := b.number("SELECT worked_at FROM inbox"); at != b.Clock.Now().UnixMicro() {
			t.Errorf("worked at %d", at)
		}
	})
}

func TestACallbackIsWorkedOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		for range 3 {
			b.keep("stk", "ws_CO_1", "paid")
		}
		b.keep("b2c", "ws_CO_1", "paid") // another kind is another callback
		if jobs := b.kept(); len(jobs) != 2 {
			t.Errorf("%d jobs, want 2", len(jobs))
		}
		b.keep("stk", "ws_CO_1", "paid") // again, after it was worked
		if jobs := b.kept(); len(jobs) != 0 {
			t.Errorf("a late duplicate made %d jobs", len(jobs))
		}
		if items := b.Items(); len(items) != 0 {
			t.Errorf("operator items: %v", items)
		}
	})
}

func TestTwentyDuplicatesAtOnceMakeOneJob(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		const senders = 20
		done := make(chan error, senders)
		for range senders {
			go func() { done <- b.Store.Keep(t.Context(), "stk", "ws_CO_1", []byte("paid")) }()
		}
		for range senders {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if jobs := b.kept(); len(jobs) != 1 {
			t.Errorf("%d jobs, want 1", len(jobs))
		}
		if n := b.number("SELECT COUNT(*) FROM inbox"); n != 1 {
			t.Errorf("%d callbacks kept, want 1", n)
		}
	})
}

func TestAnotherBodyUnderAKeyIsKeptForAPerson(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.keep("stk", "ws_CO_1", "cancelled")
		for range 2 {
			b.keep("stk", "ws_CO_1", "paid")
		}
		b.keep("stk", "ws_CO_1", "cancelled")
		jobs := b.kept()
		if len(jobs) != 1 {
			t.Fatalf("%d jobs, want 1: what contradicts is not worked", len(jobs))
		}
		if first, err := b.Store.Callback(t.Context(), jobs[0].Inbox); err != nil || string(first.Body) != "cancelled" {
			t.Errorf("the first callback is %q, %v", first.Body, err)
		}
		if n := b.number("SELECT COUNT(*) FROM inbox"); n != 2 {
			t.Errorf("%d callbacks kept, want 2", n)
		}
		if items := fmt.Sprint(b.Items()); items != "[callback_conflict]" {
			t.Errorf("operator items: %s", items)
		}
		b.keep("stk", "ws_CO_1", "paid, another amount")
		if items := b.Items(); len(items) != 2 {
			t.Errorf("a third body makes %d items, want 2", len(items))
		}
	})
}

// Whoever is called finds the transfer that the two callbacks disagree about.
func TestAContradictionNamesItsTransfer(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		transfer := uuid.New()
		for _, key := range []string{transfer.String() + ":result", "ATXid_1"} {
			b.keep("b2c", key, "paid")
			b.keep("b2c", key, "failed")
		}
		items := b.openItems()
		if len(items) != 2 {
			t.Fatalf("%d operator items, want 2", len(items))
		}
		if items[0].TransferID == uuid.Nil || items[1].TransferID == uuid.Nil || items[0].TransferID == items[1].TransferID {
			t.Error("two contradictions are one item")
		}
		for _, item := range items {
			if item.TransferID == transfer {
				return
			}
		}
		t.Errorf("no item is about the transfer: %+v", items)
	})
}

// openItems returns the open operator items.
func (b *bench) openItems() []escrow.Item {
	b.TB.Helper()
	items, err := b.Store.OpenItems(b.TB.Context())
	if err != nil {
		b.TB.Fatal(err)
	}
	return items
}

// The caller answers 200 only after Keep: what it could not store it must say.
func TestACallbackThatCannotBeStoredIsAnError(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		if b.name == "postgres" {
			b.exec("ALTER TABLE river_job RENAME TO gone") // the callback can be stored, its job cannot
		} else {
			b.exec("DROP TABLE river_job")
		}
		if err := b.Store.Keep(t.Context(), "stk", "ws_CO_1", []byte("paid")); err == nil {
			t.Error("no error")
		}
		if n := b.number("SELECT COUNT(*) FROM inbox"); n != 0 {
			t.Error("a callback without a job was stored: nobody would ever work it")
		}
	})
}

func TestAnItemIsOpenOncePerCause(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		c := b.contract()
		for range 3 {
			b.item(c, escrow.ItemDispute)
		}
		b.item(c, escrow.ItemCodeLocked)
		b.item(escrow.Contract{}, escrow.ItemDispute) // about no contract of ours
		items := b.openItems()
		if len(items) != 3 {
			t.Errorf("operator items: %v", items)
		}
		for _, item := range items {
			if known := item.ContractID == c.ID; known != (item.Ref == c.Ref) || !known && item.Ref != "" {
				t.Errorf("an item about contract %s shows reference %q", item.ContractID, item.Ref)
			}
		}
		b.exec("UPDATE operator_items SET closed_at = 1")
		b.item(c, escrow.ItemDispute)
		if items := fmt.Sprint(b.Items()); items != "[dispute]" {
			t.Errorf("after closing: %s", items)
		}
	})
}

package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// What a mediator reads of a contract is whole, and shows no number whole.
func TestAContractIsShownToAMediator(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	faith, brian := w.Operator("Faith"), w.Operator("Brian")
	c := w.DealIn(escrow.Disputed, escrow.Shillings(30_000))
	d := &desk{store: w.Store, service: w.Service, key: faith}
	shown := show(t, d, c)
	for _, part := range []string{
		"disputed", "Maize 10 bags, Ksh30,000, by 3 Dec 2026", "buyer: rotten", "held", "Ksh30,000", "collect by stk", "TKN",
		"dispute", "open", "disputed_raiser", "0712***001", "0722***418",
	} {
		if !strings.Contains(shown, part) {
			t.Errorf("%q is not in\n%s", part, shown)
		}
	}
	m := d.mediation(c.Ref, "half was rotten")
	m.ToSeller = escrow.Shillings(10_000)
	if _, err := d.service.Resolve(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if shown = show(t, d, c); !strings.Contains(shown, "ruling proposed  Ksh10,000 to the seller") {
		t.Errorf("no ruling in\n%s", shown)
	}
	if listed := list(t, d); !strings.Contains(listed, "buyer: rotten (Ksh10,000 to the seller is proposed") {
		t.Errorf("the second operator does not find the ruling in\n%s", listed)
	}
	d.key = brian
	if _, err := d.service.Approve(t.Context(), d.mediation(c.Ref, "")); err != nil {
		t.Fatal(err)
	}
	w.Work()
	if listed := list(t, d); listed != "nothing waits for a mediator\n" {
		t.Errorf("decided, and still listed:\n%s", listed)
	}
	shown = show(t, d, c)
	for _, part := range []string{"resolved", "done by Brian", "by Faith", "owed to the buyer   Ksh20,000", "owed to the seller  Ksh10,000", "resolve"} {
		if !strings.Contains(shown, part) {
			t.Errorf("%q is not in\n%s", part, shown)
		}
	}
	for _, phone := range []escrow.Phone{storetest.Amina, storetest.Otieno} {
		if strings.Contains(shown, string(phone)) || strings.Contains(shown, strings.TrimPrefix(string(phone), "+254")) {
			t.Errorf("a whole number is in\n%s", shown)
		}
	}
}

func list(t *testing.T, d *desk) string {
	t.Helper()
	var b strings.Builder
	command := contractListCmd{Limit: 100}
	if err := command.print(t.Context(), d, &b, []escrow.State{escrow.Disputed}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func show(t *testing.T, d *desk, c escrow.Contract) string {
	t.Helper()
	file, err := d.file(t.Context(), c.Ref)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := file.print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Who decides finds what a party has added, beside the ruling that waits.
func TestAMediatorFindsTheLastWord(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	d := &desk{store: w.Store, service: w.Service, key: w.Operator("Faith")}
	c := w.DealIn(escrow.Disputed, escrow.Shillings(30_000))
	m := d.mediation(c.Ref, "half was rotten")
	m.ToSeller = escrow.Shillings(10_000)
	if _, err := d.service.Resolve(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	word := w.Command(storetest.Otieno, c.Ref)
	word.Words = "all was dry, ask the driver"
	if _, err := d.service.AddWord(t.Context(), word); err != nil {
		t.Fatal(err)
	}
	if listed := list(t, d); !strings.Contains(listed, "approve or reject) (the seller added a word at ") {
		t.Errorf("the word is not listed in\n%s", listed)
	}
	if shown := show(t, d, c); !strings.Contains(shown, word.Words) {
		t.Errorf("the word is not in\n%s", shown)
	}
}

// A reason that was chosen on a screen is read as the screen's words wherever it stands.
func TestAMediatorReadsTheReasonThatWasChosen(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	d := &desk{store: w.Store, service: w.Service, key: w.Operator("Faith")}
	c := w.DealIn(escrow.PaymentLocked, escrow.Shillings(30_000))
	for who, reason := range map[escrow.Phone]string{storetest.Amina: "trouble.less", storetest.Otieno: "trouble.silent"} {
		cmd := w.Command(who, c.Ref)
		cmd.Words = reason
		if _, err := d.service.Dispute(t.Context(), cmd); err != nil {
			t.Fatal(err)
		}
	}
	items, err := w.Store.OpenItems(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var listed strings.Builder
	if err := printItems(&listed, items); err != nil {
		t.Fatal(err)
	}
	all := show(t, d, c) + list(t, d) + listed.String()
	if strings.Contains(all, "trouble.") || !strings.Contains(all, "Less than agreed") || !strings.Contains(all, "Buyer is silent") {
		t.Errorf("the reasons are not told in\n%s", all)
	}
}

// Every refusal that an operator can get is a sentence, and no code.
func TestRefusalsOfOperatorsAreSentences(t *testing.T) {
	t.Parallel()
	for _, code := range []escrow.Code{
		escrow.UnknownContract, escrow.UnknownOperator, escrow.UnknownItem, escrow.NoReason, escrow.BadSplit, escrow.RulingWaits,
		escrow.SameOperator, escrow.LastItem, escrow.KeyConflict, escrow.Already, escrow.NotNow, escrow.Closed,
	} {
		said := explained(escrow.Refuse(code)).Error()
		if strings.Contains(said, "refused:") || strings.Contains(said, "_") && code != escrow.UnknownOperator && code != escrow.SameOperator {
			t.Errorf("%s is said as %q", code, said)
		}
	}
	if fault := errors.New("disk full"); !errors.Is(explained(fault), fault) {
		t.Error("a fault is hidden")
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	if got := clock(time.Time{}); got != "" {
		t.Errorf("no time is %q", got)
	}
	if got := clock(storetest.Start()); got != "2026-12-03 09:00:00" {
		t.Errorf("nine in Nairobi is %q", got)
	}
}

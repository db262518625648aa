package escrow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// detailed proposes a contract with every term.
func detailed(t *testing.T, w *storetest.World) escrow.Contract {
	t.Helper()
	result, err := w.Service.Propose(t.Context(), escrow.Proposal{
		Request: w.Request(storetest.Otieno), Role: escrow.Seller, Other: storetest.Amina,
		Item: "Maize 10 bags", Place: " Kitale  market ", Quality: "dry, grade 1", Amount: price, DeliverBy: w.Clock.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Work()
	return result.Contract
}

// Place and quality are part of what both agree to, and the other side is told of
// them before it can.
func TestPlaceAndQualityAreTerms(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := detailed(t, w)
		if c.Place != "Kitale market" || c.Quality != "dry, grade 1" {
			t.Errorf("place %q, quality %q", c.Place, c.Quality)
		}
		for _, line := range []string{"\nplace: Kitale market", "\nquality: dry, grade 1"} {
			if !strings.Contains(c.Terms(), line) {
				t.Errorf("the terms lack %q:\n%s", line, c.Terms())
			}
		}
		bare := c
		bare.Place, bare.Quality = "", ""
		if strings.Contains(bare.Terms(), "place") || strings.Contains(bare.Terms(), "quality") {
			t.Error("terms that nobody said are part of the text: old agreements would not verify")
		}
		w.Pass(time.Minute) // the rest leaves after the proposal
		told := w.Postbox.To(storetest.Amina)
		if !slices.Equal(told, []escrow.Template{escrow.MsgProposed, escrow.MsgDetails}) {
			t.Errorf("Amina was told %v", told)
		}
	})
}

func TestDetailsThatAreTooLong(t *testing.T) {
	t.Parallel()
	w := storetest.NewSQLiteWorld(t)
	for _, p := range []escrow.Proposal{{Place: strings.Repeat("x", 25)}, {Quality: strings.Repeat("x", 25)}} {
		p.Request, p.Role, p.Other = w.Request(storetest.Otieno), escrow.Seller, storetest.Amina
		p.Item, p.Amount, p.DeliverBy = "Maize", price, w.Clock.Now()
		if _, err := w.Service.Propose(t.Context(), p); !errors.Is(err, escrow.Refuse(escrow.BadDetail)) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// A side that waits may remind the other, once a day; nothing moves by it.
func TestReminding(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DueIn(escrow.Pending, price, 5)
		remind := func(from escrow.Phone) error {
			_, err := w.Service.Remind(t.Context(), escrow.Command{Request: w.Request(from), Ref: c.Ref})
			w.Work()
			return err
		}
		reminded := func() int { return len(w.Postbox.To(storetest.Amina)) }
		before := reminded()
		for _, step := range []struct {
			from  escrow.Phone
			wait  time.Duration
			want  escrow.Code
			after int
		}{
			{storetest.Amina, 0, escrow.NotNow, 0},
			{storetest.Otieno, 0, "", 1},
			{storetest.Otieno, 0, escrow.Reminded, 1},
			{storetest.Otieno, 23 * time.Hour, escrow.Reminded, 1},
			{storetest.Otieno, time.Hour, "", 2},
			{storetest.Mallory, 0, escrow.UnknownContract, 2},
		} {
			w.Clock.Advance(step.wait)
			err := remind(step.from)
			if refusal := escrow.RefusalOf(err); (refusal == nil) != (step.want == "") || refusal != nil && refusal.Code != step.want {
				t.Errorf("%s after %s: %v, want %q", step.from.Masked(), step.wait, err, step.want)
			}
			if got := reminded() - before; got != step.after {
				t.Errorf("%s after %s: told %d times, want %d", step.from.Masked(), step.wait, got, step.after)
			}
		}
		wantState(t, w, c, escrow.Pending, "")
	})
}

// The history of a deal in the words of its parties, newest first, and nobody
// else's to see.
func TestHistory(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Completed, price)
		w.Pay(escrow.Payout, "R9")
		_, list, err := w.Service.History(t.Context(), storetest.Amina, c.Ref)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list {
			got = append(got, m.What+" "+string(m.By))
			if !slices.Contains(escrow.Milestones(), m.What) {
				t.Errorf("%q has no name", m.What)
			}
		}
		want := []string{"payout ", "accept_goods buyer", "confirm_delivery seller", "lock ", "accept buyer", "propose seller"}
		if !slices.Equal(got, want) {
			t.Errorf("history %q, want %q", got, want)
		}
		if _, _, err := w.Service.History(t.Context(), storetest.Mallory, c.Ref); !errors.Is(err, escrow.Refuse(escrow.UnknownContract)) {
			t.Errorf("a stranger sees %v", err)
		}
	})
}

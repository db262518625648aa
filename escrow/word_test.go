package escrow_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

func addWord(t *testing.T, w *storetest.World, cmd escrow.Command, words string) string {
	t.Helper()
	cmd.Words = words
	_, err := w.Service.AddWord(t.Context(), cmd)
	return refusalIn(err)
}

// Both sides add words to a dispute, whoever raised it: the mediator reads them as
// they were said, a repeated message adds nothing, and no money moves.
func TestBothSidesAddWordsToADispute(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Disputed, price)
		first := w.Command(amina, c.Ref)
		for _, got := range []string{
			addWord(t, w, first, " ten bags\nwere\x00 wet "), addWord(t, w, first, " ten bags\nwere\x00 wet "),
			addWord(t, w, w.Command(otieno, c.Ref), "it rained"),
		} {
			if got != "ok" {
				t.Error(got)
			}
		}
		events, err := w.Store.Events(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, e := range events {
			if e.Event == "word_added" {
				said = append(said, map[bool]string{true: "buyer", false: "seller"}[e.Actor == c.Buyer.ID]+": "+e.Detail)
			}
		}
		if want := []string{"buyer: ten bags were wet", "seller: it rained"}; !slices.Equal(said, want) {
			t.Errorf("the mediator reads %q, want %q", said, want)
		}
		_, history, err := w.Service.History(t.Context(), amina, c.Ref)
		if err != nil || history[0].What != "word_added" || history[0].By != escrow.Seller {
			t.Errorf("the history begins with %+v, %v", history[0], err)
		}
		wantState(t, w, c, escrow.Disputed, escrow.PaymentHeld)
		w.Prove()
	})
}

// Of two who raise a dispute at once the second adds to it what they had to say.
func TestTheSecondDisputeIsAWordToTheFirst(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.PaymentLocked, price)
		dispute := func(cmd escrow.Command, words string) string {
			cmd.Words = words
			_, err := w.Service.Dispute(t.Context(), cmd)
			return refusalIn(err)
		}
		second := w.Command(otieno, c.Ref)
		for _, step := range []struct {
			cmd         escrow.Command
			words, want string
		}{
			{w.Command(amina, c.Ref), "nothing came", "ok"},
			{second, "she is not at home", "ok"},
			{second, "she is not at home", "ok"},
			{w.Command(otieno, c.Ref), "", "!already"},
		} {
			if got := dispute(step.cmd, step.words); got != step.want {
				t.Errorf("%q: %s, want %s", step.words, got, step.want)
			}
		}
		_, history, err := w.Service.History(t.Context(), amina, c.Ref)
		if err != nil || history[0].What != "word_added" || history[0].By != escrow.Seller || history[1].What != "dispute" {
			t.Errorf("the history begins with %+v, %v", history[:2], err)
		}
		wantItems(t, w, "[dispute]")
		w.Prove()
	})
}

// A few words a day and side, none that is empty or too long, and none
// where no mediator reads them. What is refused takes no place.
func TestWordsAreFewAndShort(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Disputed, price)
		say := func(who escrow.Phone, words string) string { return addWord(t, w, w.Command(who, c.Ref), words) }
		longest := strings.Repeat("ü", escrow.MaxWords)
		for _, step := range []struct{ who, words, want string }{
			{"amina", " \n", "!bad_words"},
			{"amina", longest + "x", "!bad_words"},
			{"amina", longest, "ok"},
			{"amina", "two", "ok"},
			{"amina", "three", "ok"},
			{"amina", "four", "!enough"},
			{"otieno", "one", "ok"},
			{"mallory", "one", "!unknown_contract"},
		} {
			who := map[string]escrow.Phone{"amina": amina, "otieno": otieno, "mallory": storetest.Mallory}[step.who]
			if got := say(who, step.words); got != step.want {
				t.Errorf("%s says %q: %s, want %s", step.who, step.words, got, step.want)
			}
		}
		w.Clock.Advance(24 * time.Hour)
		if got := say(amina, "four"); got != "ok" {
			t.Errorf("the next day: %s", got)
		}
		if _, err := w.Service.Withdraw(t.Context(), w.Command(amina, c.Ref)); err != nil {
			t.Fatal(err)
		}
		if got := say(amina, "five"); got != "!not_now" {
			t.Errorf("without a dispute: %s", got)
		}
		w.Prove()
	})
}

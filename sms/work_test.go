package sms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// TestMatrix sends every verb in every state from both sides, and keeps what
// the contract came to and who was told how much. Whoever writes is answered.
func TestMatrix(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var matrix strings.Builder
	for _, state := range []escrow.State{
		escrow.Pending, escrow.Confirmed, escrow.PaymentLocked, escrow.Delivered, escrow.Accepted,
		escrow.Completed, escrow.Disputed,
	} {
		for _, from := range []escrow.Phone{amina, otieno} {
			d.Clock.Advance(time.Hour) // the limits of answers are by the hour
			for _, text := range []string{
				"confirm 1234", "delivered 1234", "received 1234 8305", "accept 1234", "accept 1234 8305",
				"decline 1234", "cancel 1234", "pay 1234", "dispute 1234 rotten",
			} {
				if d.contract.Ref == "" || d.state() != state {
					d.contract = d.DealIn(state, escrow.Shillings(100))
				}
				d.letters()
				letters := d.text(from, text)
				told := map[escrow.Phone]int{}
				for _, l := range letters {
					told[l.to]++
				}
				if told[from] != 1 {
					t.Errorf("%s %s %q: %d answers", state, from.Masked(), text, told[from])
				}
				who := map[escrow.Phone]string{amina: "buyer", otieno: "seller"}[from]
				fmt.Fprintf(&matrix, "%-14s %-6s %-20s -> %-14s %d+%d\n", state, who, text, d.state(), told[amina], told[otieno])
				d.settle()
			}
		}
	}
	testkit.Golden(t, "testdata/matrix.txt", matrix.String())
	d.Prove()
}

// settle lets an open prompt run out, so that the next deal can be paid.
func (d *desk) settle() {
	d.TB.Helper()
	if taken := d.Till.Taken(); len(taken) > 0 && taken[len(taken)-1].Kind == escrow.Collect {
		d.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.NotMoved, Code: "1032"})
		d.Work()
	}
}

// TestWorkedAgain works every message of a deal again, at once and, in the
// reverse order, when it is over: nothing is said or moved twice.
func TestWorkedAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.propose()
	d.letters()
	var bodies [][]byte
	for _, step := range []struct {
		from   escrow.Phone
		text   string
		letter int
	}{
		{amina, "status", 1},
		{amina, "accept 1234", 2},
		{amina, "pay 1234", 1},
		{otieno, "confirm 1234", 2},
		{amina, "accept 1234 0000", 1},
		{amina, "accept 1234 8305", 2},
		{amina, "accept 1234 when it comes", 1},
		{amina, "good morning", 1},
		{storetest.Mallory, "accept 1234", 1},
	} {
		body := d.body(step.from, d.fill(step.text))
		bodies = append(bodies, body)
		d.work(body)
		if n := len(d.letters()); n != step.letter {
			t.Errorf("%q: %d letters, want %d", step.text, n, step.letter)
		}
		d.work(body)
		if letters := d.letters(); len(letters) != 0 {
			t.Errorf("%q again says %v", step.text, letters)
		}
		if strings.HasPrefix(step.text, "pay") {
			d.Pay(escrow.Collect, "UJK7TEST01")
			d.letters()
		}
	}
	slices.Reverse(bodies)
	for _, body := range bodies {
		d.work(body)
	}
	if letters := d.letters(); len(letters) != 0 {
		t.Errorf("worked again when all is over: %v", letters)
	}
	if state := d.state(); state != escrow.Completed {
		t.Errorf("the deal ends in %s", state)
	}
	d.Prove()
}

// TestLateMessages brings the messages of a deal in the reverse order: none is
// an error, none moves more than its turn.
func TestLateMessages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.propose()
	for _, text := range []string{"accept 1234 8305", "pay 1234", "accept 1234", "pay 1234"} {
		d.text(amina, text)
	}
	d.Pay(escrow.Collect, "UJK7TEST01")
	d.text(amina, "accept 1234 8305")
	if state := d.state(); state != escrow.PaymentLocked {
		t.Errorf("the deal is %s", state)
	}
	d.Prove()
}

// TestNeutralAnswer gives strangers the same words, whatever there is.
func TestNeutralAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.propose()
	d.letters()
	var answers []string
	for _, text := range []string{"status 1234", "accept 1234 8305", "dispute 1234 x", "1235", "status", "cancel", "5724"} {
		letters := d.text(storetest.Mallory, text)
		if len(letters) != 1 {
			if len(answers) < answersAnHour {
				t.Fatalf("%q: %v", text, letters)
			}
			continue
		}
		answers = append(answers, letters[0].text)
	}
	if len(answers) != answersAnHour || len(slices.Compact(answers)) != 1 {
		t.Errorf("answers %q, want %d that are alike", answers, answersAnHour)
	}
}

func TestNobodyToAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, body := range []string{
		"id=1&from=MTN&text=HELP", "id=2&from=40404&text=HELP", "id=3&from=&text=HELP", "id=4&text=HELP", "id=5",
		"id=6&from=%2B254712000001&text=", "id=7&from=%2B254712000001", "id=8&from=%2B254712000001&text=+%0A+",
		"id=9&from=%2B14155550100&text=HELP", "", "%", "id=10&from=7FLOWERSX&text=HELP",
	} {
		if err := d.handler.Work(t.Context(), []byte(body)); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
	d.Work()
	if letters := d.letters(); len(letters) != 0 {
		t.Errorf("answered %v", letters)
	}
}

func TestSeveralContracts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range maxListed + 2 {
		d.Deal(escrow.Shillings(100))
	}
	d.letters()
	home, err := d.Service.Home(t.Context(), amina)
	if err != nil {
		t.Fatal(err)
	}
	letters := d.text(amina, "accept")
	if len(letters) != 1 || !strings.Contains(letters[0].text, "Reply ACCEPT and the number") {
		t.Fatalf("got %v", letters)
	}
	var want []string
	for _, c := range home.Open[:maxListed] {
		want = append(want, string(c.Ref))
	}
	if list := "Yours: " + strings.Join(want, ", ") + ". "; !strings.Contains(letters[0].text, list) {
		t.Errorf("%q is not in %q", list, letters[0].text)
	}
}

func TestFaultsAreReturned(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.propose()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, text := range []string{"status 1234", "accept 1234", "KISWAHILI", "help", "good morning"} {
		err := d.handler.Work(ctx, d.body(amina, d.fill(text)))
		if err == nil || escrow.RefusalOf(err) != nil {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "712000001") {
			t.Errorf("the error names the writer: %v", err)
		}
	}
}

// TestThroughTheInbox goes the whole way in: the callback over HTTP, twice,
// into the store's inbox, and from there to the work.
func TestThroughTheInbox(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.propose()
	d.letters()
	app := appOn(d.handler, d.Store)
	body := string(d.body(amina, d.fill("accept 1234")))
	for range 2 {
		if status, text := post(t, app, "/sms", formType, body); status != http.StatusOK {
			t.Fatalf("status %d %q", status, text)
		}
	}
	jobs := d.TakeJobs()
	if len(jobs) != 1 {
		t.Fatalf("%d jobs", len(jobs))
	}
	job, ok := jobs[0].(store.WorkInbox)
	if !ok {
		t.Fatalf("job %T", jobs[0])
	}
	callback, err := d.Store.Callback(t.Context(), job.Inbox)
	if err != nil || callback.Kind != KindMessage {
		t.Fatalf("callback %q, %v", callback.Kind, err)
	}
	d.work(callback.Body)
	if n := len(d.letters()); n != 2 || d.state() != escrow.Confirmed {
		t.Errorf("%d letters, %s", n, d.state())
	}
}

func TestDeliveryReports(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.propose()
	messageState := func(id string) (state escrow.MessageState) {
		err := d.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
			m, err := tx.MessageByProvider(ctx, id)
			state = m.State
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	id := fmt.Sprintf("ATXid_%d", len(d.provider.taken()))
	for _, step := range []struct {
		status string
		want   escrow.MessageState
	}{
		{"Sent", escrow.MessageSent},
		{"Borked", escrow.MessageSent},
		{"", escrow.MessageSent},
		{"Buffered", escrow.MessageSent},
		{"SUBMITTED", escrow.MessageSent},
		{"Success", escrow.MessageDelivered},
		{"Success", escrow.MessageDelivered},
		{"Sent", escrow.MessageDelivered},
		{"Failed", escrow.MessageDelivered},
	} {
		body := "id=" + id + "&status=" + url.QueryEscape(step.status) + "&phoneNumber=%2B254712000001"
		if err := d.handler.WorkReport(t.Context(), []byte(body)); err != nil {
			t.Fatalf("%q: %v", step.status, err)
		}
		if got := messageState(id); got != step.want {
			t.Errorf("after %q the message is %s, want %s", step.status, got, step.want)
		}
	}
	for status, want := range map[string]escrow.MessageState{
		"Rejected": escrow.MessageFailed, "Failed": escrow.MessageFailed, "expired": escrow.MessageFailed,
	} {
		if got, ok := stateOf(status); !ok || got != want {
			t.Errorf("%q is %s", status, got)
		}
	}
	for _, body := range []string{"", "status=Success", "id=x", "id=+&status=Success"} {
		if err := d.handler.WorkReport(t.Context(), []byte(body)); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestReportBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	err := d.handler.WorkReport(t.Context(), []byte("id=ATXid_early&status=Success"))
	var later *escrow.Later
	if !errors.As(err, &later) || later.After <= 0 {
		t.Errorf("got %v", err)
	}
}

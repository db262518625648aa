package sms

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// TestAnswersThatReadAlikeLeaveInOneRequest has three people ask for help at once,
// one of them twice, and one ask in Kiswahili.
func TestAnswersThatReadAlikeLeaveInOneRequest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, from := range []escrow.Phone{amina, otieno, amina, storetest.Mallory} {
		if err := d.handler.Work(t.Context(), d.body(from, "HELP")); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.handler.Work(t.Context(), d.body(otieno, "MSAADA")); err != nil {
		t.Fatal(err)
	}
	d.Work()
	var to []string
	for _, c := range d.provider.taken() {
		form, err := url.ParseQuery(c.body)
		if err != nil {
			t.Fatal(err)
		}
		to = append(to, form.Get("to"))
	}
	want := []string{
		strings.Join([]string{string(amina), string(otieno), string(storetest.Mallory)}, ","), string(amina), string(otieno),
	}
	if !slices.Equal(to, want) {
		t.Errorf("sent to %q, want %q", to, want)
	}
	for id := 1; id <= len(want)+2; id++ { // every message has its own id and can be reported
		err := d.handler.WorkReport(t.Context(), []byte("id=ATXid_"+string(rune('0'+id))+"&status=Success"))
		if err != nil {
			t.Errorf("report %d: %v", id, err)
		}
	}
}

// TestAnswersOfAManifoldRequest answer each receiver apart, in whatever order.
func TestAnswersOfAManifoldRequest(t *testing.T) {
	t.Parallel()
	p := newProvider(t, func(call) (int, string) {
		return http.StatusCreated, `{"SMSMessageData":{"Recipients":[` +
			`{"statusCode":406,"number":"+254722000418","status":"UserInBlacklist","messageId":"None"},` +
			`{"statusCode":102,"number":"+254712000001","status":"Success","cost":"KES 0.8000","messageId":"a"}]}}`
	})
	messages := make([]escrow.Message, 3)
	for i, phone := range []escrow.Phone{amina, otieno, storetest.Mallory} {
		messages[i] = escrow.Message{To: escrow.Party{ID: uuid.New(), Phone: phone}, Template: escrow.MsgHelp}
	}
	var outcomes []escrow.Outcome
	for _, d := range newTestClient(t, p.URL, quiet()).Broadcast(t.Context(), messages) {
		outcomes = append(outcomes, d.Outcome)
	}
	if want := []escrow.Outcome{escrow.Taken, escrow.Refused, escrow.Unknown}; !slices.Equal(outcomes, want) {
		t.Errorf("got %v, want %v", outcomes, want)
	}
	if n := len(p.taken()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestABatchWhoseSenderDiedIsUnknown finds a message that went out with another one
// whose process died: it waits for the request to end, and is never sent again.
func TestABatchWhoseSenderDiedIsUnknown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if err := d.handler.Work(t.Context(), d.body(amina, "HELP")); err != nil {
		t.Fatal(err)
	}
	jobs := d.TakeJobs()
	job, ok := jobs[0].(escrow.SendMessage)
	if len(jobs) != 1 || !ok {
		t.Fatalf("jobs %v", jobs)
	}
	err := d.Store.InTx(t.Context(), func(ctx context.Context, tx escrow.Tx) error {
		m, err := tx.Message(ctx, job.Message)
		if err != nil {
			return err
		}
		m.State, m.Batch, m.UpdatedAt = escrow.MessageSending, uuid.New(), d.Clock.Now()
		return tx.SaveMessage(ctx, m)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Service.Send(t.Context(), job.Message); err == nil {
		t.Error("a message that is being sent does not wait")
	}
	d.Clock.Advance(time.Hour)
	if err := d.Service.Send(t.Context(), job.Message); err != nil {
		t.Error(err)
	}
	m, err := d.Store.FindMessage(t.Context(), job.Message)
	if err != nil || m.State != escrow.MessageUnknown || len(d.provider.taken()) != 0 {
		t.Errorf("%s after %d calls, %v", m.State, len(d.provider.taken()), err)
	}
}

// limitedClient is a client with real limits.
func limitedClient(t *testing.T, address string, all, each int) (*Client, *miniredis.Miniredis) {
	t.Helper()
	server := miniredis.RunT(t)
	client, err := store.OpenRedis("redis://" + server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	c := newTestClient(t, address, quiet())
	c.cfg.All = store.NewPace(client, "sms:all:", all, time.Hour)
	c.cfg.EachNumber = store.NewPace(client, "sms:to:", each, time.Hour)
	return c, server
}

func TestLimitsOfMessages(t *testing.T) {
	t.Parallel()
	p := newProvider(t, func(call) (int, string) { return http.StatusCreated, sent("101", "Success") })
	c, server := limitedClient(t, p.URL, 5, 3)
	send := func(who escrow.Party) escrow.Dispatch {
		m := notice()
		m.To.ID = who.ID
		return c.Send(t.Context(), m, "8305")
	}
	one, other := escrow.Party{ID: uuid.New()}, escrow.Party{ID: uuid.New()}
	for range 3 {
		if got := send(one); got.Outcome != escrow.Taken {
			t.Fatalf("within the limits: %+v", got)
		}
	}
	if got := send(one); got.Outcome != escrow.NotSent || got.RetryAfter <= 0 || got.RetryAfter > time.Hour {
		t.Errorf("one person's fourth: %+v", got)
	}
	for range 2 {
		if got := send(other); got.Outcome != escrow.Taken {
			t.Errorf("another's: %+v", got)
		}
	}
	if got := send(other); got.Outcome != escrow.NotSent {
		t.Errorf("the sixth of all: %+v", got)
	}
	if n := len(p.taken()); n != 5 {
		t.Errorf("%d calls, want 5", n)
	}
	for _, key := range server.Keys() {
		if strings.Contains(key, "712000001") {
			t.Errorf("a number stands in Redis: %s", key)
		}
	}
	server.Close()
	if got := send(one); got.Outcome != escrow.Taken {
		t.Errorf("without Redis: %+v", got)
	}
}

func TestTheBalanceIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Balance{
		"KES 1785.50": {"KES", 178550}, "KES 12": {"KES", 1200}, "USD 999999589.6168": {"USD", 99999958961}, "KES -3.5": {"KES", -350},
	} {
		if got, err := readBalance(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "N/A", "1785.50", "KES", "KES 1,785.50"} {
		if got, err := readBalance(text); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
	address, sim := simulateFaults(t, &shelf{})
	sim.SetFaults(simulator.Faults{SMSBalanceKsh: 120})
	got, err := newTestClient(t, address+"/sim/africastalking", quiet()).Balance(t.Context())
	if err != nil || got != (Balance{"KES", 12050}) {
		t.Errorf("got %+v, %v", got, err)
	}
	c := newTestClient(t, address+"/sim/africastalking", quiet())
	c.cfg.APIKey = "wrong"
	if got, err := c.Balance(t.Context()); err == nil {
		t.Errorf("a wrong key reads %+v", got)
	}
}

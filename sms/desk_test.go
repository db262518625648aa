package sms

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

// desk is a world whose messages leave by the real client, to a provider that
// keeps them, and come in by the real handler.
type desk struct {
	*storetest.World
	handler  *Handler
	provider *provider
	contract escrow.Contract

	texts int // sent to us so far
	seen  int // letters that were looked at
	story strings.Builder
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{World: storetest.NewSQLiteWorld(t)}
	id := 0
	d.provider = newProvider(t, func(c call) (int, string) {
		form, err := url.ParseQuery(c.body)
		if err != nil {
			return http.StatusBadRequest, err.Error()
		}
		var recipients []string
		for number := range strings.SplitSeq(form.Get("to"), ",") {
			id++
			recipients = append(recipients, fmt.Sprintf(
				`{"statusCode":102,"number":%q,"status":"Success","cost":"KES 0.8000","messageId":"ATXid_%d"}`, number, id))
		}
		return http.StatusCreated, `{"SMSMessageData":{"Recipients":[` + strings.Join(recipients, ",") + `]}}`
	})
	d.Service = escrow.NewService(escrow.Deps{
		Store: d.Store, Provider: d.Till, Messenger: newTestClient(t, d.provider.URL, quiet()), Codes: d.Codes, Signer: d.Signer,
		Policy: d.Policy, Now: d.Clock.Now, Log: quiet(),
	})
	d.handler = NewHandler(HandlerConfig{Service: d.Service, ShortCode: "40404", Log: quiet()})
	return d
}

// introduce gives the people names and, where it is not empty, a language.
func (d *desk) introduce(language escrow.Language) {
	d.TB.Helper()
	err := d.Store.InTx(d.TB.Context(), func(ctx context.Context, tx escrow.Tx) error {
		for phone, name := range map[escrow.Phone]string{amina: "Amina Wanjiru", otieno: "Otieno Mbugua"} {
			party, err := tx.EnsureParty(ctx, phone)
			if err != nil {
				return err
			}
			party.Name, party.Language = name, language
			if err := tx.SaveParty(ctx, party); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		d.TB.Fatal(err)
	}
}

// propose makes the contract that the story is about. Its reference is random:
// one that could be mistaken for something else on the page is passed over.
func (d *desk) propose() {
	d.TB.Helper()
	for {
		d.contract = d.Deal(escrow.Shillings(3500))
		switch string(d.contract.Ref) {
		case "0712", "0722", d.Codes.For(d.contract), d.wrong():
			if _, err := d.Service.Cancel(d.TB.Context(), d.Command(otieno, d.contract.Ref)); err != nil {
				d.TB.Fatal(err)
			}
			d.seen = len(d.provider.taken())
		default:
			return
		}
	}
}

// wrong is a code that is not the release code.
func (d *desk) wrong() string {
	n, err := strconv.Atoi(d.Codes.For(d.contract))
	if err != nil {
		d.TB.Fatal(err)
	}
	return fmt.Sprintf("%04d", (n+1)%10_000)
}

// fill puts the contract's numbers in the place of the stand-ins that scripts
// and transcripts show.
func (d *desk) fill(text string) string {
	if d.contract.Ref == "" {
		return text
	}
	ref, code := string(d.contract.Ref), d.Codes.For(d.contract)
	return strings.NewReplacer(
		"1234", ref, "12 34", ref[:2]+" "+ref[2:], "8305", code, "83 05", code[:2]+" "+code[2:], "0000", d.wrong(),
	).Replace(text)
}

// plain is the way back.
func (d *desk) plain(text string) string {
	if d.contract.Ref == "" {
		return text
	}
	for number, standIn := range map[string]string{
		string(d.contract.Ref): "1234", d.Codes.For(d.contract): "8305",
	} {
		text = regexp.MustCompile(`\b`+number+`\b`).ReplaceAllString(text, standIn)
	}
	return text
}

// body is a message as Africa's Talking posts it, a minute after the one before.
func (d *desk) body(from escrow.Phone, text string) []byte {
	d.texts++
	at := d.Clock.Now().Add(time.Duration(d.texts) * time.Minute)
	return []byte("linkId=&text=" + url.QueryEscape(text) + "&to=40404&id=in-" + strconv.Itoa(d.texts) +
		"&date=" + url.QueryEscape(at.Format(time.DateTime)) + "&from=" + url.QueryEscape(string(from)) + "&networkCode=99999")
}

// work works one message and the jobs that follow.
func (d *desk) work(body []byte) {
	d.TB.Helper()
	if err := d.handler.Work(d.TB.Context(), body); err != nil {
		d.TB.Fatalf("%s: %v", body, err)
	}
	d.Work()
}

// letter is one message that went out.
type letter struct {
	to   escrow.Phone
	text string
}

// letters are those since the last look.
func (d *desk) letters() []letter {
	d.TB.Helper()
	var list []letter
	calls := d.provider.taken()
	for _, c := range calls[d.seen:] {
		form, err := url.ParseQuery(c.body)
		if err != nil {
			d.TB.Fatal(err)
		}
		list = append(list, letter{escrow.Phone(form.Get("to")), form.Get("message")})
	}
	d.seen = len(calls)
	return list
}

// text sends a message and returns what went out for it.
func (d *desk) text(from escrow.Phone, text string) []letter {
	d.TB.Helper()
	d.work(d.body(from, d.fill(text)))
	return d.letters()
}

// state is how the contract stands now.
func (d *desk) state() escrow.State {
	d.TB.Helper()
	view, err := d.Service.View(d.TB.Context(), amina, d.contract.Ref)
	if err != nil {
		d.TB.Fatal(err)
	}
	return view.Contract.State
}

// tell plays a script: "Amina: yes 1234" is a message, "* paid" something that
// happens elsewhere. What goes out is written below each line.
func (d *desk) tell(script string) {
	d.TB.Helper()
	people := map[string]escrow.Phone{"Amina": amina, "Otieno": otieno, "Mallory": storetest.Mallory}
	for line := range strings.SplitSeq(strings.TrimSpace(script), "\n") {
		line = strings.TrimSpace(line)
		if event, ok := strings.CutPrefix(line, "* "); ok {
			d.happen(event)
		} else if name, text, ok := strings.Cut(line, ": "); ok {
			d.work(d.body(people[name], d.fill(text)))
		} else {
			d.TB.Fatalf("script line %q", line)
		}
		fmt.Fprintf(&d.story, "%s\n", line)
		for _, l := range d.letters() {
			for name, phone := range people {
				if l.to == phone {
					fmt.Fprintf(&d.story, "    to %s: %s\n", name, d.plain(l.text))
				}
			}
		}
		d.story.WriteString("\n")
	}
}

// happen plays what other people and M-Pesa do.
func (d *desk) happen(event string) {
	d.TB.Helper()
	switch event {
	case "Otieno proposes by USSD":
		d.propose()
	case "Amina pays":
		d.Pay(escrow.Collect, "UJK7TEST01")
	case "Amina cancels the prompt":
		d.Learn(escrow.Collect, escrow.Finding{Verdict: escrow.NotMoved, Code: "1032"})
		d.Work()
	case "M-Pesa pays Amina back":
		d.Pay(escrow.Refund, "UJK7TEST03")
	case "M-Pesa pays Otieno":
		d.Pay(escrow.Payout, "UJK7TEST02")
	default:
		d.TB.Fatalf("event %q", event)
	}
}

// compare checks the story against its file, and the money.
func (d *desk) compare(file string) {
	d.TB.Helper()
	testkit.Golden(d.TB, "testdata/"+file, d.story.String())
	d.Prove()
}

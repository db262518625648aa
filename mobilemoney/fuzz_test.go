package mobilemoney_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
	"github.com/voicepact/gateway/mobilemoney"
)

var kinds = []string{
	"stk", "b2c", "b2c_timeout", "status", "status_timeout", "reversal", "reversal_timeout", "original", "original_timeout",
}

// bodies is every callback of these tests, good and bad, always in this order:
// a seed that fails is named by its place.
func bodies() []string {
	all := append(stkSuccess(), stkFailure, b2cSuccess, b2cFailure, statusCompleted, neverSeen, reversed, reversedBefore)
	all = append(append(all, queueTimeouts()...), garbage()...)
	for _, c := range torture() {
		all = append(all, c[0])
	}
	return append(all, paidBy(`"2547 ***** 149"`), strings.Replace(stkSuccess()[0], merchantID, checkoutID, 1))
}

var (
	// keyShape is a transfer with a hash, or with an id and a code.
	keyShape   = regexp.MustCompile(`^[0-9a-f-]{36}:([0-9a-f]{64}|([A-Za-z0-9_.-]{1,64}):[A-Za-z0-9_.-]{1,64})$`)
	payerShape = regexp.MustCompile(`^254[0-9*]+$`)
	codeShape  = regexp.MustCompile(`^[A-Za-z0-9._ -]{1,64}$`)
	number     = regexp.MustCompile(`[17]\d{8}`)
	tooLong    = regexp.MustCompile(`\d{10}`)
)

// assertKey checks that a key is short and plain, and says nothing about a payer.
func assertKey(t *testing.T, kind, key string) {
	t.Helper()
	parts := keyShape.FindStringSubmatch(key)
	if len(parts) == 0 {
		t.Fatalf("%s: key %q", kind, key)
	}
	if kind == "stk" && number.MatchString(parts[2]) {
		t.Fatalf("%s: key %q", kind, key)
	}
}

// assertWords checks what goes into columns, logs and screens of operators.
func assertWords(t *testing.T, code, reason string) {
	t.Helper()
	if !codeShape.MatchString(code) || tooLong.MatchString(code) {
		t.Fatalf("code %q", code)
	}
	if utf8.RuneCountInString(reason) > 250 || strings.ContainsAny(reason, "\x00\n\r") || number.MatchString(reason) {
		t.Fatalf("reason %q", reason)
	}
}

func FuzzDecode(f *testing.F) {
	for _, body := range bodies() {
		for i := range kinds {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		kind := kinds[int(n)%len(kinds)]
		key := mobilemoney.KeyOf(kind, transferID, body)
		assertKey(t, kind, key)
		id, got, err := mobilemoney.Decode(kind, key, body)
		if err != nil || id != transferID {
			t.Fatalf("%s, %v", id, err)
		}
		assertVerdict(t, kind, got)
		if kind != "stk" && got.Payer+got.ProviderID != "" || got.Payer != "" && !payerShape.MatchString(got.Payer) {
			t.Fatalf("%s: %+v", kind, got)
		}
		assertWords(t, got.Code, got.Reason)
		assertWords(t, "0", got.Payee)
	})
}

// assertVerdict checks that a callback says what one of its kind can say.
func assertVerdict(t *testing.T, kind string, got escrow.Finding) {
	t.Helper()
	switch got.Verdict {
	case escrow.Moved:
		assertMoney(t, kind, got)
		return
	case escrow.NeverSeen:
		if got.Code != map[string]string{"status": "2032", "original": "0"}[kind] || got.Alarm {
			t.Fatalf("%s: %+v", kind, got)
		}
	case escrow.NotMoved, escrow.Processing, escrow.NoAnswer:
	default: // a callback answers a question, so it was asked
		t.Fatalf("verdict %q", got.Verdict)
	}
	if got.Amount != 0 || got.Receipt != "" || got.Payer != "" {
		t.Fatalf("no money, and yet: %+v", got)
	}
}

// assertMoney checks a statement that money moved: what was reversed before is not
// told again.
func assertMoney(t *testing.T, kind string, got escrow.Finding) {
	t.Helper()
	before := kind == "reversal" && got.Code == "R000001"
	if (got.Amount <= 0 || got.Receipt == "") != before || (got.Cause == escrow.CauseDone) != before || kind == "original" {
		t.Fatalf("money without amount or receipt: %+v", got)
	}
}

// seedAnswers adds every synchronous answer of these tests.
func seedAnswers(f *testing.F) {
	f.Helper()
	for _, c := range append(pushAnswers(), payoutAnswers()...) {
		f.Add(c.status, []byte(c.body))
	}
	for _, c := range queryAnswers() {
		f.Add(c.status, []byte(c.body))
	}
	for _, body := range []string{
		spikeArrest, firewall, "",
		envelope("404.001.03", "Invalid Access Token"),
		envelope("401.002.01", "Error Occurred - Invalid Access Token - c9SQxWWhmdVRlyh0zh8gZDTkubVF"),
		envelope("500.003.03", "Error Occurred: Quota Violation"),
		envelope("400.008.01", "Invalid Authentication passed"),
		`{"access_token":"c9SQxWWhmdVRlyh0zh8gZDTkubVF","expires_in":"3599"}`, `{"access_token":"A","expires_in":3599}`,
		`{"access_token":"A\r\nB","expires_in":9999999999999}`,
	} {
		for _, status := range []int{200, 400, 401, 403, 429, 500, 503} {
			f.Add(status, []byte(body))
		}
	}
}

// reply is a complete answer with a status that exists: those that do stay.
func reply(status int, body []byte) outcall.Reply {
	const first, all = 100, 500
	return outcall.Reply{Status: first + ((status-first)%all+all)%all, Body: body}
}

// session is a token that no answer may repeat.
const session = "s3ss10n"

// assertSilent checks that a reason repeats no secret, whoever said it.
func assertSilent(t *testing.T, reason string) {
	t.Helper()
	for _, secret := range []string{session, passkey, "Pa55#word", "secret"} {
		if strings.Contains(reason, secret) {
			t.Fatalf("%q holds %q", reason, secret)
		}
	}
}

// offline is a client for answers that are at hand.
func offline(f *testing.F) *mobilemoney.Client {
	f.Helper()
	return newClient(f, config(f, "http://127.0.0.1:1"), &memory{})
}

func success(r outcall.Reply) bool { return r.Status >= 200 && r.Status < 300 }

// turnedAway are the two statuses that say enough without a body.
func turnedAway(r outcall.Reply) bool {
	return r.Status == http.StatusUnauthorized || r.Status == http.StatusTooManyRequests
}

// FuzzAnswersToMoney reads any answer to a push and to a payout. What is taken or
// certainly not sent must follow from the answer: all else is unknown or refused.
func FuzzAnswersToMoney(f *testing.F) {
	seedAnswers(f)
	client := offline(f)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		r := reply(status, body)
		for name, got := range map[string]escrow.Submission{
			"push": client.Pushed(r, session), "payout": client.Ordered(r, session), "reversal": client.Reversing(r, session),
		} {
			assertOutcome(t, name, r, got)
			if (got.Outcome == escrow.NotSent) != (got.RetryAfter > 0) || got.ProviderID != "" && got.Outcome != escrow.Taken {
				t.Fatalf("%s: %+v", name, got)
			}
			if !json.Valid(body) && (got.Outcome == escrow.NotSent) != turnedAway(r) {
				t.Fatalf("%s, status %d without a word: %+v", name, r.Status, got)
			}
			assertWords(t, got.Code, got.Reason)
			assertSilent(t, got.Reason)
		}
	})
}

// assertOutcome checks that what is certain was said.
func assertOutcome(t *testing.T, name string, r outcall.Reply, got escrow.Submission) {
	t.Helper()
	switch got.Outcome {
	case escrow.Taken:
		if !json.Valid(r.Body) || name == "push" && !success(r) {
			t.Fatalf("%s, status %d: %+v", name, r.Status, got)
		}
	case escrow.Refused:
		if !json.Valid(r.Body) || r.Status >= http.StatusInternalServerError && !got.Alarm {
			t.Fatalf("%s, status %d: %+v", name, r.Status, got)
		}
	case escrow.NotSent, escrow.Unknown:
	default:
		t.Fatalf("%s: outcome %q", name, got.Outcome)
	}
}

// FuzzAnswersToQuestions reads any answer to an STK query and to a status query.
func FuzzAnswersToQuestions(f *testing.F) {
	seedAnswers(f)
	client := offline(f)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		r := reply(status, body)
		for name, got := range map[string]escrow.Finding{
			"query": client.Queried(r, session, checkoutID), "status": client.Asked(r, session),
		} {
			switch got.Verdict {
			case escrow.Moved, escrow.NotMoved:
				if name == "status" || !success(r) || !json.Valid(body) {
					t.Fatalf("%s, status %d: %+v", name, r.Status, got)
				}
			case escrow.Processing:
				if !json.Valid(body) {
					t.Fatalf("%s, status %d: %+v", name, r.Status, got)
				}
			case escrow.NoAnswer, escrow.NotAsked:
			default:
				t.Fatalf("%s: verdict %q", name, got.Verdict)
			}
			if !json.Valid(body) && (got.Verdict == escrow.NotAsked) != turnedAway(r) {
				t.Fatalf("%s, status %d without a word: %+v", name, r.Status, got)
			}
			if got.Receipt+got.ProviderID+got.Payer+got.Payee != "" || got.Amount != 0 {
				t.Fatalf("%s knows too much: %+v", name, got)
			}
			assertWords(t, got.Code, got.Reason)
			assertSilent(t, got.Reason)
		}
	})
}

// FuzzToken reads any answer to a token request: a token that can be sent, for a
// time that is none of the past, or a reason.
func FuzzToken(f *testing.F) {
	seedAnswers(f)
	client := offline(f)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		r := reply(status, body)
		token, life, err := client.Bought(r)
		if (err == nil) != (token != "") {
			t.Fatalf("token %q, %v", token, err)
		}
		if err != nil {
			assertWords(t, "0", err.Error())
			assertSilent(t, err.Error())
			return
		}
		if !success(r) || life <= 0 || life > time.Hour || strings.Trim(token, "=") == "" {
			t.Fatalf("status %d: token %q for %s", r.Status, token, life)
		}
		for _, c := range []byte(token) {
			if c <= ' ' || c > '~' {
				t.Fatalf("token %q", token)
			}
		}
	})
}

package mobilemoney_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// paidBy is a success whose payer is shown as that JSON value.
func paidBy(shown string) string {
	return strings.Replace(stkSuccess()[0], "254708374149}", shown+"}", 1)
}

// TestPayers: what is no number is no evidence that somebody else paid, and the
// money counts all the same.
func TestPayers(t *testing.T) {
	t.Parallel()
	for shown, want := range map[string]string{
		`254708374149`:        "254708374149",
		`"254708374149"`:      "254708374149",
		`" 254708374149 "`:    "254708374149",
		`"254*149"`:           "254*149",
		`"25470*****49"`:      "25470*****49",
		`"2547*****149"`:      "2547*****149",
		`"2547********149"`:   "2547********149", // one for each digit
		`"2547**********149"`: "2547**********149",
		`"2547 ***** 149"`:    "2547*****149", // as C2B writes it
		`"254708374***"`:      "254708374***",
		`"254***"`:            "254***",
		`"25470837*4149"`:     "25470837*4149",

		`""`:               "",
		`null`:             "",
		`"254"`:            "",
		`"25470837414"`:    "", // a digit is missing
		`"2547083741499"`:  "", // one too many
		`"254708374*4149"`: "", // more digits than a number has
		`"0708374149"`:     "",
		`"0708***149"`:     "",
		`"255708374149"`:   "",
		`"*********149"`:   "",
		`"2547**8**149"`:   "",
		`"254xxxxxx149"`:   "",
		`"N/A"`:            "",
		`2.54708374149e11`: "",
		`{"a":1}`:          "",
		`"2547\u0000*149"`: "",
		`"5b5ca5d9b1c4d5d7ff1a4f2a7d6a0a4a3f0f8d8c5b1c4d5d7ff1a4f2a7d6a0a4"`: "", // SHA-256, as in C2B version 1
		`"` + strings.Repeat("9", 60_000) + `"`:                              "",
	} {
		got := decode(t, "stk", paidBy(shown))
		if got.Payer != want || got.Verdict != escrow.Moved || got.Amount != 150_000 || got.Alarm {
			t.Errorf("%.80s: %+v, want payer %q", shown, got, want)
		}
	}
	absent := decode(t, "stk", stkSuccess()[2])
	same(t, "not shown", absent.Payer, "")
	twice := decode(t, "stk", paidBy(`254708374149},{"Name":"PhoneNumber","Value":254708374140`))
	same(t, "two numbers", twice.Payer, "")
}

// TestPromptsAreNamed: which prompt a statement is about is told as it is. The
// escrow, which knows the prompt that it asked for, judges it.
func TestPromptsAreNamed(t *testing.T) {
	t.Parallel()
	const other = "ws_CO_23112026153009999708374149"
	for _, want := range []string{checkoutID, other, ""} {
		paid := decode(t, "stk", strings.Replace(stkSuccess()[0], checkoutID, want, 1))
		if paid.ProviderID != want || paid.Verdict != escrow.Moved {
			t.Errorf("paid: %+v, want prompt %q", paid, want)
		}
		failed := decode(t, "stk", strings.Replace(stkFailure, checkoutID, want, 1))
		if failed.ProviderID != want || failed.Verdict != escrow.NotMoved || failed.Payer != "" {
			t.Errorf("failed: %+v, want prompt %q", failed, want)
		}
	}
	for kind, body := range map[string]string{"b2c": b2cSuccess, "status": statusCompleted} {
		if got := decode(t, kind, body); got.ProviderID != "" || got.Payer != "" {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// assertImpersonal checks that no key of the inbox holds a number, given as its
// nine digits.
func assertImpersonal(t *testing.T, box *inbox, numbers ...string) {
	t.Helper()
	for _, k := range box.list() {
		for _, number := range numbers {
			if strings.Contains(k.key, number) {
				t.Errorf("%s: key %q holds %s", k.kind, k.key, number)
			}
		}
	}
}

// TestKeysHoldNoNumber posts every vector to every address, and once more with
// the number in the field that the key is made of.
func TestKeysHoldNoNumber(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	numbers := []string{"708374149", "705912645"}
	personal := 0
	for _, body := range bodies() {
		for i, id := range []string{merchantID, checkoutID, "254708374149", "0708374149", "m-708374149.1"} {
			sent := strings.Replace(body, merchantID, id, 1)
			if i > 0 && sent == body {
				continue
			}
			if slices.ContainsFunc(numbers, func(number string) bool { return strings.Contains(sent, number) }) {
				personal++
			}
			for _, kind := range kinds {
				status, _ := r.post(t, pathOf(t, kind), sent)
				same(t, kind, status, 200)
			}
		}
	}
	if personal == 0 {
		t.Error("no vector holds a number, so this proves nothing")
	}
	assertImpersonal(t, r.box, numbers...)
	for _, k := range r.box.list() {
		if id, rest, _ := strings.Cut(k.key, ":"); uuid.MustParse(id) != transferID || rest == "" {
			t.Errorf("key %q", k.key)
		}
	}
}

// TestTheKeyOfAPrompt: the merchant's id and the code, in the clear where they
// can be.
func TestTheKeyOfAPrompt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, key string }{
		"paid":        {stkSuccess()[0], merchantID + ":0"},
		"masked":      {stkSuccess()[1], merchantID + ":0"},
		"not paid":    {stkFailure, merchantID + ":1037"},
		"older shape": {strings.Replace(stkFailure, merchantID, "29115-34620561-1", 1), "29115-34620561-1:1037"},
	} {
		r := newReceiver(t)
		r.post(t, pathOf(t, "stk"), c.body)
		same(t, name, r.box.list()[0].key, transferID.String()+":"+c.key)
	}
}

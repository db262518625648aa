package mobilemoney_test

import (
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
)

// codeCase is a result code and what it says.
type codeCase struct {
	code    string
	verdict escrow.Verdict
	cause   escrow.Cause
	alarm   bool
}

const (
	yes  = escrow.Moved
	no   = escrow.NotMoved
	open = escrow.NoAnswer
)

// initiatorCodes mean the same in all calls of an initiator.
func initiatorCodes() []codeCase {
	cases := []codeCase{
		{"18", no, escrow.CauseCredential, true},
		{"20", no, escrow.CauseCredential, true},
		{"21", no, escrow.CauseCredential, true},
		{"2001", no, escrow.CauseCredential, true},
		{"8006", no, escrow.CauseCredential, true},
		{"5", open, "", true},
		{"R9", open, "", true},
	}
	for _, code := range []string{"11", "22", "24", "25", "29", "2006", "2028", "100000005", "100000010"} {
		cases = append(cases, codeCase{code, no, escrow.CauseConfig, true})
	}
	for _, code := range []string{
		"15", "17", "19", "26", "100000000", "100000001", "100000002", "100000004", "100000007", "100000009", "100000011",
	} {
		cases = append(cases, codeCase{code, open, "", false})
	}
	return cases
}

// codesOf is every code of the reference, by the API that gives it: the same
// number means other things in another one.
func codesOf() map[string][]codeCase {
	return map[string][]codeCase{
		"stk": {
			{"1", no, escrow.CauseFunds, false},
			{"2", no, escrow.CauseConfig, true},
			{"3", no, escrow.CauseLimit, false},
			{"4", no, escrow.CauseLimit, false},
			{"8", no, escrow.CauseLimit, true},
			{"11", no, "", false},
			{"17", no, escrow.CauseBusy, false},
			{"26", no, escrow.CauseBusy, false},
			{"1001", no, escrow.CauseBusy, false},
			{"1019", no, escrow.CauseUser, false},
			{"1025", no, escrow.CauseBusy, false},
			{"1031", no, escrow.CauseUser, false},
			{"1032", no, escrow.CauseUser, false},
			{"1036", open, "", false},
			{"1037", no, escrow.CauseUser, false},
			{"2001", no, escrow.CauseUser, false},
			{"2028", no, escrow.CauseConfig, true},
			{"4999", escrow.Processing, "", false},
			{"8006", no, escrow.CauseUser, false},
			{"9999", open, "", false},
			{"SFC_IC0003", no, escrow.CauseConfig, true},
			{"R000001", open, "", true},
			{"2040", open, "", true},
			{"34", open, "", true}, // of the API before Daraja
		},
		"b2c": append(initiatorCodes(),
			codeCase{"1", no, escrow.CauseFloat, true},
			codeCase{"2", no, "", false},
			codeCase{"3", no, "", false},
			codeCase{"4", no, escrow.CauseLimit, false},
			codeCase{"8", no, escrow.CauseLimit, false},
			codeCase{"2040", no, escrow.CauseNumber, false},
			codeCase{"SFC_IC0003", no, escrow.CauseNumber, false},
			codeCase{"R000001", open, "", true},
			codeCase{"1032", open, "", true},
			codeCase{"1001", open, "", true},
		),
		"reversal": append(initiatorCodes(),
			codeCase{"1", no, escrow.CauseFloat, true},
			codeCase{"2", no, escrow.CauseConfig, true},
			codeCase{"3", no, escrow.CauseConfig, true},
			codeCase{"4", no, escrow.CauseLimit, false},
			codeCase{"8", no, escrow.CauseLimit, false},
			codeCase{"R000001", yes, escrow.CauseDone, false},
			codeCase{"R000002", no, "", true},
			codeCase{"2040", open, "", true},
			codeCase{"SFC_IC0003", open, "", true},
			codeCase{"1032", open, "", true},
		),
	}
}

func failedResult(kind, code string) string {
	if kind == "stk" {
		return strings.Replace(stkFailure, "1037", `"`+code+`"`, 1)
	}
	return strings.Replace(b2cFailure, "2001", `"`+code+`"`, 1)
}

func TestEveryCodeMeansWhatItsOwnAPISays(t *testing.T) {
	t.Parallel()
	for kind, cases := range codesOf() {
		for _, c := range cases {
			got := decode(t, kind, failedResult(kind, c.code))
			if got.Verdict != c.verdict || got.Cause != c.cause || got.Alarm != c.alarm || got.Code != c.code {
				t.Errorf("%s %s: %+v, want %+v", kind, c.code, got, c)
			}
			if got.Receipt != "" || got.Amount != 0 || !got.At.IsZero() {
				t.Errorf("%s %s tells of money: %+v", kind, c.code, got)
			}
		}
	}
}

// TestARefusalAtOnceHasItsCauseToo: the same codes may come in the immediate
// answer, where only those that are certain refuse.
func TestARefusalAtOnceHasItsCauseToo(t *testing.T) {
	t.Parallel()
	asked := map[string]escrow.Transfer{
		"stk": transfer(escrow.Collect), "b2c": transfer(escrow.Payout), "reversal": reversal(),
	}
	for kind, cases := range codesOf() {
		for _, c := range cases {
			d := newDaraja(t, fixed(200, `{"ResponseCode":"`+c.code+`","ResponseDescription":"x"}`))
			got := newClient(t, config(t, d.URL), &memory{token: "t"}).Submit(t.Context(), asked[kind])
			want := escrow.Submission{Outcome: escrow.Unknown, Code: c.code, Reason: "x", Alarm: c.alarm}
			if c.verdict == no {
				want.Outcome, want.Cause = escrow.Refused, c.cause
			}
			same(t, kind+" "+c.code, got, want)
		}
	}
}

// TestAQuestionThatMayNotBePutSaysWhy: an initiator that is locked out must not
// go on asking either.
func TestAQuestionThatMayNotBePutSaysWhy(t *testing.T) {
	t.Parallel()
	for _, c := range initiatorCodes() {
		want := escrow.Finding{Verdict: open, Cause: c.cause, Code: c.code, Reason: "x", Alarm: c.alarm}
		d := newDaraja(t, fixed(200, `{"ResponseCode":"`+c.code+`","ResponseDescription":"x"}`))
		client := newClient(t, config(t, d.URL), &memory{token: "t"})
		same(t, "at once "+c.code, client.Look(t.Context(), transfer(escrow.Payout)), want)
		later := strings.Replace(failedResult("status", c.code), "The initiator information is invalid.", "x", 1)
		for _, kind := range []string{"status", "original"} {
			same(t, kind+" "+c.code, decode(t, kind, later), want)
		}
	}
}

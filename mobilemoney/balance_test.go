package mobilemoney_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

const pathBalance = "/mpesa/accountbalance/v1/query"

// balances is vector V12, in the envelope of a result.
const balances = `{"Result":{"ResultType":"0","ResultCode":"0","ResultDesc":"The service request is processed successfully.","OriginatorConversationID":"o","ConversationID":"AG_20261123_b","TransactionID":"TKN0000000","ResultParameters":{"ResultParameter":[{"Key":"AccountBalance","Value":"Working Account|KES|346568.83|6186.83|340382.00|0.00&Utility Account|KES|228037.00|228037.00|0.00|0.00&Charges Paid Account|KES|-1540.00|-1540.00|0.00|0.00"},{"Key":"BOCompletedTime","Value":20261123160211}]}}}`

// TestV12Balances is vector V12: of the first two amounts the smaller can be spent.
func TestV12Balances(t *testing.T) {
	t.Parallel()
	got, err := mobilemoney.DecodeBalance(mobilemoney.KindBalance, []byte(balances))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "at", got.At, time.Date(2026, 11, 23, 16, 2, 11, 0, escrow.EAT))
	wantLines(t, "all", got, []escrow.BalanceLine{
		{Name: "Working Account", Current: 34_656_883, Available: 618_683},
		{Name: "Utility Account", Current: 22_803_700, Available: 22_803_700},
		{Name: "Charges Paid Account", Current: -154_000, Available: -154_000},
	})
}

func wantLines(t *testing.T, name string, got escrow.Balance, want []escrow.BalanceLine) {
	t.Helper()
	if !slices.Equal(got.Accounts, want) {
		t.Errorf("%s: got %v, want %v", name, got.Accounts, want)
	}
}

// balanceOf is a result that says this of the accounts.
func balanceOf(text string) string {
	before, rest, _ := strings.Cut(balances, "Working Account")
	_, after, _ := strings.Cut(rest, `"},{"Key":"BOC`)
	return before + text + `"},{"Key":"BOC` + after
}

func TestSpellingsOfABalance(t *testing.T) {
	t.Parallel()
	line := func(name string, current, available escrow.Cents) []escrow.BalanceLine {
		return []escrow.BalanceLine{{Name: name, Current: current, Available: available}}
	}
	for text, want := range map[string][]escrow.BalanceLine{
		"Utility Account|KES|700000.00|700000.00|0.00|0.00":                           line("Utility Account", 70_000_000, 70_000_000),
		"Utility Account|KES|10|20":                                                   line("Utility Account", 1_000, 1_000),
		"Utility Account|KES|0.00|0.00|0.00|0.00":                                     line("Utility Account", 0, 0),
		"Utility Account|KES|98765432109.50|98765432109.50|0|0":                       line("Utility Account", 9_876_543_210_950, 9_876_543_210_950),
		"{Amount={CurrencyCode=KES, MinimumAmount=618683, BasicAmount=6186.83}}":      line("", 618_683, 618_683),
		"Utility|{Amount={BasicAmount=-15.4, MinimumAmount=-1540, CurrencyCode=KES}}": line("Utility", -1_540, -1_540),
		"Utility Account|USD|1.00|1.00|0.00|0.00":                                     nil,
		"Utility Account|KES|1.00":                                                    nil,
		"Utility Account|KES|a|b|c|d":                                                 nil,
		"Utility Account|KES|1.001|1.00|0|0":                                          nil,
		"Utility Account|KES|--1|1|0|0":                                               nil,
		"Utility Account|KES|1e9|1|0|0":                                               nil,
		"Utility Account|KES|1.00|1.00|0.00|0.00&":                                    nil,
		"{Amount={CurrencyCode=USD, MinimumAmount=618683, BasicAmount=6186.83}}":      nil,
		"{Amount={CurrencyCode=KES, MinimumAmount=618683, BasicAmount=6186.83.1}}":    nil,
		"a|b|{Amount={CurrencyCode=KES, MinimumAmount=618683, BasicAmount=6186.83}}":  nil,
		"{Amount={CurrencyCode=KES, MinimumAmount=618683}}":                           nil,
		"": nil,
	} {
		got, err := mobilemoney.DecodeBalance(mobilemoney.KindBalance, []byte(balanceOf(text)))
		if (err == nil) != (want != nil) {
			t.Errorf("%q: %v", text, err)
		}
		wantLines(t, text, got, want)
	}
}

// TestResultsTellWhatIsLeft is the rest of vectors V9 and V13.
func TestResultsTellWhatIsLeft(t *testing.T) {
	t.Parallel()
	got, err := mobilemoney.DecodeBalance("b2c", []byte(b2cSuccess))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "at", got.At, time.Date(2026, 11, 23, 16, 2, 11, 0, escrow.EAT))
	wantLines(t, "payout", got, []escrow.BalanceLine{
		{Name: mobilemoney.UtilityAccount, Current: 895_926_960, Available: 895_926_960},
		{Name: mobilemoney.WorkingAccount, Current: 119_937_100, Available: 119_937_100},
		{Name: mobilemoney.ChargesAccount, Current: -198_000, Available: -198_000},
	})
	if got, err = mobilemoney.DecodeBalance("reversal", []byte(reversed)); err != nil {
		t.Fatal(err)
	}
	wantLines(t, "reversal", got, []escrow.BalanceLine{
		{Name: mobilemoney.UtilityAccount, Current: 772_217_962, Available: 772_217_962},
	})
}

func TestWhatIsNoBalance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, body, code string
		cause            escrow.Cause
	}{
		"locked out":      {"balance", b2cFailure, "2001", escrow.CauseCredential},
		"overloaded":      {"balance", strings.Replace(b2cFailure, "2001", "26", 1), "26", ""},
		"not final":       {"balance", strings.Replace(balances, `"ResultType":"0"`, `"ResultType":"1"`, 1), "garbled", ""},
		"another result":  {"balance", b2cSuccess, "garbled", ""},
		"failed payout":   {"b2c", b2cFailure, "2001", escrow.CauseCredential},
		"no funds named":  {"b2c", statusCompleted, "garbled", ""},
		"another kind":    {"status", statusCompleted, "garbled", ""},
		"time-out":        {"balance_timeout", balances, "garbled", ""},
		"not JSON":        {"balance", "<html>", "garbled", ""},
		"nothing":         {"balance", "", "garbled", ""},
		"reversed before": {"reversal", reversedBefore, "R000001", ""},
	} {
		got, err := mobilemoney.DecodeBalance(c.kind, []byte(c.body))
		refused, ok := errors.AsType[*mobilemoney.AnswerError](err)
		if !ok || refused.Code != c.code || refused.Cause != c.cause || got.Accounts != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestTheRequestOfABalance(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, conversation))
	client := newClient(t, config(t, d.URL), &memory{})
	for range 2 {
		if err := client.AskBalance(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sent := d.at(pathBalance)
	first, second := decoded(t, sent[0].body), decoded(t, sent[1].body)
	if first["ResultURL"] == second["ResultURL"] {
		t.Error("two questions have one address")
	}
	result, timeout := first["ResultURL"].(string), first["QueueTimeOutURL"].(string)
	body := strings.NewReplacer(result, "RESULT", timeout, "TIMEOUT").Replace(withoutSealed(t, sent[0].body))
	same(t, "body", body, `{"Initiator":"escrowapi","SecurityCredential":"SEALED","CommandID":"AccountBalance","PartyA":"600992",`+
		`"IdentifierType":"4","Remarks":"VoicePact balance","QueueTimeOutURL":"TIMEOUT","ResultURL":"RESULT"}`)

	r := newReceiver(t)
	for address, kind := range map[string]string{result: mobilemoney.KindBalance, timeout: mobilemoney.KindBalanceTimeout} {
		at, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		status, _ := r.post(t, at.Path, balances)
		same(t, kind, status, fiber.StatusOK)
		all := r.box.list()
		same(t, "kept", all[len(all)-1].kind, kind)
		if _, _, err := mobilemoney.Decode(kind, all[len(all)-1].key, []byte(balances)); err == nil {
			t.Errorf("%s passes for a statement about a transfer", kind)
		}
	}
}

func TestAnswersToAQuestionForTheBalance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		code   string
		cause  escrow.Cause
	}{
		"no role":     {200, `{"ResponseCode":"21","ResponseDescription":"no role"}`, "21", escrow.CauseConfig},
		"locked out":  {200, `{"ResponseCode":"8006","ResponseDescription":"locked"}`, "8006", escrow.CauseCredential},
		"bad field":   {400, envelope("400.002.02", "Bad Request - Invalid PartyA"), "400.002.02", escrow.CauseConfig},
		"busy":        {429, spikeArrest, "policies.ratelimit.SpikeArrestViolation", escrow.CauseBusy},
		"maintenance": {503, envelope("00.002.1001", "under maintenance"), "00.002.1001", ""},
		"token":       {401, envelope("401.002.01", "Error Occurred - Invalid Access Token - c9SQxWWhmdVRlyh0zh8gZDTkubVF"), "401.002.01", escrow.CauseConfig},
		"nothing":     {200, "", "http 200", ""},
	} {
		d := newDaraja(t, fixed(c.status, c.body))
		err := newClient(t, config(t, d.URL), &memory{}).AskBalance(t.Context())
		refused, ok := errors.AsType[*mobilemoney.AnswerError](err)
		if !ok || refused.Code != c.code || refused.Cause != c.cause || strings.Contains(err.Error(), "c9SQ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package mobilemoney_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

// arrivalPayer is a number, perhaps masked, or its hash.
var arrivalPayer = regexp.MustCompile(`^(254[0-9*]+|[0-9a-f]{64})?$`)

// assertArrival checks a payment that somebody told us of.
func assertArrival(t *testing.T, a escrow.Arrival) {
	t.Helper()
	if len(a.Receipt) < 8 || strings.Trim(a.Receipt, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" || a.Amount <= 0 {
		t.Fatalf("money without receipt or amount: %+v", a)
	}
	if !arrivalPayer.MatchString(a.Payer) || !utf8.ValidString(a.Account) || utf8.RuneCountInString(a.Account) > 40 ||
		strings.ContainsAny(a.Account, "\x00\n\r") {
		t.Fatalf("%+v", a)
	}
	assertWords(t, "0", a.Name)
}

// FuzzArrival reads any validation and confirmation of a PayBill payment: the
// validation is answered with a code that M-Pesa knows, the confirmation is kept
// under the receipt or, where it cannot be read, under a hash.
func FuzzArrival(f *testing.F) {
	client := offline(f)
	for _, body := range append(notPayments(), c2b, strings.Replace(c2b, "2547 ***** 126", strings.Repeat("ab", 32), 1)) {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := mobilemoney.DecodeArrival(body)
		key := mobilemoney.ArrivalKey(body)
		answer := client.Validate(t.Context(), body, func(_ context.Context, asked escrow.Arrival) error {
			if asked != got {
				t.Fatalf("validated %+v, confirmed %+v", asked, got)
			}
			return nil
		})
		if err != nil {
			if answer != "C2B00016" || len(key) != 64 || got != (escrow.Arrival{}) {
				t.Fatalf("answered %s, kept under %q: %+v", answer, key, got)
			}
			return
		}
		if answer != "0" || key != got.Receipt || got.Channel != escrow.ByConfirmation {
			t.Fatalf("answered %s, kept under %q: %+v", answer, key, got)
		}
		assertArrival(t, got)
	})
}

// FuzzStatement reads any answer to a question for the statement.
func FuzzStatement(f *testing.F) {
	client := offline(f)
	seedAnswers(f)
	for _, body := range []string{
		statement("[[" + pulledRow + "]]"), statement("[" + pulledRow + "]"), statement(rowsOf(0, 3)), statement("[[]]"), pulledNone,
		statement(`[[[["x"]]]]`), statement(`{"a":1}`), statement(strings.Repeat("[", 60_000)),
	} {
		f.Add(200, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		r := reply(status, body)
		payments, count, err := client.Pulled(r, session)
		if err != nil {
			refused, ok := errors.AsType[*mobilemoney.AnswerError](err)
			if !ok || count != 0 {
				t.Fatalf("%d rows, %v", count, err)
			}
			assertWords(t, refused.Code, refused.Reason)
			assertSilent(t, err.Error())
			return
		}
		if !success(r) || !json.Valid(body) || len(payments) > count {
			t.Fatalf("status %d: %d of %d rows", r.Status, len(payments), count)
		}
		for _, a := range payments {
			assertArrival(t, a)
		}
	})
}

// FuzzBalance reads what any callback says of our accounts.
func FuzzBalance(f *testing.F) {
	told := []string{"balance", "b2c", "reversal", "status"}
	for i := range told {
		for _, body := range append(bodies(), balances, balanceOf("{Amount={CurrencyCode=KES, MinimumAmount=618683, BasicAmount=6186.83}}")) {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		got, err := mobilemoney.DecodeBalance(told[int(n)%len(told)], body)
		if err != nil {
			refused, ok := errors.AsType[*mobilemoney.AnswerError](err)
			if !ok || got.Accounts != nil {
				t.Fatalf("%+v, %v", got, err)
			}
			assertWords(t, refused.Code, refused.Reason)
			return
		}
		if len(got.Accounts) == 0 {
			t.Fatal("a balance of no account")
		}
		for _, line := range got.Accounts {
			if line.Available > line.Current {
				t.Fatalf("more can be spent than there is: %+v", line)
			}
		}
	})
}

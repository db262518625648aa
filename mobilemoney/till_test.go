package mobilemoney_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

// c2b is vector V15: what M-Pesa posts before and after a PayBill payment.
const c2b = `{"TransactionType":"Pay Bill","TransID":"TKL51ZDR4F","TransTime":"20261123121325","TransAmount":"1500.00","BusinessShortCode":"600992","BillRefNumber":"40718263","InvoiceNumber":"","OrgAccountBalance":"25000.00","ThirdPartyTransID":"","MSISDN":"2547 ***** 126","FirstName":"JANE","MiddleName":"","LastName":""}`

// tillPath is an address of PayBill payments, made apart from the code that
// makes it.
func tillPath(key, act string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("till:174379"))
	return "/mm/till/" + hex.EncodeToString(mac.Sum(nil)) + "/" + act
}

// newTill is a receiver that also takes PayBill payments.
func newTill(tb testing.TB, expect mobilemoney.Expect, change ...func(*mobilemoney.Config)) receiver {
	tb.Helper()
	cfg := config(tb, "http://127.0.0.1:1")
	for _, f := range change {
		f(&cfg)
	}
	r := receiver{app: fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true}), box: &inbox{}}
	client := newClient(tb, cfg, &memory{})
	client.Register(r.app.Group("/mm"), r.box)
	client.RegisterTill(r.app.Group("/mm"), r.box, expect)
	return r
}

func refusing(err error) mobilemoney.Expect {
	return func(context.Context, escrow.Arrival) error { return err }
}

// TestV15PayBillPayments is vector V15.
func TestV15PayBillPayments(t *testing.T) {
	t.Parallel()
	want := escrow.Arrival{
		Receipt: "TKL51ZDR4F", Amount: 150_000, Account: "40718263", Payer: "2547*****126", Name: "JANE",
		At: time.Date(2026, 11, 23, 12, 13, 25, 0, escrow.EAT), Channel: escrow.ByConfirmation,
	}
	got, err := mobilemoney.DecodeArrival([]byte(c2b))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "arrival", got, want)
	const hash = "5B5CA5D9B1C4D5D7FF1A4F2A7D6A0A4A3F0F8D8C5B1C4D5D7FF1A4F2A7D6A0A4"
	for name, c := range map[string]struct {
		from, to string
		change   func(*escrow.Arrival)
	}{
		"hashed payer":      {"2547 ***** 126", hash, func(a *escrow.Arrival) { a.Payer = strings.ToLower(hash) }},
		"full number":       {"2547 ***** 126", "254708374149", func(a *escrow.Arrival) { a.Payer = "254708374149" }},
		"no payer":          {"2547 ***** 126", "", func(a *escrow.Arrival) { a.Payer = "" }},
		"whole shillings":   {`"1500.00"`, `"1500"`, func(*escrow.Arrival) {}},
		"a number":          {`"1500.00"`, `1500.0`, func(*escrow.Arrival) {}},
		"cents":             {`"1500.00"`, `"1500.50"`, func(a *escrow.Arrival) { a.Amount = 150_050 }},
		"nameless":          {`"JANE"`, `""`, func(a *escrow.Arrival) { a.Name = "" }},
		"three names":       {`"MiddleName":"","LastName":""`, `"MiddleName":"W.","LastName":"DOE"`, func(a *escrow.Arrival) { a.Name = "JANE W. DOE" }},
		"spaced account":    {`"40718263"`, `" 4071-8263 "`, func(a *escrow.Arrival) { a.Account = "4071-8263" }},
		"an account's name": {`"40718263"`, `"4O7I8263"`, func(a *escrow.Arrival) { a.Account = "4O7I8263" }},
		"no account":        {`"40718263"`, `""`, func(a *escrow.Arrival) { a.Account = "" }},
		"odd account":       {`"40718263"`, `"a\u0000b\n\u202e` + strings.Repeat("9", 99) + `"`, func(a *escrow.Arrival) { a.Account = "ab" + strings.Repeat("9", 38) }},
		"no time":           {`"20261123121325"`, `"soon"`, func(a *escrow.Arrival) { a.At = time.Time{} }},
	} {
		body := strings.Replace(c2b, c.from, c.to, 1)
		expected := want
		c.change(&expected)
		got, err := mobilemoney.DecodeArrival([]byte(body))
		if err != nil || body == c2b {
			t.Errorf("%s: %v", name, err)
		}
		same(t, name, got, expected)
	}
}

// notPayments cannot be read as one.
func notPayments() []string {
	return append(garbage(), strings.Replace(c2b, "TKL51ZDR4F", "", 1), strings.Replace(c2b, "TKL51ZDR4F", "TKL0000000", 1),
		strings.Replace(c2b, "1500.00", "0.00", 1), strings.Replace(c2b, "1500.00", "-5", 1), strings.Replace(c2b, "1500.00", "", 1),
		"TransID=TKL51ZDR4F&TransAmount=1500")
}

func TestAValidationIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	const accepts = `{"ResultCode":"0","ResultDesc":"Accepted"}`
	rejects := func(code string) string { return `{"ResultCode":"` + code + `","ResultDesc":"Rejected"}` }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"expected":     {nil, accepts},
		"no contract":  {escrow.Refuse(escrow.UnknownContract), rejects("C2B00012")},
		"wrong amount": {escrow.Refuse(escrow.AmountOutOfRange), rejects("C2B00013")},
		"wrong phone":  {escrow.Refuse(escrow.BadPhone), rejects("C2B00011")},
		"closed":       {escrow.Refuse(escrow.Closed), rejects("C2B00016")},
		"paid":         {escrow.Refuse(escrow.Already), rejects("C2B00016")},
		"a fault":      {errDown, rejects("C2B00016")},
	} {
		r := newTill(t, refusing(c.err))
		for range 2 { // it may be asked again
			status, answer := r.post(t, tillPath(firstKey, "validate"), c2b)
			same(t, name, status, fiber.StatusOK)
			same(t, name, answer, c.want)
		}
		same(t, "kept", len(r.box.list()), 0)
	}
	r := newTill(t, refusing(nil))
	for _, body := range notPayments() {
		_, answer := r.post(t, tillPath(firstKey, "validate"), body)
		same(t, body[:min(len(body), 40)], answer, rejects("C2B00016"))
	}
}

// TestWithoutADatabaseAPaymentIsRefused: M-Pesa waits eight seconds at most, and
// the database may never come back.
func TestWithoutADatabaseAPaymentIsRefused(t *testing.T) {
	t.Parallel()
	deaf := make(chan struct{})
	defer close(deaf)
	for name, expect := range map[string]mobilemoney.Expect{
		"slow": func(ctx context.Context, _ escrow.Arrival) error { <-ctx.Done(); return ctx.Err() },
		"deaf": func(context.Context, escrow.Arrival) error { <-deaf; return nil },
	} {
		r := newTill(t, expect)
		start := time.Now()
		_, answer := r.post(t, tillPath(firstKey, "validate"), c2b)
		if took := time.Since(start); took > 6*time.Second || !strings.Contains(answer, "C2B00016") {
			t.Errorf("%s: %s after %s", name, answer, took)
		}
	}
}

func TestAConfirmationIsKeptBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	r := newTill(t, refusing(errDown))
	path := tillPath(firstKey, "confirm")
	for range 3 {
		status, answer := r.post(t, path, c2b)
		same(t, "status", status, fiber.StatusOK)
		same(t, "answer", answer, `{"ResultCode":0,"ResultDesc":"Success"}`)
	}
	same(t, "kept once", len(r.box.list()), 1)
	same(t, "kept", r.box.list()[0], kept{mobilemoney.KindArrival, "TKL51ZDR4F", c2b})
	r.post(t, path, strings.Replace(c2b, "1500.00", "15000.00", 1))
	same(t, "another amount under the receipt", r.box.aside, 1)
	for i, body := range notPayments() {
		status, _ := r.post(t, path, body)
		same(t, "unreadable, and kept", status, fiber.StatusOK)
		same(t, "kept", len(r.box.list()), i+2)
	}
	r.box.broken = errDown
	status, answer := r.post(t, path, c2b)
	if status != fiber.StatusInternalServerError || strings.Contains(answer, "Success") {
		t.Errorf("%d %s", status, answer)
	}
}

func TestTheTillIsBehindItsToken(t *testing.T) {
	t.Parallel()
	asked := 0
	r := newTill(t, func(context.Context, escrow.Arrival) error { asked++; return nil }, func(c *mobilemoney.Config) {
		c.CallbackKeys = [][]byte{[]byte(secondKey), []byte(firstKey)}
	})
	for _, key := range []string{firstKey, secondKey} {
		for _, act := range []string{"validate", "confirm"} {
			status, _ := r.post(t, tillPath(key, act), c2b)
			same(t, act, status, fiber.StatusOK)
		}
	}
	good := tillPath(firstKey, "validate")
	token := strings.Split(good, "/")[3]
	for name, path := range map[string]string{
		"strange key":        tillPath("strange", "validate"),
		"no token":           strings.Replace(good, token, "", 1),
		"no act":             strings.TrimSuffix(good, "/validate"),
		"another act":        strings.Replace(good, "validate", "pay", 1),
		"capitals":           strings.Replace(good, token, strings.ToUpper(token), 1),
		"a transfer's token": strings.Replace(good, token, strings.Split(pathOf(t, "stk"), "/")[4], 1),
		"a till's token":     "/mm/stk/" + transferID.String() + "/" + token,
	} {
		status, _ := r.post(t, path, c2b)
		same(t, name, status, fiber.StatusNotFound)
	}
	status, _ := r.post(t, good, c2b+strings.Repeat(" ", 64<<10))
	same(t, "too large", status, fiber.StatusRequestEntityTooLarge)
	same(t, "asked", asked, 2)
	same(t, "kept", len(r.box.list()), 1)
}

const pathRegister = "/mpesa/c2b/v2/registerurl"

func TestTheAddressesAreRegistered(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK,
		`{"OriginatorCoversationID":"6e86-45dd-91ac-fd5d4178ab523408729","ResponseCode":"0","ResponseDescription":"Success"}`))
	known, err := newClient(t, config(t, d.URL), &memory{}).RegisterURLs(t.Context())
	if known || err != nil {
		t.Errorf("%t, %v", known, err)
	}
	same(t, "body", d.at(pathRegister)[0].body, `{"ShortCode":"174379","ResponseType":"Cancelled","ConfirmationURL":"https://pay.example.co.ke`+
		tillPath(firstKey, "confirm")+`","ValidationURL":"https://pay.example.co.ke`+tillPath(firstKey, "validate")+`"}`)
}

func TestAnswersToARegistration(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		known  bool
		cause  escrow.Cause
	}{
		"registered before": {500, envelope("500.003.1001", "Urls are already registered"), true, ""},
		"duplicate":         {500, envelope("500.003.1001", "Duplicate notification info"), true, ""},
		"trouble":           {500, envelope("500.003.1001", "Internal Server Error"), false, ""},
		"bad field":         {400, envelope("400.002.02", "Bad Request - Invalid ConfirmationURL"), false, escrow.CauseConfig},
		"SOAP inside":       {409, `{"Envelope":{"Body":{"Fault":{"faultcode":"x"}}}}`, false, ""},
		"busy":              {429, spikeArrest, false, escrow.CauseBusy},
		"firewall":          {403, firewall, false, ""},
		"nothing":           {200, ``, false, ""},
	} {
		d := newDaraja(t, fixed(c.status, c.body))
		known, err := newClient(t, config(t, d.URL), &memory{}).RegisterURLs(t.Context())
		same(t, name, known, c.known)
		if c.known {
			same(t, name, err, nil)
			continue
		}
		refused, ok := errors.AsType[*mobilemoney.AnswerError](err)
		if !ok || refused.Cause != c.cause || refused.Code == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

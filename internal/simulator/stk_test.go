package simulator

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
	"time"
)

func TestSTKPaymentOnTheWire(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	status, answer := w.post(pathSTK, w.stkFields("1500"))
	same2(t, "status", status, http.StatusOK)
	same2(t, "ResponseCode", answer["ResponseCode"], any("0"))
	id := answer["CheckoutRequestID"].(string)
	same2(t, "CheckoutRequestID", id, "ws_CO_23112026153000000722000000")

	p := w.phone(buyer).Prompt
	if p == nil || p.AmountCents != 1500_00 || p.Account != "40718263" || p.ID != id ||
		!p.ExpiresAt.Equal(clk.now().Add(time.Minute)) {
		t.Fatalf("prompt %+v", p)
	}
	same2(t, "open query", w.query(id)["ResultCode"], any("4999"))

	w.do(buyer, "prompt", fields{"pin": "1234"})
	clk.advance(time.Second)
	got := w.gateway.wait(t, "/cb/s/1", 1)[0]
	same2(t, "content type", got.header.Get("Content-Type"), "application/json;charset=UTF-8")
	same2(t, "short code header", got.header.Get("Businessshortcode"), "174379")
	st := w.adds()
	receipt := st.Movements[len(st.Movements)-1].Receipt
	want := `{"Body":{"stkCallback":{"MerchantRequestID":"` + answer["MerchantRequestID"].(string) +
		`","CheckoutRequestID":"` + id + `","ResultCode":0,"ResultDesc":"The service request is processed successfully.",` +
		`"CallbackMetadata":{"Item":[{"Name":"Amount","Value":1500.00},{"Name":"MpesaReceiptNumber","Value":"` + receipt +
		`"},{"Name":"Balance"},{"Name":"TransactionDate","Value":20261123153000},{"Name":"PhoneNumber","Value":254722000000}]}}}}`
	same2(t, "callback", got.body, want)
	same2(t, "utility", st.UtilityCents, 1500_00)
	same2(t, "wallet", st.Wallets[buyer], 48_500_00)
	same2(t, "receipt's day", receipt[:3], "UKN")
	same2(t, "final query", w.query(id)["ResultCode"], any("0"))

	inbox := w.phone(buyer).Inbox
	same2(t, "sender", inbox[0].From, "MPESA")
	same2(t, "text", inbox[0].Text, receipt+" Confirmed. Ksh1,500.00 sent to VOICEPACT for account 40718263 on "+
		"23/11/26 at 3:30 PM New M-PESA balance is Ksh48,500.00. Transaction cost, Ksh0.00.")
}

func TestSTKFailuresByCallback(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		amount string
		act    fields
		code   string
		words  string
	}{
		"wrong PIN": {"100", fields{"pin": "0000"}, "2001", "wrong PIN"},
		"cancelled": {"100", fields{"cancel": true}, "1032", "cancelled by the buyer"},
		"no money":  {"60000", fields{"pin": "1234"}, "1", "too little money in the wallet"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.push(c.amount)
			st := w.do(buyer, "prompt", c.act)
			if phoneIn(t, st, buyer).Prompt != nil {
				t.Error("the prompt stayed")
			}
			assertFailure(t, w, id, c.code)
			w.tells("Result: "+c.words, "Payment query: "+c.words)
			status, _ := w.try(buyer, "prompt", c.act)
			same2(t, "second answer", status, http.StatusConflict)
		})
	}
}

// assertFailure checks callback, query and bank after a payment that failed.
func assertFailure(t *testing.T, w *world, id, code string) {
	t.Helper()
	got := decode[stkCallback](t, w.gateway.wait(t, "/cb/s/1", 1)[0].body).Body.STKCallback
	same2(t, "callback code", json.Number(code), json.Number(got.ResultCode))
	if got.CallbackMetadata != nil {
		t.Error("a failure has metadata")
	}
	same2(t, "query code", w.query(id)["ResultCode"], any(code))
	same2(t, "collected", w.adds().UtilityCents, 0)
}

func TestPromptRunsOut(t *testing.T) {
	t.Parallel()
	for name, life := range map[string]time.Duration{"by default": 0, "as configured": 20 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clk := newClock()
			w := newWorld(t, func(c *Config) { c.Now, c.PromptLife = clk.now, life })
			life := cmp.Or(life, time.Minute)
			id := w.push("100")
			clk.advance(life - time.Second)
			if w.phone(buyer).Prompt == nil {
				t.Fatal("the prompt went too early")
			}
			w.tells("Ask for Ksh100, account 40718263")
			same2(t, "open query", w.query(id)["ResultCode"], any("4999"))
			w.tells("Payment query: waiting for the PIN")
			clk.advance(2 * time.Second)
			eventually(t, "expiry", func() bool { clk.advance(time.Millisecond); return len(w.gateway.at("/cb/s/1")) == 1 })
			assertFailure(t, w, id, "1037")
		})
	}
}

func TestSTKUnreachableAndMisdirected(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		field, value string
		code         resultCode
	}{
		"no such phone": {"PhoneNumber", "254711999888", resultUnreachable},
		"wrong product": {"TransactionType", "CustomerBuyGoodsOnline", resultProduct},
		"above maximum": {"Amount", "250001", resultTooMuch},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			status, _ := w.post(pathSTK, w.stkFields("100").with(c.field, c.value))
			same2(t, "status", status, http.StatusOK)
			got := decode[stkCallback](t, w.gateway.wait(t, "/cb/s/1", 1)[0].body)
			same2(t, "code", got.Body.STKCallback.ResultCode, c.code)
		})
	}
}

func TestSTKRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ok := w.stkFields("100")
	cases := map[string]struct {
		body    fields
		status  int
		code    string
		message string
	}{
		"decimals":      {ok.with("Amount", "1.50"), 400, "400.002.02", "Bad Request - Invalid Amount"},
		"zero":          {ok.with("Amount", 0), 400, "400.002.02", "Bad Request - Invalid Amount"},
		"phone":         {ok.with("PhoneNumber", "0722000000"), 400, "400.002.02", "Bad Request - Invalid PhoneNumber"},
		"timestamp":     {ok.with("Timestamp", "2026"), 400, "400.002.02", "Bad Request - Invalid Timestamp"},
		"url word":      {ok.with("CallBackURL", "https://a.b/Mpesa/1"), 400, "400.002.02", "Bad Request - Invalid CallBackURL"},
		"url":           {ok.with("CallBackURL", "nowhere"), 400, "400.002.02", "Bad Request - Invalid CallBackURL"},
		"reference":     {ok.with("AccountReference", "1234567890123"), 400, "400.002.02", "Bad Request - Invalid AccountReference"},
		"merchant":      {ok.with("BusinessShortCode", 600000), 500, "500.001.1001", "Merchant does not exist"},
		"password":      {ok.with("Password", "bm8="), 500, "500.001.1001", "[MerchantValidate] - Wrong credentials"},
		"unknown query": {nil, 500, "500.001.1001", "The transaction does not Exist"},
	}
	for name, c := range cases {
		status, answer := w.answerTo(c.body)
		same2(t, name+" status", status, c.status)
		same2(t, name+" code", answer["errorCode"], any(c.code))
		same2(t, name+" message", answer["errorMessage"], any(c.message))
		if answer["requestId"] == "" {
			t.Error(name, "has no requestId")
		}
	}
}

// answerTo pushes, or for nil asks for a payment that never was.
func (w *world) answerTo(push fields) (int, map[string]any) {
	w.t.Helper()
	if push == nil {
		return http.StatusInternalServerError, w.query("ws_CO_none")
	}
	return w.post(pathSTK, push)
}

func TestOnePromptPerPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.push("100")
	status, answer := w.post(pathSTK, w.stkFields("200"))
	same2(t, "status", status, http.StatusInternalServerError)
	same2(t, "message", answer["errorMessage"],
		any("Unable to lock subscriber, a transaction is already in process for the current subscriber"))
}

func TestNumbersAndStringsAreBothTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, _ := w.post(pathSTK, w.stkFields("1").with("Amount", 100).with("PartyA", 254722000000).with("BusinessShortCode", 174379))
	same2(t, "status", status, http.StatusOK)
	same2(t, "amount", w.phone(buyer).Prompt.AmountCents, 100_00)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	const path = "/sim/daraja/oauth/v1/generate"
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("key:secret"))
	status, body, _ := w.call(http.MethodGet, path+"?grant_type=client_credentials", "", "", "Authorization", basic)
	same2(t, "status", status, http.StatusOK)
	if !regexp.MustCompile(`^{"access_token":"[0-9a-zA-Z]{28}","expires_in":"3599"}$`).MatchString(body) {
		t.Error(body)
	}
	status, body, _ = w.call(http.MethodGet, path+"?grant_type=client_credentials", "", "", "Authorization", "Basic bm86bm8=")
	same2(t, "bad credentials", status, http.StatusBadRequest)
	same2(t, "code", decode[envelope](t, body).ErrorCode, "400.008.01")
	_, body, _ = w.call(http.MethodGet, path+"?grant_type=password", "", "", "Authorization", basic)
	same2(t, "grant", decode[envelope](t, body).ErrorCode, "400.008.02")
	status, body, _ = w.call(http.MethodGet, "/sim/daraja"+pathSTK, "", "")
	same2(t, "method", status, http.StatusMethodNotAllowed)
	same2(t, "method code", decode[envelope](t, body).ErrorCode, "405.001")

	w.push("100")
	for name, spoil := range map[string]func(){
		"revoked": w.sim.RevokeTokens,
		"expired": func() { w.token = ""; w.query("x"); clk.advance(time.Hour) },
	} {
		spoil()
		status, answer := w.post(pathSTK, w.stkFields("100"))
		same2(t, name, status, http.StatusNotFound)
		same2(t, name+" code", answer["errorCode"], any("404.001.03"))
	}
}

func TestMissingContentType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.query("x")
	status, body, _ := w.call(http.MethodPost, "/sim/daraja"+pathSTK, "", "{}", "Authorization", "Bearer "+w.token)
	same2(t, "status", status, http.StatusBadRequest)
	same2(t, "message", decode[envelope](t, body).ErrorMessage, "Bad Request - Invalid BusinessShortCode")
}

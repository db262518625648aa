package mobilemoney_test

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
)

const accepted = `{"MerchantRequestID":"` + merchantID + `","CheckoutRequestID":"` + checkoutID + `",` +
	`"ResponseCode":"0","ResponseDescription":"Success. Request accepted for processing",` +
	`"CustomerMessage":"Success. Request accepted for processing"}`

const conversation = `{"ConversationID":"AG_20261123_20106e9209f64bebd05b",` +
	`"OriginatorConversationID":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10","ResponseCode":"0",` +
	`"ResponseDescription":"Accept the service request successfully."}`

// address is a callback address, made apart from the code that makes it.
func address(kind string) string {
	mac := hmac.New(sha256.New, []byte(firstKey))
	mac.Write([]byte("callback:" + kind + ":" + transferID.String()))
	return "https://pay.example.co.ke/mm/" + kind + "/" + transferID.String() + "/" + hex.EncodeToString(mac.Sum(nil))
}

func TestTheRequestOfAPush(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, accepted))
	got := newClient(t, config(t, d.URL), &memory{}).Submit(t.Context(), transfer(escrow.Collect))
	same(t, "outcome", got.Outcome, escrow.Taken)
	same(t, "id", got.ProviderID, checkoutID)
	want := `{"BusinessShortCode":"174379","Password":"MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjYxMTIzMTUzMDAw",` +
		`"Timestamp":"20261123153000","TransactionType":"CustomerPayBillOnline","Amount":"1500","PartyA":"254708374149",` +
		`"PartyB":"174379","PhoneNumber":"254708374149","CallBackURL":"` + address("stk") +
		`","AccountReference":"40718263","TransactionDesc":"VoicePact"}`
	sent := d.at(pathPush)
	same(t, "requests", len(sent), 1)
	same(t, "body", sent[0].body, want)
	same(t, "token", sent[0].auth, "Bearer token1")
	same(t, "content type", sent[0].contentType, "application/json")
	same(t, "method", sent[0].method, http.MethodPost)
	bought := d.at(pathToken)[0]
	same(t, "basic", bought.auth, "Basic a2V5OnNlY3JldA==")
	same(t, "token method", bought.method, http.MethodGet)
}

// TestV1PasswordAndTimestampOfOneMoment is vector V1: the clock is read once, and
// shows the time of Nairobi.
func TestV1PasswordAndTimestampOfOneMoment(t *testing.T) {
	t.Parallel()
	cases := []struct {
		shortCode string
		at        time.Time
		timestamp string
		password  string
	}{
		{
			"174379", time.Date(2021, 6, 28, 6, 24, 8, 0, time.UTC), "20210628092408",
			"MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjEwNjI4MDkyNDA4",
		},
		{
			"600638", time.Date(2025, 12, 31, 21, 0, 0, 0, time.UTC), "20260101000000",
			"NjAwNjM4YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjYwMTAxMDAwMDAw",
		},
		{
			"174379", time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC), "20261123153000",
			"MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjYxMTIzMTUzMDAw",
		},
		{"174379", time.Date(2026, 11, 23, 21, 30, 0, 0, time.UTC), "20261124003000", ""},
	}
	for _, c := range cases {
		d := newDaraja(t, fixed(http.StatusOK, accepted))
		cfg := config(t, d.URL)
		cfg.ShortCode = c.shortCode
		ticking := c.at
		// A clock that moves between two looks: a second look would show.
		cfg.Now = func() time.Time { defer func() { ticking = ticking.Add(time.Second) }(); return ticking }
		newClient(t, cfg, &memory{}).Submit(t.Context(), transfer(escrow.Collect))
		sent := decoded(t, d.at(pathPush)[0].body)
		same(t, "timestamp", sent["Timestamp"], any(c.timestamp))
		plain := base64.StdEncoding.EncodeToString([]byte(c.shortCode + passkey + c.timestamp))
		same(t, "password", sent["Password"], any(plain))
		if c.password != "" {
			same(t, "password on record", sent["Password"], any(c.password))
		}
	}
}

func TestTheRequestOfAPayout(t *testing.T) {
	t.Parallel()
	for kind, remarks := range map[escrow.TransferKind]string{
		escrow.Payout: "VoicePact 40718263 release", escrow.Refund: "VoicePact 40718263 refund",
	} {
		d := newDaraja(t, fixed(http.StatusOK, conversation))
		got := newClient(t, config(t, d.URL), &memory{}).Submit(t.Context(), transfer(kind))
		same(t, "outcome", got.Outcome, escrow.Taken)
		same(t, "id", got.ProviderID, "AG_20261123_20106e9209f64bebd05b")
		body := withoutSealed(t, d.at(pathB2C)[0].body)
		same(t, "body", body, `{"OriginatorConversationID":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10","InitiatorName":"escrowapi",`+
			`"SecurityCredential":"SEALED","CommandID":"BusinessPayment","Amount":"1500","PartyA":"600992",`+
			`"PartyB":"254708374149","Remarks":"`+remarks+`","QueueTimeOutURL":"`+address("b2c_timeout")+
			`","ResultURL":"`+address("b2c")+`","Occassion":"40718263"}`)
	}
}

// withoutSealed checks that the credential holds the password, and takes it out.
func withoutSealed(t *testing.T, body string) string {
	t.Helper()
	sealed, _ := decoded(t, body)["SecurityCredential"].(string)
	same(t, "length of the credential", len(sealed), 344)
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	password, err := rsa.DecryptPKCS1v15(nil, shared(), raw)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "password", string(password), "Pa55#word")
	return strings.Replace(body, sealed, "SEALED", 1)
}

func TestTheRequestOfAStatusQuery(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, conversation))
	got := newClient(t, config(t, d.URL), &memory{}).Look(t.Context(), transfer(escrow.Payout))
	same(t, "verdict", got.Verdict, escrow.Processing)
	body := withoutSealed(t, d.at(pathStatus)[0].body)
	same(t, "body", body, `{"Initiator":"escrowapi","SecurityCredential":"SEALED","CommandID":"TransactionStatusQuery",`+
		`"OriginalConversationID":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10","PartyA":"600992","IdentifierType":"4","ResultURL":"`+
		address("status")+`","QueueTimeOutURL":"`+address("status_timeout")+
		`","Remarks":"VoicePact 40718263 status","Occasion":"40718263"}`)
}

func TestTheRequestOfAnSTKQuery(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, `{"ResponseCode":"0","CheckoutRequestID":"`+checkoutID+`","ResultCode":"4999"}`))
	got := newClient(t, config(t, d.URL), &memory{}).Look(t.Context(), transfer(escrow.Collect))
	same(t, "verdict", got.Verdict, escrow.Processing)
	same(t, "body", d.at(pathQuery)[0].body, `{"BusinessShortCode":"174379","Password":"MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjYxMTIzMTUzMDAw",`+
		`"Timestamp":"20261123153000","CheckoutRequestID":"`+checkoutID+`"}`)
}

func TestWhatCannotBePaidIsNotSent(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, accepted))
	client := newClient(t, config(t, d.URL), &memory{})
	spoil := map[string]func(*escrow.Transfer){
		"cents":        func(t *escrow.Transfer) { t.Amount++ },
		"nothing":      func(t *escrow.Transfer) { t.Amount = 0 },
		"negative":     func(t *escrow.Transfer) { t.Amount = -100 },
		"no phone":     func(t *escrow.Transfer) { t.Party.Phone = "" },
		"raw phone":    func(t *escrow.Transfer) { t.Party.Phone = "0708374149" },
		"no reference": func(t *escrow.Transfer) { t.Ref = "" },
		"reference":    func(t *escrow.Transfer) { t.Ref = "1234567890123" },
		"kind":         func(t *escrow.Transfer) { t.Kind = "gift" },
		"method":       func(t *escrow.Transfer) { t.Method = "pigeon" },
		"paid already": func(t *escrow.Transfer) { t.Method = escrow.MethodPayBill },
	}
	for name, change := range spoil {
		for _, kind := range []escrow.TransferKind{escrow.Collect, escrow.Payout} {
			wrong := transfer(kind)
			change(&wrong)
			got := client.Submit(t.Context(), wrong)
			if got.Outcome != escrow.Refused || !got.Alarm || strings.Contains(got.Reason, "708374149") {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
	wrong := transfer(escrow.Payout)
	wrong.Method = "pigeon"
	same(t, "look", client.Look(t.Context(), wrong).Verdict, escrow.NoAnswer)
	wrong = transfer(escrow.Collect)
	wrong.ProviderID = ""
	same(t, "look without id", client.Look(t.Context(), wrong).Verdict, escrow.NoAnswer)
	same(t, "requests", len(d.requests), 0)
}

// TestV17EverySpellingOfANumberReachesTheWireAlike is vector V17 of the wire.
func TestV17EverySpellingOfANumberReachesTheWireAlike(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"0708374149": "254708374149", "+254708374149": "254708374149", "254708374149": "254708374149",
		"708374149": "254708374149", "0708 374 149": "254708374149", "0110000001": "254110000001", "0181954437": "254181954437",
	} {
		d := newDaraja(t, fixed(http.StatusOK, accepted))
		phone, err := escrow.ParsePhone(typed)
		if err != nil {
			t.Fatal(err)
		}
		asked := transfer(escrow.Collect)
		asked.Party.Phone = phone
		newClient(t, config(t, d.URL), &memory{}).Submit(t.Context(), asked)
		sent := decoded(t, d.at(pathPush)[0].body)
		same(t, typed, sent["PhoneNumber"], any(want))
		same(t, typed, sent["PartyA"], any(want))
	}
	for _, typed := range []string{"07083741", "255708374149", "2540708374149"} {
		if _, err := escrow.ParsePhone(typed); err == nil {
			t.Errorf("%s is taken for a number", typed)
		}
	}
}

package simulator

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// TestPayoutOnTheWire compares acceptance and result with the portal's samples.
func TestPayoutOnTheWire(t *testing.T) {
	t.Parallel()
	clk := newClock()
	key, err := GenerateKey()
	must(t, err)
	w := newWorld(t, func(c *Config) { c.Now, c.Key = clk.now, key })
	w.fund("5000")
	body := w.b2cFields("7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10", "1450").with("SecurityCredential", seal(t, key, "Pa55#word"))
	status, answer := w.post(pathB2C, body)
	same2(t, "status", status, http.StatusOK)
	same2(t, "code", answer["ResponseCode"], any("0"))
	same2(t, "words", answer["ResponseDescription"], any("Accept the service request successfully."))
	same2(t, "own id", answer["OriginatorConversationID"], any("7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10"))
	conversation, _ := answer["ConversationID"].(string)
	if !regexp.MustCompile(`^AG_20261123_[0-9a-f]{20}$`).MatchString(conversation) {
		t.Errorf("ConversationID %q", conversation)
	}
	clk.advance(time.Second)
	got := w.gateway.wait(t, "/cb/r/1", 1)[0]
	same2(t, "content type", got.header.Get("Content-Type"), "application/json;charset=UTF-8")
	st := w.adds()
	receipt := st.Movements[len(st.Movements)-2].Receipt
	same2(t, "result", got.body, `{"Result":{"ResultType":0,"ResultCode":0,`+
		`"ResultDesc":"The service request is processed successfully.",`+
		`"OriginatorConversationID":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10","ConversationID":"`+conversation+`",`+
		`"TransactionID":"`+receipt+`","ResultParameters":{"ResultParameter":[{"Key":"TransactionAmount","Value":1450},`+
		`{"Key":"TransactionReceipt","Value":"`+receipt+`"},{"Key":"ReceiverPartyPublicName","Value":"254733111222 - OTIENO"},`+
		`{"Key":"TransactionCompletedDateTime","Value":"23.11.2026 15:30:00"},`+
		`{"Key":"B2CUtilityAccountAvailableFunds","Value":3550.00},`+
		`{"Key":"B2CWorkingAccountAvailableFunds","Value":0.00},{"Key":"B2CRecipientIsRegisteredCustomer","Value":"Y"},`+
		`{"Key":"B2CChargesPaidAccountAvailableFunds","Value":-5.00}]},"ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL",`+
		`"Value":"https://internalapi.safaricom.co.ke/mpesa/b2cresults/v1/submit"}}}}`)
	same2(t, "wallet", st.Wallets[seller], 1_000_00+1450_00)
	same2(t, "charges", st.ChargesCents, -5_00)
	text := w.phone(seller).Inbox[0]
	same2(t, "M-PESA's text", text.Text, receipt+" Confirmed. You have received Ksh1,450.00 from VOICEPACT on "+
		"23/11/26 at 3:30 PM New M-PESA balance is Ksh2,450.00.")
}

func TestPayoutResults(t *testing.T) {
	t.Parallel()
	key, err := GenerateKey()
	must(t, err)
	other, err := GenerateKey()
	must(t, err)
	good := seal(t, key, "Pa55#word")
	cases := map[string]struct {
		amount       string
		field, value string
		code         resultCode
	}{
		"no float":         {"5001", "", "", "1"},
		"too little":       {"9", "", "", "2"},
		"too much":         {"250001", "", "", "3"},
		"full wallet":      {"4500", "PartyB", "254700000009", "8"},
		"wrong initiator":  {"100", "InitiatorName", "somebody", "2001"},
		"wrong password":   {"100", "SecurityCredential", seal(t, key, "password"), "2001"},
		"wrong key":        {"100", "SecurityCredential", seal(t, other, "Pa55#word"), "2001"},
		"no credential":    {"100", "SecurityCredential", "Pa55#word", "2001"},
		"wrong short code": {"100", "PartyA", "600000", "2028"},
		"no such customer": {"100", "PartyB", "254711999888", "2040"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *Config) { c.Key = key })
			must(t, w.sim.Seed(Person{Number: "0700000009", Name: "Rich", PIN: "1111", WalletCents: 496_000_00}))
			w.fund("5000")
			body := w.b2cFields("id-1", c.amount).with("SecurityCredential", good)
			if c.field != "" {
				body = body.with(c.field, c.value)
			}
			before := w.adds()
			status, _ := w.post(pathB2C, body)
			same2(t, "status", status, http.StatusOK)
			r := decode[resultCallback](t, w.gateway.wait(t, "/cb/r/1", 1)[0].body).Result
			same2(t, "code", r.ResultCode, c.code)
			if r.ResultParameters != nil || !regexp.MustCompile(`^U[A-Z][A-Z0-9]0{7}$`).MatchString(r.TransactionID) {
				t.Errorf("a failure reports %+v", r)
			}
			after := w.adds()
			same2(t, "movements", len(after.Movements), len(before.Movements))

			// The failure burnt the id.
			status, answer := w.post(pathB2C, body)
			same2(t, "again", status, http.StatusInternalServerError)
			same2(t, "code again", answer["errorCode"], any("500.002.1001"))
			same2(t, "words", answer["errorMessage"], any("Duplicate OriginatorConversationID."))
		})
	}
}

func TestPayoutFees(t *testing.T) {
	t.Parallel()
	for amount, fee := range map[int64]int64{
		10: 0, 100: 0, 101: 5, 1_500: 5, 1_501: 9, 5_000: 9, 5_001: 11, 20_000: 11, 20_001: 13, 250_000: 13,
	} {
		same2(t, "fee of "+kshWhole(amount*100), bank.PayoutFee(amount*100), fee*100)
	}
	w := newWorld(t)
	w.fund("5000")
	w.post(pathB2C, w.b2cFields("free", "100"))
	same2(t, "movements", len(w.adds().Movements), 4) // two openings, one payment, one payout without a fee
}

func TestPayoutRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ok := w.b2cFields("id-1", "100")
	for name, c := range map[string]struct {
		field string
		value any
	}{
		"no id":          {"OriginatorConversationID", ""},
		"no initiator":   {"InitiatorName", nil},
		"no credential":  {"SecurityCredential", ""},
		"command":        {"CommandID", "BusinessPayToPochi"},
		"decimals":       {"Amount", "10.50"},
		"nothing":        {"Amount", "0"},
		"short code":     {"PartyA", "1"},
		"payee":          {"PartyB", "0733111222"},
		"landline":       {"PartyB", "254200000000"},
		"no remarks":     {"Remarks", "x"},
		"long remarks":   {"Remarks", strings.Repeat("x", 101)},
		"time-out url":   {"QueueTimeOutURL", "ftp://example.org/t"},
		"url word":       {"ResultURL", "https://example.org/requery"},
		"long occassion": {"Occassion", strings.Repeat("x", 101)},
	} {
		status, answer := w.post(pathB2C, ok.with(c.field, c.value))
		same2(t, name, status, http.StatusBadRequest)
		same2(t, name, answer["errorMessage"], any("Bad Request - Invalid "+c.field))
	}
	status, body, _ := w.call(http.MethodPost, "/sim/daraja"+pathB2C, "application/json", `{"Amount":[]}`,
		"Authorization", "Bearer "+w.token)
	same2(t, "shape", status, http.StatusBadRequest)
	same2(t, "shape", decode[envelope](t, body).ErrorCode, "400.002.05")
	// None of the refusals burnt the id.
	status, _ = w.post(pathB2C, ok)
	same2(t, "accepted at last", status, http.StatusOK)
}

func (w *world) statusFields(name, value string) fields {
	f := fields{
		"Initiator": "escrowapi", "SecurityCredential": "Y3JlZGVudGlhbA==", "CommandID": "TransactionStatusQuery",
		"PartyA": "600992", "IdentifierType": "4", "ResultURL": w.gateway.URL + "/cb/q/1",
		"QueueTimeOutURL": w.gateway.URL + "/cb/qt/1", "Remarks": "recon", "Occasion": "40718263",
	}
	return f.with(name, value)
}

// statusOf asks for a transaction and returns the result and its parameters.
func (w *world) statusOf(name, value string) (result, map[string]any) {
	w.t.Helper()
	before := len(w.gateway.at("/cb/q/1"))
	status, answer := w.post(pathStatus, w.statusFields(name, value))
	same2(w.t, "status", status, http.StatusOK)
	r := decode[resultCallback](w.t, w.gateway.wait(w.t, "/cb/q/1", before+1)[before].body).Result
	same2(w.t, "the query's id", any(r.OriginatorConversationID), answer["OriginatorConversationID"])
	facts := map[string]any{}
	if r.ResultParameters != nil {
		for _, p := range r.ResultParameters.ResultParameter {
			facts[p.Key] = p.Value
		}
	}
	return r, facts
}

func TestTransactionStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund("5000")
	w.post(pathB2C, w.b2cFields("paid", "1450"))
	w.post(pathB2C, w.b2cFields("refused", "9000"))
	movements := w.adds().Movements
	payment, payout := movements[2], movements[3]

	_, facts := w.statusOf("OriginalConversationID", "paid")
	for key, want := range map[string]any{
		"TransactionStatus": "Completed", "ReceiptNo": payout.Receipt, "Amount": "1450", "OriginatorConversationID": "paid",
		"DebitPartyCharges": "Fee For B2C Payment|KES|5.00", "CreditPartyName": "254733111222 - OTIENO", "TransactionReason": nil,
	} {
		same2(t, key, facts[key], want)
	}
	_, facts = w.statusOf("TransactionID", payout.Receipt)
	same2(t, "found by receipt", facts["OriginatorConversationID"], any("paid"))
	r, facts := w.statusOf("OriginalConversationID", "refused")
	same2(t, "answered", r.ResultCode, resultDone)
	same2(t, "declined", facts["TransactionStatus"], any("Declined"))
	same2(t, "no receipt", facts["ReceiptNo"], nil)
	_, facts = w.statusOf("TransactionID", payment.Receipt)
	same2(t, "payer", facts["DebitPartyName"], any("254722000000 - WANJIKU"))
	same2(t, "payment", facts["Amount"], any("5000"))
	for name, value := range map[string]string{"TransactionID": "UKN0000000", "OriginalConversationID": "never"} {
		r, facts = w.statusOf(name, value)
		same2(t, "unknown", r.ResultCode, resultNoReceipt)
		same2(t, "nothing told", len(facts), 0)
	}
}

func TestTransactionStatusRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ok := w.statusFields("TransactionID", "UKN7RT61SV")
	for field, value := range map[string]any{
		"Initiator": "", "SecurityCredential": "", "CommandID": "x", "TransactionID": "", "PartyA": "x",
		"IdentifierType": "3", "ResultURL": "x", "QueueTimeOutURL": "x", "Remarks": "",
	} {
		status, answer := w.post(pathStatus, ok.with(field, value))
		same2(t, field, status, http.StatusBadRequest)
		same2(t, field, answer["errorMessage"], any("Bad Request - Invalid "+field))
	}
	w.post(pathStatus, ok.with("Initiator", "somebody"))
	r := decode[resultCallback](t, w.gateway.wait(t, "/cb/q/1", 1)[0].body).Result
	same2(t, "initiator", r.ResultCode, resultInitiator)
}

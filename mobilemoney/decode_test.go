package mobilemoney_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

func decode(t *testing.T, kind, body string) escrow.Finding {
	t.Helper()
	id, found, err := mobilemoney.Decode(kind, transferID.String()+":x", []byte(body))
	if err != nil || id != transferID {
		t.Fatalf("Decode(%s) = %s, %v", kind, id, err)
	}
	return found
}

// stkSuccess is the three spellings of vector V5.
func stkSuccess() []string {
	return []string{
		`{"Body":{"stkCallback":{"MerchantRequestID":"` + merchantID + `","CheckoutRequestID":"` + checkoutID + `","ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1500.00},{"Name":"MpesaReceiptNumber","Value":"TKN7RT61SV"},{"Name":"TransactionDate","Value":20261123153027},{"Name":"PhoneNumber","Value":254708374149}]}}}}`,
		`{"Body":{"stkCallback":{"MerchantRequestID":"` + merchantID + `","CheckoutRequestID":"` + checkoutID + `","ResultCode":"0","ResultDesc":"ok","CallbackMetadata":{"Item":[{"Name":"PhoneNumber","Value":"2547*****149"},{"Name":"Balance"},{"Name":"TransactionDate","Value":"20261123153027"},{"Name":"MpesaReceiptNumber","Value":"TKN7RT61SV"},{"Name":"Amount","Value":"1500"}]}}}}`,
		`{"Body":{"stkCallback":{"MerchantRequestID":"` + merchantID + `","CheckoutRequestID":"` + checkoutID + `","ResultCode":0,"ResultDesc":"ok","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1500},{"Name":"MpesaReceiptNumber","Value":"TKN7RT61SV"},{"Name":"Balance","Value":"{Amount={BasicAmount=50.5}}"},{"Name":"TransactionDate","Value":20261123153027}]}}}}`,
	}
}

// stkFailure is a prompt that nobody answered.
const stkFailure = `{"Body":{"stkCallback":{"MerchantRequestID":"` + merchantID + `","CheckoutRequestID":"` + checkoutID +
	`","ResultCode":1037,"ResultDesc":"No response from user."}}}`

// TestV5PaidPrompts is vector V5.
func TestV5PaidPrompts(t *testing.T) {
	t.Parallel()
	for _, body := range stkSuccess() {
		got := decode(t, "stk", body)
		if got.Verdict != escrow.Moved || got.Amount != 150_000 || got.Receipt != "TKN7RT61SV" || got.Code != "0" || got.Alarm ||
			!got.At.Equal(time.Date(2026, 11, 23, 15, 30, 27, 0, escrow.EAT)) {
			t.Errorf("got %+v", got)
		}
	}
	other := strings.Replace(stkSuccess()[0], "1500.00", "1499", 1)
	same(t, "another amount is told as it is", decode(t, "stk", other).Amount, 149_900)
}

func TestASuccessWithoutReceiptOrAmountIsNotMoney(t *testing.T) {
	t.Parallel()
	good := stkSuccess()[0]
	for name, change := range map[string][2]string{
		"empty receipt":     {`"TKN7RT61SV"`, `""`},
		"no receipt":        {`{"Name":"MpesaReceiptNumber","Value":"TKN7RT61SV"},`, ``},
		"generic receipt":   {`"TKN7RT61SV"`, `"TKN0000000"`},
		"strange receipt":   {`"TKN7RT61SV"`, `"<script>"`},
		"receipt of no one": {`"TKN7RT61SV"`, `null`},
		"two receipts":      {`{"Name":"TransactionDate"`, `{"Name":"MpesaReceiptNumber","Value":"TKN7RT61SX"},{"Name":"TransactionDate"`},
		"no amount":         {`{"Name":"Amount","Value":1500.00},`, ``},
		"zero":              {`1500.00`, `0`},
		"negative":          {`1500.00`, `-1500`},
		"exponent":          {`1500.00`, `1.5E3`},
		"part of a cent":    {`1500.00`, `1500.001`},
		"words":             {`1500.00`, `"a lot"`},
		"huge":              {`1500.00`, `99999999999`},
		"no metadata":       {`"CallbackMetadata"`, `"Other"`},
		"metadata of text":  {`"CallbackMetadata":{`, `"CallbackMetadata":"gone","Other":{`},
	} {
		body := strings.Replace(good, change[0], change[1], 1)
		if body == good {
			t.Fatalf("%s changes nothing", name)
		}
		if got := decode(t, "stk", body); got.Verdict != escrow.NoAnswer || !got.Alarm || got.Reason == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, amount := range []string{"1500.0", "1500.000", `"1500.00"`, `" 1500 "`} {
		same(t, amount, decode(t, "stk", strings.Replace(good, "1500.00", amount, 1)).Amount, 150_000)
	}
}

// TestV6FailedPrompts is vector V6.
func TestV6FailedPrompts(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct {
		verdict escrow.Verdict
		alarm   bool
	}{
		`1032`: {escrow.NotMoved, false}, `"1032"`: {escrow.NotMoved, false}, `1037`: {escrow.NotMoved, false},
		`1`: {escrow.NotMoved, false}, `2001`: {escrow.NotMoved, false}, `8006`: {escrow.NotMoved, false},
		`1019`: {escrow.NotMoved, false}, `17`: {escrow.NotMoved, false}, `"SFC_IC0003"`: {escrow.NotMoved, true},
		`2028`: {escrow.NotMoved, true}, `8`: {escrow.NotMoved, true}, `9999`: {escrow.NoAnswer, false},
		`1036`: {escrow.NoAnswer, false}, `424242`: {escrow.NoAnswer, true}, `-1`: {escrow.NoAnswer, true},
		`{"a":1}`: {escrow.NoAnswer, true}, `true`: {escrow.NoAnswer, true},
	} {
		got := decode(t, "stk", `{"Body":{"stkCallback":{"MerchantRequestID":"`+merchantID+`","CheckoutRequestID":"`+checkoutID+`","ResultCode":`+code+
			`,"ResultDesc":"No response from user."}}}`)
		if got.Verdict != want.verdict || got.Alarm != want.alarm || got.Receipt != "" || got.Amount != 0 {
			t.Errorf("%s: %+v", code, got)
		}
		if strings.Trim(code, `0123456789"`) == "" {
			same(t, "code", got.Code, strings.Trim(code, `"`))
		}
	}
}

const b2cSuccess = `{"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"The service request is processed successfully.","OriginatorConversationID":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10","ConversationID":"AG_20261123_20106e9209f64bebd05b","TransactionID":"TKN632NMUA","ResultParameters":{"ResultParameter":[{"Key":"TransactionAmount","Value":1450},{"Key":"TransactionReceipt","Value":"TKN632NMUA"},{"Key":"ReceiverPartyPublicName","Value":"254705912645 - JANE WANJIKU DOE"},{"Key":"TransactionCompletedDateTime","Value":"23.11.2026 16:02:11"},{"Key":"B2CUtilityAccountAvailableFunds","Value":8959269.60},{"Key":"B2CWorkingAccountAvailableFunds","Value":1199371.00},{"Key":"B2CRecipientIsRegisteredCustomer","Value":"Y"},{"Key":"B2CChargesPaidAccountAvailableFunds","Value":-1980.00}]},"ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://internalapi.safaricom.co.ke/mpesa/b2cresults/v1/submit"}}}}`

const b2cFailure = `{"Result":{"ResultType":0,"ResultCode":2001,"ResultDesc":"The initiator information is invalid.","OriginatorConversationID":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10","ConversationID":"AG_20261123_201062f6f6f5804f7a33","TransactionID":"TKN0000000","ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://internalapi.safaricom.co.ke/mpesa/b2cresults/v1/submit"}}}}`

// TestV9PayoutResults is vector V9.
func TestV9PayoutResults(t *testing.T) {
	t.Parallel()
	got := decode(t, "b2c", b2cSuccess)
	want := escrow.Finding{
		Verdict: escrow.Moved, Code: "0", Reason: "The service request is processed successfully.",
		Receipt: "TKN632NMUA", Amount: 145_000, Payee: "JANE WANJIKU DOE", At: time.Date(2026, 11, 23, 16, 2, 11, 0, escrow.EAT),
	}
	same(t, "success", got, want)
	failed := decode(t, "b2c", b2cFailure)
	if failed.Verdict != escrow.NotMoved || failed.Code != "2001" || !failed.Alarm || failed.Receipt != "" {
		t.Errorf("failure: %+v", failed)
	}
	for name, change := range map[string][2]string{
		"another transfer": {"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10", "7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a11"},
		"no receipt":       {`"TransactionReceipt"`, `"Other"`},
		"no amount":        {`"TransactionAmount"`, `"Other"`},
		"no parameters":    {`"ResultParameters"`, `"Other"`},
	} {
		if got := decode(t, "b2c", strings.Replace(b2cSuccess, change[0], change[1], 1)); got.Verdict != escrow.NoAnswer || !got.Alarm {
			t.Errorf("%s: %+v", name, got)
		}
	}
	interim := decode(t, "b2c", strings.Replace(b2cSuccess, `"ResultType":0`, `"ResultType":1`, 1))
	same(t, "more to come", interim.Verdict, escrow.Processing)
	nameless := decode(t, "b2c", strings.Replace(b2cSuccess, "254705912645 - JANE WANJIKU DOE", "254705912645", 1))
	same(t, "a number is no name", nameless.Payee, "")
	daraja := decode(t, "b2c", strings.Replace(b2cSuccess, "7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10", "dad6-4c34-8787-c8cb963a496d1268232", 1))
	same(t, "an id of Daraja's making", daraja.Verdict, escrow.Moved)
}

// queueTimeouts is vector V10.
func queueTimeouts() []string {
	return []string{
		`{"OriginatorConversationID":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10","InitiatorName":"escrowapi","SecurityCredential":"REDACT-ME","CommandID":"BusinessPayment","Amount":"1450","PartyA":"600992","PartyB":"254705912645","Remarks":"x","QueueTimeOutURL":"https://a/t","ResultURL":"https://a/r"}`,
		`{"Result":{"ResultType":0,"ResultCode":1,"ResultDesc":"Request timeout","OriginatorConversationID":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10","ConversationID":"AG_x","TransactionID":""}}`,
		`{}`,
		b2cFailure,
		`not JSON`,
		``,
	}
}

// TestV10AQueueTimeoutLeavesTheOutcomeOpen is vector V10, at every address that
// time-outs come to.
func TestV10AQueueTimeoutLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"b2c_timeout", "status_timeout", "reversal_timeout", "original_timeout"} {
		for _, body := range queueTimeouts() {
			if got := decode(t, kind, body); got.Verdict != escrow.NoAnswer || got.Alarm {
				t.Errorf("%s: %+v", body, got)
			}
		}
	}
}

const statusCompleted = `{"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"The service request is processed successfully.","OriginatorConversationID":"3213-416199-2","ConversationID":"AG_20261123_0000493344ae97d86f75","TransactionID":"TKN0000000","ResultParameters":{"ResultParameter":[{"Key":"DebitPartyName","Value":"600992 - Example Escrow"},{"Key":"CreditPartyName","Value":"254705912645 - Jane Doe"},{"Key":"OriginatorConversationID","Value":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10"},{"Key":"InitiatedTime","Value":20261123160205},{"Key":"DebitAccountType","Value":"Utility Account"},{"Key":"DebitPartyCharges","Value":"Fee For B2C Payment|KES|5.00"},{"Key":"TransactionReason"},{"Key":"ReasonType","Value":"Business Payment to Customer via API"},{"Key":"TransactionStatus","Value":"Completed"},{"Key":"FinalisedTime","Value":20261123160211},{"Key":"Amount","Value":"1450"},{"Key":"ConversationID","Value":"AG_20261123_20106e9209f64bebd05b"},{"Key":"ReceiptNo","Value":"TKN632NMUA"}]},"ReferenceData":{"ReferenceItem":{"Key":"Occasion"}}}}`

// neverSeen answers a query about a payout that M-Pesa does not know: there are
// no parameters, and so no subject.
const neverSeen = `{"Result":{"ResultType":0,"ResultCode":2032,"ResultDesc":"The transaction receipt number does not exist.","OriginatorConversationID":"3213-416199-2","ConversationID":"AG_x","TransactionID":"TKN0000000"}}`

// TestV11StatusResults is vector V11: the envelope is about the query, and its
// subject is in the parameters.
func TestV11StatusResults(t *testing.T) {
	t.Parallel()
	got := decode(t, "status", statusCompleted)
	same(t, "completed", got, escrow.Finding{
		Verdict: escrow.Moved, Code: "0", Reason: "transaction status completed", Receipt: "TKN632NMUA", Amount: 145_000,
		Payee: "Jane Doe", Fee: 500, At: time.Date(2026, 11, 23, 16, 2, 11, 0, escrow.EAT),
	})
	twice := strings.Replace(statusCompleted, "CreditPartyName", "DebitPartyName", 1)
	same(t, "payee of the portal's sample", decode(t, "status", twice).Payee, "Jane Doe")
	for charges, fee := range map[string]escrow.Cents{
		`"Fee For B2C Payment|KES|22.40"`: 2_240, `"A|KES|5.00&B|KES|1.50"`: 650, `"Fee|KES|0.00"`: 0, `""`: 0, `null`: 0, `"free"`: 0,
	} {
		body := strings.Replace(statusCompleted, `"Fee For B2C Payment|KES|5.00"`, charges, 1)
		same(t, "fee of "+charges, decode(t, "status", body).Fee, fee)
	}
	const done = `"TransactionStatus","Value":"Completed"`
	for name, c := range map[string]struct {
		from, to string
		verdict  escrow.Verdict
		alarm    bool
	}{
		"declined":         {done, `"TransactionStatus","Value":"Declined"`, escrow.NotMoved, false},
		"cancelled":        {done, `"TransactionStatus","Value":"cancelled"`, escrow.NotMoved, false},
		"expired":          {done, `"TransactionStatus","Value":"Expired"`, escrow.NotMoved, false},
		"initiated":        {done, `"TransactionStatus","Value":"Initiated"`, escrow.Processing, false},
		"authorised":       {done, `"TransactionStatus","Value":"Pending Authorised"`, escrow.Processing, false},
		"new word":         {done, `"TransactionStatus","Value":"Reversed"`, escrow.NoAnswer, true},
		"no status":        {done, `"TransactionStatus"`, escrow.NoAnswer, true},
		"no receipt":       {`,{"Key":"ReceiptNo","Value":"TKN632NMUA"}`, ``, escrow.NoAnswer, true},
		"another transfer": {`7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10`, `7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a11`, escrow.NoAnswer, true},
		"older spelling":   {`"OriginatorConversationID","Value":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a10"`, `"Originator Conversation ID","Value":"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a11"`, escrow.NoAnswer, true},
		"not found":        {`"ResultCode":0`, `"ResultCode":2032`, escrow.NeverSeen, false},
		"not found, text":  {`"ResultCode":0`, `"ResultCode":"2032"`, escrow.NeverSeen, false},
		"not found yet":    {`"ResultType":0,"ResultCode":0`, `"ResultType":1,"ResultCode":2032`, escrow.Processing, false},
		"wrong initiator":  {`"ResultCode":0`, `"ResultCode":2001`, escrow.NoAnswer, true},
		"more to come":     {`"ResultType":0`, `"ResultType":"1"`, escrow.Processing, false},
	} {
		body := strings.Replace(statusCompleted, c.from, c.to, 1)
		if got := decode(t, "status", body); got.Verdict != c.verdict || got.Alarm != c.alarm || body == statusCompleted {
			t.Errorf("%s: %+v", name, got)
		}
	}
	same(t, "never seen", decode(t, "status", neverSeen), escrow.Finding{
		Verdict: escrow.NeverSeen, Code: "2032", Reason: "The transaction receipt number does not exist.",
	})
	other := strings.Replace(statusCompleted, `"ResultCode":0`, `"ResultCode":2032`, 1)
	other = strings.Replace(other, transferID.String(), "7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a11", 1)
	if got := decode(t, "status", other); got.Verdict != escrow.NoAnswer || !got.Alarm {
		t.Errorf("another payout was never seen: %+v", got)
	}
	// The code is known from status queries only: a payout's own result that says
	// so is not understood.
	if got := decode(t, "b2c", neverSeen); got.Verdict != escrow.NoAnswer || !got.Alarm {
		t.Errorf("a payout that was never seen: %+v", got)
	}
}

// torture is vectors V13 and V14, body and code: all of it is read without an
// error.
func torture() [][2]string {
	return [][2]string{
		{`{"Result":{"ResultType":"0","ResultCode":"0","ResultDesc":"ok","OriginatorConversationID":"o","ConversationID":"c","TransactionID":"T","ResultParameters":{"ResultParameter":{"Key":"BOCompletedTime","Value":20261123160211}},"ReferenceData":{"ReferenceItem":[{"Key":"BillReferenceNumber","Value":12323333},{"Key":"QueueTimeoutURL","Value":"https://x"},{"Key":"Occassion"}]}}}`, "0"},
		{`{"Result":{"ResultType":0,"ResultCode":"SFC_IC0003","ResultDesc":"The operator does not exist.","OriginatorConversationID":"o","ConversationID":"c","TransactionID":"TKN0000000"}}`, "SFC_IC0003"},
		{`{"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"ok","OriginatorConversationID":"o","ConversationID":"c","TransactionID":"T","ResultParameters":{"ResultParameter":[{"Key":"DebitPartyName","Value":"600992 - A"},{"Key":"DebitPartyName","Value":"254708374149 - B"},{"Key":"TransactionReason"},{"Key":"Amount","Value":"300"}]}}}`, "0"},
		{`{"Result":{"ResultType":0,"ResultCode":"R000001","ResultDesc":"The transaction has already been reversed.","OriginatorConversationID":"o","ConversationID":"AG_y","TransactionID":"TKO0000000","ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://x"}}}}`, "R000001"},
		{`{"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"ok","OriginatorConversationID":"dad6-4c34-8787-c8cb963a496d1268232","ConversationID":"AG_20261124_201018edbbf9f1582eaa","TransactionID":"TKO52PAWR9","ResultParameters":{"ResultParameter":[{"Key":"DebitAccountBalance","Value":"Utility Account|KES|7722179.62|7722179.62|0.00|0.00"},{"Key":"Amount","Value":1500.00},7,null,[],{"Key":4}]}}}`, "0"},
	}
}

// TestV14TheDecoderBearsTorture is vector V14.
func TestV14TheDecoderBearsTorture(t *testing.T) {
	t.Parallel()
	for _, c := range torture() {
		got := decode(t, "b2c", c[0])
		same(t, "code of "+c[0], got.Code, c[1])
		if got.Verdict == escrow.Moved {
			t.Errorf("%s counts as money", c[0])
		}
	}
	same(t, "failure without metadata", decode(t, "stk", stkFailure).Code, "1037")
}

// garbage is what cannot be read.
func garbage() []string {
	return []string{
		``, `null`, `[]`, `7`, `"x"`, `{}`, `{"Body":null}`, `{"Body":{"stkCallback":[]}}`, `{"Result":"x"}`, `{"Result":{}}`,
		`<html>`, "\xff\xfe", `{"Body":{"stkCallback":{"ResultCode":0`, strings.Repeat("[", 60_000), strings.Repeat(`{"a":`, 12_000),
	}
}

func TestGarbageCallsAPersonAndEnds(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"stk", "b2c", "status", "reversal", "original"} {
		for _, body := range garbage() {
			if got := decode(t, kind, body); got.Verdict != escrow.NoAnswer || !got.Alarm || got.Reason == "" {
				t.Errorf("%s %.20q: %+v", kind, body, got)
			}
		}
	}
}

func TestWhatIsNoCallbackOfOursIsAnError(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"stk", ""}, {"stk", "x:y"}, {"sms", transferID.String() + ":1"}, {"", transferID.String()}, {"STK", transferID.String()},
	} {
		if id, _, err := mobilemoney.Decode(c[0], c[1], []byte(`{}`)); err == nil || id != uuid.Nil {
			t.Errorf("Decode(%q, %q) has no error", c[0], c[1])
		}
	}
}

package simulator

import (
	"net/http"
	"testing"
	"time"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

const (
	pathReversal = "/mpesa/reversal/v1/request"
	pathBalance  = "/mpesa/accountbalance/v1/query"
)

func (w *world) reversalFields(receipt, amount string) fields {
	return fields{
		"Initiator": "escrowapi", "SecurityCredential": "Y3JlZGVudGlhbA==", "CommandID": "TransactionReversal",
		"TransactionID": receipt, "Amount": amount, "ReceiverParty": "174379", "RecieverIdentifierType": "11",
		"ResultURL": w.gateway.URL + "/cb/v/1", "QueueTimeOutURL": w.gateway.URL + "/cb/vt/1", "Remarks": "Late payment refund",
	}
}

// paid has the buyer pay shillings in and returns the receipt.
func (w *world) paid(amount string) string {
	w.t.Helper()
	w.fund(amount)
	movements := w.adds().Movements
	return movements[len(movements)-1].Receipt
}

// reversed asks for a reversal and returns its result.
func (w *world) reversed(body fields) result {
	w.t.Helper()
	before := len(w.gateway.at("/cb/v/1"))
	status, _ := w.post(pathReversal, body)
	same2(w.t, "status", status, http.StatusOK)
	return decode[resultCallback](w.t, w.gateway.wait(w.t, "/cb/v/1", before+1)[before].body).Result
}

func TestReversalOnTheWire(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	receipt := w.paid("1500")
	status, answer := w.post(pathReversal, w.reversalFields(receipt, "1500"))
	same2(t, "status", status, http.StatusOK)
	same2(t, "code", answer["ResponseCode"], any("0"))
	clk.advance(time.Second)
	got := w.gateway.wait(t, "/cb/v/1", 1)[0]
	st := w.adds()
	back := st.Movements[len(st.Movements)-1]
	same2(t, "result", got.body, `{"Result":{"ResultType":0,"ResultCode":0,`+
		`"ResultDesc":"The service request is processed successfully.",`+
		`"OriginatorConversationID":"`+answer["OriginatorConversationID"].(string)+`",`+
		`"ConversationID":"`+answer["ConversationID"].(string)+`","TransactionID":"`+back.Receipt+`",`+
		`"ResultParameters":{"ResultParameter":[{"Key":"DebitAccountBalance","Value":"Utility Account|KES|0.00|0.00|0.00|0.00"},`+
		`{"Key":"Amount","Value":1500.00},{"Key":"TransCompletedTime","Value":20261123153000},`+
		`{"Key":"OriginalTransactionID","Value":"`+receipt+`"},{"Key":"Charge","Value":0.00},`+
		`{"Key":"CreditPartyPublicName","Value":"254722000000 - WANJIKU"},`+
		`{"Key":"DebitPartyPublicName","Value":"174379 - VOICEPACT"}]},"ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL",`+
		`"Value":"https://internalapi.safaricom.co.ke/mpesa/reversalresults/v1/submit"}}}}`)
	same2(t, "kind", back.Kind, bank.KindReversal)
	same2(t, "cause", back.Reference, receipt)
	same2(t, "wallet", st.Wallets[buyer], 50_000_00)
	same2(t, "text", w.lastText(buyer), back.Receipt+" Confirmed. Transaction "+receipt+" has been reversed on 23/11/26 at "+
		"3:30 PM and Ksh1,500.00 is credited to your M-PESA account. New M-PESA balance is Ksh50,000.00.")
}

func TestReversalResults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		amount  string
		prepare func(*world, fields) fields
		code    resultCode
	}{
		"done before":      {"500", func(w *world, f fields) fields { w.reversed(f); return f }, "R000001"},
		"no such payment":  {"500", func(_ *world, f fields) fields { return f.with("TransactionID", "UKN0000000") }, "R000002"},
		"another's":        {"500", func(_ *world, f fields) fields { return f.with("ReceiverParty", "600992") }, "R000002"},
		"a part":           {"499", nil, "2"},
		"more than paid":   {"501", nil, "3"},
		"spent":            {"500", func(w *world, f fields) fields { w.post(pathB2C, w.b2cFields("out", "10")); return f }, "1"},
		"wrong initiator":  {"500", func(_ *world, f fields) fields { return f.with("Initiator", "somebody") }, "2001"},
		"a payout's":       {"10", func(w *world, f fields) fields { return f.with("TransactionID", w.payoutReceipt()) }, "R000002"},
		"without the role": {"500", func(w *world, f fields) fields { w.sim.SetFaults(Faults{NoReversalRole: true}); return f }, "21"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			body := w.reversalFields(w.paid("500"), c.amount)
			if c.prepare != nil {
				body = c.prepare(w, body)
			}
			before := w.adds()
			r := w.reversed(body)
			same2(t, "code", r.ResultCode, c.code)
			if r.ResultParameters != nil {
				t.Errorf("a failure reports %+v", r)
			}
			same2(t, "movements", len(w.adds().Movements), len(before.Movements))
		})
	}
}

func (w *world) payoutReceipt() string {
	w.t.Helper()
	w.post(pathB2C, w.b2cFields("out", "10"))
	movements := w.adds().Movements
	return movements[len(movements)-1].Receipt
}

// TestReversalWritesWordsAsStrings is a code that no number is.
func TestReversalWritesWordsAsStrings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(pathReversal, w.reversalFields("UKN7RT61SV", "10"))
	got := decode[map[string]map[string]any](t, w.gateway.wait(t, "/cb/v/1", 1)[0].body)
	same2(t, "code", got["Result"]["ResultCode"], any("R000002"))
	w.tells("Result: no such payment")
}

func TestReversalRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ok := w.reversalFields("UKN7RT61SV", "10")
	for field, value := range map[string]any{
		"Initiator": "", "SecurityCredential": "", "CommandID": "x", "TransactionID": "short", "Amount": "1.50",
		"ReceiverParty": "x", "RecieverIdentifierType": "4", "ResultURL": "x", "QueueTimeOutURL": "https://a.b/query", "Remarks": "",
	} {
		status, answer := w.post(pathReversal, ok.with(field, value))
		same2(t, field, status, http.StatusBadRequest)
		same2(t, field, answer["errorMessage"], any("Bad Request - Invalid "+field))
	}
	// The right spelling is the wrong one.
	spelt := ok.with("ReceiverIdentifierType", "11")
	delete(spelt, "RecieverIdentifierType")
	_, answer := w.post(pathReversal, spelt)
	same2(t, "spelling", answer["errorMessage"], any("Bad Request - Invalid RecieverIdentifierType"))
}

func TestReversalFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second, third := w.paid("100"), w.paid("200"), w.paid("300")
	w.sim.SetFaults(Faults{DropReversalResult: true})
	_, answer := w.post(pathReversal, w.reversalFields(first, "100"))
	for _, id := range []string{"OriginatorConversationID", "ConversationID"} {
		_, facts := w.statusOf("OriginalConversationID", answer[id].(string))
		same2(t, "status", facts["TransactionStatus"], any("Completed"))
		same2(t, "reason", facts["TransactionReason"], any(first))
		_, again := w.statusOf("TransactionID", facts["ReceiptNo"].(string))
		same2(t, "by receipt", again["OriginatorConversationID"], answer["OriginatorConversationID"])
	}
	w.sim.SetFaults(Faults{DuplicateReversalResult: 1, ReversedWord: "Reversed"})
	w.post(pathReversal, w.reversalFields(second, "200"))
	w.gateway.wait(t, "/cb/v/1", 2)
	_, facts := w.statusOf("TransactionID", second)
	same2(t, "reversed", facts["TransactionStatus"], any("Reversed"))

	w.sim.SetFaults(Faults{ReversalTimeoutInstead: true})
	request := w.reversalFields(third, "300")
	w.post(pathReversal, request)
	same2(t, "echo", w.gateway.wait(t, "/cb/vt/1", 1)[0].body, encode(t, request))
	w.turn()
	same2(t, "results", len(w.gateway.at("/cb/v/1")), 2)
	same2(t, "utility", w.adds().UtilityCents, 0)
}

func TestAccountBalanceOnTheWire(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	w.fund("5000")
	w.post(pathB2C, w.b2cFields("id-1", "1450"))
	must(t, w.sim.MoveFloat(t.Context(), FloatMove{From: InUtility, To: InWorking, Cents: 50_50}))
	ask := fields{
		"Initiator": "escrowapi", "SecurityCredential": "Y3JlZGVudGlhbA==", "CommandID": "AccountBalance", "PartyA": "600992",
		"IdentifierType": "4", "Remarks": "treasury", "QueueTimeOutURL": w.gateway.URL + "/cb/bt/1",
		"ResultURL": w.gateway.URL + "/cb/b/1",
	}
	status, answer := w.post(pathBalance, ask)
	same2(t, "status", status, http.StatusOK)
	clk.advance(time.Second)
	same2(t, "result", w.gateway.wait(t, "/cb/b/1", 1)[0].body, `{"Result":{"ResultType":0,"ResultCode":0,`+
		`"ResultDesc":"The service request is processed successfully.",`+
		`"OriginatorConversationID":"`+answer["OriginatorConversationID"].(string)+`",`+
		`"ConversationID":"`+answer["ConversationID"].(string)+`","TransactionID":"UKN0000000",`+
		`"ResultParameters":{"ResultParameter":[{"Key":"AccountBalance","Value":"`+
		`Working Account|KES|50.50|50.50|0.00|0.00&Float Account|KES|0.00|0.00|0.00|0.00&`+
		`Utility Account|KES|3499.50|3499.50|0.00|0.00&Charges Paid Account|KES|-5.00|-5.00|0.00|0.00&`+
		`Organization Settlement Account|KES|0.00|0.00|0.00|0.00"},{"Key":"BOCompletedTime","Value":20261123153000}]},`+
		`"ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL",`+
		`"Value":"https://internalapi.safaricom.co.ke/mpesa/abresults/v1/submit"}}}}`)

	for field, value := range map[string]any{"CommandID": "x", "PartyA": "", "IdentifierType": "1", "ResultURL": ""} {
		_, answer := w.post(pathBalance, ask.with(field, value))
		same2(t, field, answer["errorMessage"], any("Bad Request - Invalid "+field))
	}
	for field, code := range map[string]resultCode{"PartyA": resultProduct, "Initiator": resultInitiator} {
		before := len(w.gateway.at("/cb/b/1"))
		w.post(pathBalance, ask.with(field, "600000"))
		clk.advance(time.Second)
		r := decode[resultCallback](t, w.gateway.wait(t, "/cb/b/1", before+1)[before].body).Result
		same2(t, field, r.ResultCode, code)
	}
	w.sim.SetFaults(Faults{NoBalanceRole: true, RoleAtOnce: true})
	_, answer = w.post(pathBalance, ask)
	same2(t, "role", answer["ResponseCode"], any("21"))
}

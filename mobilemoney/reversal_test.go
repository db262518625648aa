package mobilemoney_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// reversal gives the buyer of every vector the money back.
func reversal() escrow.Transfer {
	t := transfer(escrow.Refund)
	t.Method, t.Original, t.ProviderID = escrow.MethodReversal, "TKN7RT61SV", ""
	return t
}

const reversalTaken = `{"OriginatorConversationID":"dad6-4c34-8787-c8cb963a496d1268232",` +
	`"ConversationID":"AG_20261124_201018edbbf9f1582eaa","ResponseCode":"0",` +
	`"ResponseDescription":"Accept the service request successfully."}`

func TestTheRequestOfAReversal(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, reversalTaken))
	client := newClient(t, config(t, d.URL), &memory{})
	got := client.Submit(t.Context(), reversal())
	same(t, "answer", got, escrow.Submission{
		Outcome: escrow.Taken, ProviderID: "dad6-4c34-8787-c8cb963a496d1268232", Code: "0",
		Reason: "Accept the service request successfully.",
	})
	body := withoutSealed(t, d.at(pathReversal)[0].body)
	same(t, "body", body, `{"Initiator":"escrowapi","SecurityCredential":"SEALED","CommandID":"TransactionReversal",`+
		`"TransactionID":"TKN7RT61SV","Amount":"1500","ReceiverParty":"174379","RecieverIdentifierType":"11","ResultURL":"`+
		address("reversal")+`","QueueTimeOutURL":"`+address("reversal_timeout")+
		`","Remarks":"VoicePact 40718263 refund","Occasion":"40718263"}`)

	stray := reversal()
	stray.Ref, stray.Party = "", escrow.Party{}
	same(t, "to nobody in particular", client.Submit(t.Context(), stray).Outcome, escrow.Taken)
	same(t, "remarks", decoded(t, d.at(pathReversal)[1].body)["Remarks"], any("VoicePact refund"))
}

func TestAReversalNeedsAReceipt(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, reversalTaken))
	client := newClient(t, config(t, d.URL), &memory{})
	for name, change := range map[string]func(*escrow.Transfer){
		"no receipt":      func(t *escrow.Transfer) { t.Original = "" },
		"generic receipt": func(t *escrow.Transfer) { t.Original = "TKN0000000" },
		"an id":           func(t *escrow.Transfer) { t.Original = transferID.String() },
		"cents":           func(t *escrow.Transfer) { t.Amount++ },
		"a payout":        func(t *escrow.Transfer) { t.Kind = escrow.Payout },
		"a collection":    func(t *escrow.Transfer) { t.Kind = escrow.Collect },
	} {
		wrong := reversal()
		change(&wrong)
		if got := client.Submit(t.Context(), wrong); got.Outcome != escrow.Refused || !got.Alarm {
			t.Errorf("%s: %+v", name, got)
		}
	}
	same(t, "requests", len(d.at(pathReversal)), 0)
}

// reversed and reversedBefore are vector V13.
const (
	reversed       = `{"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"The service request is processed successfully.","OriginatorConversationID":"dad6-4c34-8787-c8cb963a496d1268232","ConversationID":"AG_20261124_201018edbbf9f1582eaa","TransactionID":"TKO52PAWR9","ResultParameters":{"ResultParameter":[{"Key":"DebitAccountBalance","Value":"Utility Account|KES|7722179.62|7722179.62|0.00|0.00"},{"Key":"Amount","Value":1500.00},{"Key":"TransCompletedTime","Value":20261124132711},{"Key":"OriginalTransactionID","Value":"TKN7RT61SV"},{"Key":"Charge","Value":0.00},{"Key":"CreditPartyPublicName","Value":"254708374149 - JANE DOE"},{"Key":"DebitPartyPublicName","Value":"600992 - Example Escrow"}]},"ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://internalapi.safaricom.co.ke/mpesa/reversalresults/v1/submit"}}}}`
	reversedBefore = `{"Result":{"ResultType":0,"ResultCode":"R000001","ResultDesc":"The transaction has already been reversed.","OriginatorConversationID":"o","ConversationID":"AG_y","TransactionID":"TKO0000000","ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://x"}}}}`
)

// TestV13ReversalResults is vector V13.
func TestV13ReversalResults(t *testing.T) {
	t.Parallel()
	same(t, "reversed", decode(t, "reversal", reversed), escrow.Finding{
		Verdict: escrow.Moved, Code: "0", Reason: "The service request is processed successfully.",
		Receipt: "TKO52PAWR9", Amount: 150_000, Payee: "JANE DOE", At: time.Date(2026, 11, 24, 13, 27, 11, 0, escrow.EAT),
	})
	same(t, "reversed before", decode(t, "reversal", reversedBefore), escrow.Finding{
		Verdict: escrow.Moved, Cause: escrow.CauseDone, Code: "R000001", Reason: "The transaction has already been reversed.",
	})
	for name, c := range map[string]struct {
		from, to string
		verdict  escrow.Verdict
		alarm    bool
	}{
		"unknown receipt":  {`"ResultCode":0`, `"ResultCode":"R000002"`, escrow.NotMoved, true},
		"more to come":     {`"ResultType":0`, `"ResultType":1`, escrow.Processing, false},
		"no amount":        {`"Amount"`, `"Other"`, escrow.NoAnswer, true},
		"no receipt":       {`"TKO52PAWR9"`, `"TKO0000000"`, escrow.NoAnswer, true},
		"no parameters":    {`"ResultParameters"`, `"Other"`, escrow.NoAnswer, true},
		"another transfer": {`"dad6-4c34-8787-c8cb963a496d1268232"`, `"7d3c1e7a-2f0e-4b39-9a51-0c6f1f8e2a11"`, escrow.NoAnswer, true},
	} {
		body := strings.Replace(reversed, c.from, c.to, 1)
		if got := decode(t, "reversal", body); got.Verdict != c.verdict || got.Alarm != c.alarm || body == reversed {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestLooksAtReversals: by the id that Daraja gave it, or where that is lost by
// the payment that it undoes.
func TestLooksAtReversals(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, conversation))
	client := newClient(t, config(t, d.URL), &memory{})
	answered, lost := reversal(), reversal()
	answered.ProviderID = "dad6-4c34-8787-c8cb963a496d1268232"
	paid := transfer(escrow.Collect)
	paid.Method, paid.Receipt = escrow.MethodPayBill, "TKL51ZDR4F"
	for name, c := range map[string]struct {
		asked escrow.Transfer
		kind  string
		by    string
	}{
		"answered": {answered, "status", `"OriginalConversationID":"dad6-4c34-8787-c8cb963a496d1268232"`},
		"lost":     {lost, "original", `"TransactionID":"TKN7RT61SV"`},
		"paid":     {paid, "status", `"TransactionID":"TKL51ZDR4F"`},
	} {
		same(t, name, client.Look(t.Context(), c.asked).Verdict, escrow.Processing)
		all := d.at(pathStatus)
		same(t, name, withoutSealed(t, all[len(all)-1].body), `{"Initiator":"escrowapi","SecurityCredential":"SEALED",`+
			`"CommandID":"TransactionStatusQuery",`+c.by+`,"PartyA":"174379","IdentifierType":"4","ResultURL":"`+
			address(c.kind)+`","QueueTimeOutURL":"`+address(c.kind+"_timeout")+
			`","Remarks":"VoicePact 40718263 status","Occasion":"40718263"}`)
	}
	paid.Receipt = ""
	same(t, "no receipt yet", client.Look(t.Context(), paid).Verdict, escrow.NoAnswer)
	same(t, "requests", len(d.at(pathStatus)), 3)
}

// TestAPaymentThatStandsWasNotReversed: what it is called after a reversal is not
// documented, so only a payment that stands lets the reversal be sent again.
func TestAPaymentThatStandsWasNotReversed(t *testing.T) {
	t.Parallel()
	const done = `"TransactionStatus","Value":"Completed"`
	for name, c := range map[string]struct {
		from, to string
		verdict  escrow.Verdict
		alarm    bool
	}{
		"stands":       {done, done, escrow.NeverSeen, false},
		"reversed":     {done, `"TransactionStatus","Value":"Reversed"`, escrow.NoAnswer, true},
		"cancelled":    {done, `"TransactionStatus","Value":"Cancelled"`, escrow.NoAnswer, true},
		"on its way":   {done, `"TransactionStatus","Value":"Initiated"`, escrow.NoAnswer, false},
		"unknown":      {`"ResultCode":0`, `"ResultCode":2032`, escrow.NoAnswer, true},
		"no receipt":   {`"ReceiptNo"`, `"Other"`, escrow.NoAnswer, true},
		"locked out":   {`"ResultCode":0`, `"ResultCode":8006`, escrow.NoAnswer, true},
		"more to come": {`"ResultType":0`, `"ResultType":1`, escrow.Processing, false},
	} {
		got := decode(t, "original", strings.Replace(statusCompleted, c.from, c.to, 1))
		if got.Verdict != c.verdict || got.Alarm != c.alarm || got.Receipt != "" || got.Amount != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

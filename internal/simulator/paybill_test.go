package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

const (
	pathRegister = "/mpesa/c2b/v2/registerurl"
	pathValidate = "/cb/c/1/validate"
	pathConfirm  = "/cb/c/1/confirm"
)

// withURLs has the collecting short code registered.
func withURLs(change ...func(*C2BURLs)) func(*Config) {
	return func(c *Config) {
		u := C2BURLs{ConfirmURL: c.GatewayURL + pathConfirm, ValidateURL: c.GatewayURL + pathValidate}
		for _, f := range change {
			f(&u)
		}
		c.C2B = &u
	}
}

// validates lets the gateway answer validations.
func (g *fakeGateway) validates(answer string) {
	g.reply(func(h hit) (int, string) {
		if h.path == pathValidate {
			return http.StatusOK, answer
		}
		return http.StatusOK, "OK"
	})
}

func payBillForm(amount string) fields {
	return fields{"business": "174379", "account": "40718263", "amount": amount, "pin": "1234"}
}

// lastText is the newest text in a phone.
func (w *world) lastText(number string) string {
	w.t.Helper()
	inbox := w.phone(number).Inbox
	if len(inbox) == 0 {
		w.t.Fatal("no text")
	}
	same2(w.t, "sender", inbox[len(inbox)-1].From, mpesaSender)
	return inbox[len(inbox)-1].Text
}

// TestPayBillOnTheWire compares validation and confirmation with the portal's
// samples.
func TestPayBillOnTheWire(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, withURLs(), func(c *Config) { c.Now, c.Bouquet = clk.now, bank.BusinessBouquet })
	w.gateway.validates(`{"ResultCode":"0","ResultDesc":"Accepted","ThirdPartyTransID":"T-1"}`)
	w.do(buyer, "paybill", payBillForm("1500"))
	clk.advance(time.Second)
	confirmed := w.gateway.wait(t, pathConfirm, 1)[0]
	st := w.adds()
	receipt := st.Movements[2].Receipt
	notice := func(balance, third string) string {
		return `{"TransactionType":"Pay Bill","TransID":"` + receipt + `","TransTime":"20261123153000",` +
			`"TransAmount":"1500.00","BusinessShortCode":"174379","BillRefNumber":"40718263","InvoiceNumber":"",` +
			`"OrgAccountBalance":"` + balance + `","ThirdPartyTransID":"` + third + `","MSISDN":"2547 ***** 000",` +
			`"FirstName":"WANJIKU","MiddleName":"","LastName":""}`
	}
	same2(t, "validation", w.gateway.at(pathValidate)[0].body, notice("", ""))
	same2(t, "confirmation", confirmed.body, notice("1500.00", "T-1"))
	same2(t, "content type", confirmed.header.Get("Content-Type"), "application/json;charset=UTF-8")
	same2(t, "text", w.lastText(buyer), receipt+" Confirmed. Ksh1,500.00 sent to VOICEPACT for account 40718263 on "+
		"23/11/26 at 3:30 PM New M-PESA balance is Ksh48,485.00. Transaction cost, Ksh15.00.")
	same2(t, "wallet", st.Wallets[buyer], 48_485_00)
	same2(t, "utility", st.UtilityCents, 1500_00)
	same2(t, "fee", st.Movements[3], Movement{
		ID: st.Movements[3].ID, At: st.Movements[3].At, Kind: bank.KindPayBillFee, Debit: bank.Wallet(buyer),
		Credit: bank.Tariff, Cents: 15_00, Receipt: st.Movements[3].Receipt, Reference: receipt,
	})
	w.tells("May Ksh1,500 be paid, account 40718263? Yes", "Paid Ksh1,500, account 40718263")
}

// TestPayBillRefusedByTheBusiness has each code in its own words, and the money
// where it was.
func TestPayBillRefusedByTheBusiness(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withURLs())
	for code, words := range map[string]string{
		"C2B00011": "VOICEPACT does not take payments from your number (C2B00011).",
		"C2B00012": "VOICEPACT knows no account 40718263 (C2B00012).",
		"C2B00013": "VOICEPACT does not take Ksh100.00 for account 40718263 (C2B00013).",
		"C2B00014": "VOICEPACT wants to know more about you first (C2B00014).",
		"C2B00015": "VOICEPACT does not take payments at 174379 (C2B00015).",
		"C2B00016": "VOICEPACT does not take this payment for account 40718263 (C2B00016).",
		"1":        "VOICEPACT does not take this payment for account 40718263 (1).",
	} {
		w.gateway.validates(`{"ResultCode":"` + code + `","ResultDesc":"Rejected"}`)
		w.do(buyer, "paybill", payBillForm("100"))
		same2(t, code, w.lastText(buyer), "Failed. "+words+" No money was taken.")
		w.tells("May Ksh100 be paid, account 40718263? No, " + code)
	}
	w.turn()
	same2(t, "confirmations", len(w.gateway.at(pathConfirm)), 0)
	same2(t, "utility", w.adds().UtilityCents, 0)
}

// TestPayBillDefaultAction decides for a business that is late, away, unreadable
// or out of reach.
func TestPayBillDefaultAction(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*world){
		"late": func(w *world) { w.sim.validationLimit = time.Millisecond; w.gateway.hold(w.t, pathValidate) },
		"error": func(w *world) {
			w.gateway.reply(func(hit) (int, string) { return http.StatusInternalServerError, "{}" })
		},
		"unreadable": func(w *world) { w.gateway.validates("<html>") },
		"no code":    func(w *world) { w.gateway.validates("{}") },
		"lost":       func(w *world) { w.sim.SetFaults(Faults{ValidationLost: true}) },
	}
	for name, spoil := range cases {
		for action, collected := range map[string]int64{"": 0, ResponseCancelled: 0, ResponseCompleted: 100_00} {
			t.Run(name+" "+action, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, withURLs(func(u *C2BURLs) { u.ResponseType = action }))
				spoil(w)
				w.do(buyer, "paybill", payBillForm("100"))
				same2(t, "utility", w.adds().UtilityCents, collected)
				if collected == 0 {
					same2(t, "text", w.lastText(buyer), "Failed. VOICEPACT does not answer. Try again later. No money was taken.")
				}
			})
		}
	}
}

func TestPayBillWithoutValidation(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"nothing registered": func(*Config) {},
		"none registered":    withURLs(func(u *C2BURLs) { u.ValidateURL = "" }),
		"switched off":       func(c *Config) { withURLs()(c); c.Faults.ValidationOff = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, change)
			w.gateway.validates(`{"ResultCode":"C2B00012"}`)
			w.do(buyer, "paybill", payBillForm("100"))
			same2(t, "asked", len(w.gateway.at(pathValidate)), 0)
			same2(t, "utility", w.adds().UtilityCents, 100_00)
		})
	}
}

func TestPayBillRefusedByMpesa(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withURLs(), func(c *Config) { c.Bouquet = bank.BusinessBouquet })
	w.gateway.validates(`{"ResultCode":"0"}`)
	must(t, w.sim.Seed(Person{Number: "0700000009", Name: "Rich", PIN: "1111", WalletCents: bank.MaxWallet}))
	for name, c := range map[string]struct {
		number      string
		form        fields
		status      int
		words, text string
	}{
		"wrong PIN":   {buyer, payBillForm("100").with("pin", "0000"), 200, "", "You entered the wrong M-PESA PIN."},
		"no business": {buyer, payBillForm("100").with("business", "600000"), 200, "", "There is no business 600000."},
		"too much":    {"+254700000009", payBillForm("250001").with("pin", "1111"), 200, "", "Ksh250,001.00 is above your M-PESA limit."},
		// The fee of Ksh 108 is not there.
		"too little left": {buyer, payBillForm("50000"), 200, "", "You do not have enough money in M-PESA to pay Ksh50,000.00."},
		"letters":         {buyer, payBillForm("x"), 400, "Type the amount in whole shillings.", ""},
		"decimals":        {buyer, payBillForm("1.50"), 400, "Type the amount in whole shillings.", ""},
		"business":        {buyer, payBillForm("100").with("business", "x"), 400, "A business number has 5 to 7 digits.", ""},
		"account": {
			buyer, payBillForm("100").with("account", strings.Repeat("x", 21)), 400,
			"Type an account number of up to 20 characters.", "",
		},
	} {
		status, answer := w.try(c.number, "paybill", c.form)
		same2(t, name, status, c.status)
		if c.words != "" {
			same2(t, name, answer, `{"error":"`+c.words+`"}`)
			continue
		}
		same2(t, name, w.lastText(c.number), "Failed. "+c.text+" No money was taken.")
	}
	same2(t, "asked", len(w.gateway.at(pathValidate)), 0)
	same2(t, "utility", w.adds().UtilityCents, 0)
}

// TestDailyLimit counts prompts and PayBill together, and starts again at
// midnight in Nairobi.
func TestDailyLimit(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	const rich = "+254700000009"
	must(t, w.sim.Seed(Person{Number: rich, Name: "Rich", PIN: "1234", WalletCents: bank.MaxWallet}))
	w.do(rich, "paybill", payBillForm("250000"))
	w.post(pathSTK, w.stkFields("249999").with("PhoneNumber", rich[1:]))
	w.do(rich, "prompt", fields{"pin": "1234"})
	same2(t, "spent", w.adds().UtilityCents, 499_999_00)
	w.post(pathB2C, w.b2cFields("back", "1000").with("PartyB", rich[1:])) // so that money is not what is missing
	w.do(rich, "paybill", payBillForm("2"))
	same2(t, "text", w.lastText(rich), "Failed. Ksh2.00 is above your M-PESA limit. No money was taken.")
	_, pushed := w.post(pathSTK, w.stkFields("2").with("PhoneNumber", rich[1:]))
	w.do(rich, "prompt", fields{"pin": "1234"})
	same2(t, "query", w.query(pushed["CheckoutRequestID"].(string))["ResultCode"], any("4"))
	clk.advance(8*time.Hour + 30*time.Minute) // midnight
	w.token = ""
	w.do(rich, "paybill", payBillForm("2"))
	same2(t, "spent", w.adds().UtilityCents, 499_999_00-1000_00+2_00)
}

func (w *world) registerFields() fields {
	return fields{
		"ShortCode": "174379", "ResponseType": "Cancelled",
		"ConfirmationURL": w.gateway.URL + pathConfirm, "ValidationURL": w.gateway.URL + pathValidate,
	}
}

func TestRegisterURLs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ok := w.registerFields()
	for field, value := range map[string]any{
		"ShortCode": "600000", "ResponseType": "Canceled", "ConfirmationURL": "https://a.b/mpesa", "ValidationURL": "",
	} {
		status, answer := w.post(pathRegister, ok.with(field, value))
		same2(t, field, status, http.StatusBadRequest)
		same2(t, field, answer["errorMessage"], any("Bad Request - Invalid "+field))
	}
	status, answer := w.post(pathRegister, ok)
	same2(t, "status", status, http.StatusOK)
	same2(t, "code", answer["ResponseCode"], any("0"))
	if id, _ := answer["OriginatorCoversationID"].(string); id == "" {
		t.Errorf("no id, misspelt as it is: %v", answer)
	}
	status, answer = w.post(pathRegister, ok)
	same2(t, "again", status, http.StatusInternalServerError)
	same2(t, "code", answer["errorCode"], any("500.003.1001"))
	same2(t, "words", answer["errorMessage"], any("Urls are already registered"))
	w.gateway.validates(`{"ResultCode":0}`)
	w.do(buyer, "paybill", payBillForm("100"))
	w.gateway.wait(t, pathConfirm, 1)

	many := newWorld(t, withURLs(), func(c *Config) { c.C2BMany = true })
	many.post(pathRegister, many.registerFields().with("ConfirmationURL", many.gateway.URL+"/cb/c/2/confirm"))
	many.gateway.validates(`{"ResultCode":0}`)
	many.do(buyer, "paybill", payBillForm("100"))
	many.gateway.wait(t, "/cb/c/2/confirm", 1)
}

// TestFirstVersionHashesThePayer is the other way in which C2B hides a number.
func TestFirstVersionHashesThePayer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, _ := w.post("/mpesa/c2b/v1/registerurl", w.registerFields())
	same2(t, "status", status, http.StatusOK)
	w.gateway.validates(`{"ResultCode":"0"}`)
	w.do(buyer, "paybill", payBillForm("100"))
	sum := sha256.Sum256([]byte("254722000000"))
	got := decode[c2bNotice](t, w.gateway.wait(t, pathConfirm, 1)[0].body)
	same2(t, "payer", got.MSISDN, hex.EncodeToString(sum[:]))
}

// TestSTKIsConfirmedTwice reports one payment on two channels under one receipt.
func TestSTKIsConfirmedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withURLs())
	w.fund("100")
	callback := w.gateway.wait(t, "/cb/s/1", 1)[0].body
	got := decode[c2bNotice](t, w.gateway.wait(t, pathConfirm, 1)[0].body)
	same2(t, "account", got.BillRefNumber, "40718263")
	if !strings.Contains(callback, `"MpesaReceiptNumber","Value":"`+got.TransID+`"`) {
		t.Errorf("callback %s, confirmation of %s", callback, got.TransID)
	}
	same2(t, "asked", len(w.gateway.at(pathValidate)), 0)
	same2(t, "utility", w.adds().UtilityCents, 100_00)

	w.sim.SetFaults(Faults{NoC2BForSTK: true})
	w.fund("100")
	w.gateway.wait(t, "/cb/s/1", 2)
	w.turn()
	same2(t, "confirmations", len(w.gateway.at(pathConfirm)), 1)
}

func TestSimulateC2B(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withURLs())
	w.gateway.validates(`{"ResultCode":"0"}`)
	ok := fields{
		"ShortCode": "174379", "CommandID": "CustomerPayBillOnline", "Amount": 100,
		"Msisdn": 254722000000, "BillRefNumber": "1234",
	}
	for field, value := range map[string]any{
		"ShortCode": "1", "CommandID": "x", "Amount": "x", "Msisdn": "254711999888", "BillRefNumber": "",
	} {
		_, answer := w.post("/mpesa/c2b/v2/simulate", ok.with(field, value))
		same2(t, field, answer["errorMessage"], any("Bad Request - Invalid "+field))
	}
	status, answer := w.post("/mpesa/c2b/v2/simulate", ok)
	same2(t, "status", status, http.StatusOK)
	same2(t, "words", answer["ResponseDescription"], any("Accept the service request successfully."))
	same2(t, "account", decode[c2bNotice](t, w.gateway.wait(t, pathConfirm, 1)[0].body).BillRefNumber, "1234")
	same2(t, "utility", w.adds().UtilityCents, 100_00)
}

func TestC2BFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withURLs(), faulty(Faults{DropC2BConfirmation: true}))
	w.gateway.validates(`{"ResultCode":"0"}`)
	w.do(buyer, "paybill", payBillForm("100"))
	w.turn()
	same2(t, "dropped", len(w.gateway.at(pathConfirm)), 0)
	w.sim.SetFaults(Faults{DuplicateC2BConfirmation: 2, EmptyNames: true})
	w.do(buyer, "paybill", payBillForm("100"))
	for _, h := range w.gateway.wait(t, pathConfirm, 3) {
		same2(t, "name", decode[c2bNotice](t, h.body).FirstName, "")
	}
	w.turn()
	same2(t, "copies", len(w.gateway.at(pathConfirm)), 3)

	w.sim.SetFaults(Faults{FlipTypes: true})
	w.do(buyer, "paybill", payBillForm("100"))
	turned := w.gateway.wait(t, pathConfirm, 4)[3].body
	if !regexp.MustCompile(`"BillRefNumber":40718263.*"TransAmount":100.00,"TransID":"U`).MatchString(turned) {
		t.Error(turned)
	}
}

package simulator

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

const (
	pathPullRegister = "/pulltransactions/v1/register"
	pathPull         = "/pulltransactions/v1/query"
)

func (w *world) registerPull() map[string]any {
	w.t.Helper()
	status, answer := w.post(pathPullRegister, fields{
		"ShortCode": "174379", "RequestType": "Pull", "NominatedNumber": "0722000000", "CallBackURL": w.gateway.URL + "/cb/p/1",
	})
	same2(w.t, "status", status, http.StatusOK)
	return answer
}

func pullFields(from, to string, offset int) fields {
	return fields{"ShortCode": "174379", "StartDate": from, "EndDate": to, "OffSetValue": strconv.Itoa(offset)}
}

// pulled asks and returns the code and the rows.
func (w *world) pulled(body fields) (string, []any) {
	w.t.Helper()
	status, answer := w.post(pathPull, body)
	same2(w.t, "status", status, http.StatusOK)
	outer := answer["Response"].([]any)
	same2(w.t, "lists in the list", len(outer), 1)
	return answer["ResponseCode"].(string), outer[0].([]any)
}

func TestPull(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	day := pullFields("2026-11-23 15:00:00", "2026-11-23 15:30:00", 0)
	status, answer := w.post(pathPull, day)
	same2(t, "unregistered", status, http.StatusBadRequest)
	same2(t, "unregistered", answer["errorCode"], any("400.001"))
	same2(t, "registered", w.registerPull()["ResponseStatus"], any("1000"))
	same2(t, "registered before", w.registerPull()["ResponseStatus"], any("1001"))
	code, rows := w.pulled(day)
	same2(t, "nothing yet", code, "1001")
	same2(t, "nothing yet", len(rows), 0)

	w.fund("1500")
	w.do(buyer, "paybill", payBillForm("200").with("account", "40 71"))
	w.post(pathB2C, w.b2cFields("out", "100"))
	clk.advance(time.Second) // out of the window, which has a second's grain
	w.fund("50")
	movements := w.adds().Movements
	code, rows = w.pulled(day)
	same2(t, "code", code, "1000")
	same2(t, "rows", len(rows), 2)
	byReceipt := map[any]map[string]any{}
	for _, row := range rows {
		facts := row.(map[string]any)
		byReceipt[facts["transactionId"]] = facts
	}
	got := byReceipt[movements[3].Receipt]
	same2(t, "row", encode(t, got), `{"amount":"200.00","billreference":"40 71","msisdn":254722000000,`+
		`"organizationname":"VOICEPACT","sender":"MPESA","transactionId":"`+movements[3].Receipt+`",`+
		`"transactiontype":"c2b-pay-bill-debit","trxDate":"2026-11-23T15:30:00Z"}`)
	same2(t, "prompt", byReceipt[movements[2].Receipt]["billreference"], any("40718263"))

	day["OffSetValue"] = 1
	_, rows = w.pulled(day)
	same2(t, "from the second row on", len(rows), 1)
	w.sim.SetFaults(Faults{PullQuiet: true})
	code, _ = w.pulled(day)
	same2(t, "quiet", code, "1001")
}

func TestPullByGet(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	w.registerPull()
	w.fund("100")
	_, body, _ := w.call(http.MethodGet, "/sim/daraja"+pathPull, "application/json",
		encode(t, pullFields("2026-11-23 15:00:00", "2026-11-23 15:30:00", 0)), "Authorization", "Bearer "+w.token)
	same2(t, "rows", len(decode[pullAnswer](t, body).Response[0]), 1)
}

func TestPullPages(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	w.registerPull()
	for range pullPage + 1 {
		must(t, w.sim.payBill(t.Context(), buyer, phoneBody{PIN: "1234", Business: "174379", Account: "1", Amount: "1"}))
	}
	day := pullFields("2026-11-23 15:00:00", "2026-11-23 15:30:00", 0)
	_, first := w.pulled(day)
	day["OffSetValue"] = len(first)
	_, second := w.pulled(day)
	day["OffSetValue"] = len(first) + len(second)
	code, _ := w.pulled(day)
	same2(t, "pages", []int{len(first), len(second)}[0], pullPage)
	same2(t, "last page", len(second), 1)
	same2(t, "beyond", code, "1001")
	if encode(t, first[0]) == encode(t, second[0]) {
		t.Error("a row came twice")
	}
}

func TestPullRefusals(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	w.registerPull()
	for name, body := range map[string]fields{
		"another's":  pullFields("2026-11-23 15:00:00", "2026-11-23 15:30:00", 0).with("ShortCode", "600000"),
		"no date":    pullFields("", "2026-11-23 15:30:00", 0),
		"backwards":  pullFields("2026-11-23 15:30:00", "2026-11-23 15:00:00", 0),
		"too old":    pullFields("2026-11-21 15:29:59", "2026-11-23 15:00:00", 0),
		"bad offset": pullFields("2026-11-23 15:00:00", "2026-11-23 15:30:00", -1),
	} {
		status, answer := w.post(pathPull, body)
		same2(t, name, status, http.StatusBadRequest)
		same2(t, name, answer["errorCode"], any("400.001"))
	}
	for field, value := range map[string]any{"ShortCode": "1", "RequestType": "x", "NominatedNumber": "12", "CallBackURL": ""} {
		status, _ := w.post(pathPullRegister, fields{
			"ShortCode": "174379", "RequestType": "Pull", "NominatedNumber": "0722000000", "CallBackURL": w.gateway.URL + "/cb/p/1",
		}.with(field, value))
		same2(t, field, status, http.StatusBadRequest)
	}
}

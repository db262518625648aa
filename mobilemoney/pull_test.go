package mobilemoney_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

const (
	pathPull         = "/pulltransactions/v1/query"
	pathPullRegister = "/pulltransactions/v1/register"
)

func statement(rows string) string {
	return `{"ResponseRefID":"26178-42530161-2","ResponseCode":"1000","ResponseMessage":"Success","Response":` + rows + `}`
}

const pulledRow = `{"transactionId":"TKL51ZDR4F","trxDate":"2026-11-23T12:13:25Z","msisdn":722000126,"sender":"JANE DOE","transactiontype":"c2b-pay-bill-debit","billreference":"40718263","amount":"1500.00","organizationname":"Example Escrow"}`

const pulledNone = `{"ResponseRefID":"x","ResponseCode":"1001","ResponseMessage":"No transactions","Response":"[[]]"}`

func pulledArrival() escrow.Arrival {
	return escrow.Arrival{
		Receipt: "TKL51ZDR4F", Amount: 150_000, Account: "40718263", Payer: "254722000126", Name: "JANE DOE",
		At: time.Date(2026, 11, 23, 12, 13, 25, 0, escrow.EAT), Channel: escrow.ByStatement,
	}
}

// once answers the first page, and none after it.
func once(body string) func(http.ResponseWriter, request) {
	return func(w http.ResponseWriter, r request) {
		if strings.Contains(r.body, `"OffSetValue":"0"`) {
			fixed(http.StatusOK, body)(w, r)
			return
		}
		fixed(http.StatusOK, pulledNone)(w, r)
	}
}

func TestTheRequestOfAStatement(t *testing.T) {
	t.Parallel()
	for get, method := range map[bool]string{false: http.MethodPost, true: http.MethodGet} {
		d := newDaraja(t, once(statement("[["+pulledRow+"]]")))
		cfg := config(t, d.URL)
		cfg.PullByGet = get
		got, err := newClient(t, cfg, &memory{}).Statement(t.Context(), noon().Add(-4*time.Hour), noon())
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		same(t, "arrival", got[0], pulledArrival())
		sent := d.at(pathPull)
		same(t, "pages", len(sent), 2)
		same(t, "method", sent[0].method, method)
		same(t, "body", sent[0].body, `{"ShortCode":"174379","StartDate":"2026-11-23 11:30:00","EndDate":"2026-11-23 15:30:00","OffSetValue":"0"}`)
		same(t, "rows, not pages", strings.Contains(sent[1].body, `"OffSetValue":"1"`), true)
	}
}

func TestSpellingsOfARow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to string
		change   func(*escrow.Arrival)
	}{
		"masked":          {`722000126`, `"2547 ***** 126"`, func(a *escrow.Arrival) { a.Payer = "2547*****126" }},
		"in full":         {`722000126`, `254722000126`, func(*escrow.Arrival) {}},
		"as text":         {`722000126`, `"722000126"`, func(*escrow.Arrival) {}},
		"too short":       {`722000126`, `72200000`, func(a *escrow.Arrival) { a.Payer = "" }},
		"no zone":         {`12:13:25Z`, `12:13:25`, func(*escrow.Arrival) {}},
		"a space":         {`2026-11-23T12:13:25Z`, `2026-11-23 12:13:25`, func(*escrow.Arrival) {}},
		"another time":    {`2026-11-23T12:13:25Z`, `yesterday`, func(a *escrow.Arrival) { a.At = time.Time{} }},
		"a number":        {`"1500.00"`, `1500`, func(*escrow.Arrival) {}},
		"no account":      {`"40718263"`, `null`, func(a *escrow.Arrival) { a.Account = "" }},
		"account, number": {`"40718263"`, `40718263`, func(*escrow.Arrival) {}},
		"no sender":       {`"JANE DOE"`, `""`, func(a *escrow.Arrival) { a.Name = "" }},
	} {
		want := pulledArrival()
		c.change(&want)
		row := strings.Replace(pulledRow, c.from, c.to, 1)
		d := newDaraja(t, once(statement("["+row+"]")))
		got, err := newClient(t, config(t, d.URL), &memory{}).Statement(t.Context(), noon().Add(-time.Hour), noon())
		if err != nil || len(got) != 1 || row == pulledRow {
			t.Errorf("%s: %v, %v", name, got, err)
			continue
		}
		same(t, name, got[0], want)
	}
}

// rowsOf are n different payments, from the first on.
func rowsOf(first, n int) string {
	var rows []string
	for i := range n {
		rows = append(rows, strings.Replace(pulledRow, "TKL51ZDR4F", fmt.Sprintf("TKL5%06d", first+i), 1))
	}
	return "[[" + strings.Join(rows, ",") + "]]"
}

// TestAStatementIsReadToItsEnd: pages of any size, and more than fits in any
// other answer.
func TestAStatementIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	const all = 1000
	for _, size := range []int{1000, 400, 7} {
		d := newDaraja(t, func(w http.ResponseWriter, r request) {
			offset, err := strconv.Atoi(strings.Split(strings.Split(r.body, `"OffSetValue":"`)[1], `"`)[0])
			if err != nil {
				t.Error(err)
			}
			if offset >= all {
				_, _ = io.WriteString(w, pulledNone)
				return
			}
			_, _ = io.WriteString(w, statement(rowsOf(offset, min(size, all-offset))))
		})
		cfg := config(t, d.URL)
		got, err := newClient(t, cfg, &memory{token: "t"}).Statement(t.Context(), noon().Add(-mobilemoney.Reach), noon())
		if err != nil || len(got) != all || got[all-1].Receipt != "TKL5000999" {
			t.Errorf("pages of %d: %d payments, %v", size, len(got), err)
		}
	}
	for name, answer := range map[string]func(http.ResponseWriter, request){
		"takes no offset": fixed(http.StatusOK, statement(rowsOf(0, 3))),
		"ends empty":      once(statement(rowsOf(0, 3))),
		"tells twice":     once(statement("[" + strings.Trim(rowsOf(0, 3), "[]") + ",[" + strings.Trim(rowsOf(0, 2), "[]") + "]]")),
	} {
		d := newDaraja(t, answer)
		got, err := newClient(t, config(t, d.URL), &memory{}).Statement(t.Context(), noon().Add(-time.Hour), noon())
		if err != nil || len(got) != 3 || len(d.at(pathPull)) != 2 {
			t.Errorf("%s: %d payments in %d pages, %v", name, len(got), len(d.at(pathPull)), err)
		}
	}
}

func TestARowThatCannotBeReadIsToldOf(t *testing.T) {
	t.Parallel()
	var book logbook
	for _, bad := range []string{`"transactionId":"TKL51ZDR4F"`, `"amount":"1500.00"`} {
		row := strings.Replace(pulledRow, bad, `"x":"y"`, 1)
		d := newDaraja(t, once(statement("[["+row+","+strings.Replace(pulledRow, "4F", "5F", 1)+"]]")))
		cfg := config(t, d.URL)
		cfg.Logger = book.logger()
		got, err := newClient(t, cfg, &memory{}).Statement(t.Context(), noon().Add(-time.Hour), noon())
		if err != nil || len(got) != 1 || !strings.Contains(book.String(), "cannot be read") || strings.Contains(book.String(), "JANE") {
			t.Errorf("%v, %v, logged %s", got, err, book.String())
		}
	}
}

func TestAStatementThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"error":          {400, envelope("400.001", "Bad Request")},
		"another code":   {200, `{"ResponseCode":"1003","Response":[[` + pulledRow + `]]}`},
		"no code":        {200, `{"Response":[[` + pulledRow + `]]}`},
		"the request":    {200, `{"ShortCode":"174379","StartDate":"2026-11-23 11:30:00"}`},
		"broken rows":    {200, statement(`[[{"transactionId":"TKL51ZDR4F"`)},
		"rows of text":   {200, statement(`[["TKL51ZDR4F"]]`)},
		"trouble inside": {500, statement("[[" + pulledRow + "]]")},
		"firewall":       {403, firewall},
		"spike":          {429, spikeArrest},
		"nothing":        {200, ""},
	} {
		d := newDaraja(t, fixed(c.status, c.body))
		got, err := newClient(t, config(t, d.URL), &memory{}).Statement(t.Context(), noon().Add(-time.Hour), noon())
		if _, ok := errors.AsType[*mobilemoney.AnswerError](err); !ok || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, none := range []string{pulledNone, `{"ResponseCode":"1000","Response":[[]]}`, `{"ResponseCode":1001}`} {
		d := newDaraja(t, fixed(200, none))
		got, err := newClient(t, config(t, d.URL), &memory{}).Statement(t.Context(), noon().Add(-time.Hour), noon())
		if err != nil || got != nil {
			t.Errorf("%s: %v, %v", none, got, err)
		}
	}
	d := newDaraja(t, fixed(200, pulledNone))
	_, err := newClient(t, config(t, d.URL), &memory{}).Statement(t.Context(), noon().Add(-mobilemoney.Reach-time.Second), noon())
	same(t, "too old", errors.Is(err, mobilemoney.ErrTooOld), true)
	same(t, "requests", len(d.requests), 0)
}

func TestTheStatementIsRegistered(t *testing.T) {
	t.Parallel()
	for body, known := range map[string]bool{
		`{"ResponseRefID":"x","ResponseStatus":"1000","ShortCode":"174379","ResponseDescription":"Shortcode Registered Successfully"}`: false,
		`{"ResponseRefID":"x","ResponseStatus":"1001","ShortCode":"174379","ResponseDescription":"Shortcode already registered"}`:      true,
		`{"ResponseRefID":"x","ResponseCode":1001}`: true,
	} {
		d := newDaraja(t, fixed(200, body))
		got, err := newClient(t, config(t, d.URL), &memory{}).RegisterPull(t.Context(), "0722000000")
		if err != nil || got != known {
			t.Errorf("%s: %t, %v", body, got, err)
		}
		same(t, "body", d.at(pathPullRegister)[0].body, `{"ShortCode":"174379","RequestType":"Pull","NominatedNumber":"0722000000","CallBackURL":"https://pay.example.co.ke`+
			tillPath(firstKey, "pull")+`"}`)
	}
	for _, body := range []string{"", "{}", `{"ResponseStatus":"1002"}`, envelope("401.001", "x"), `{"ResponseStatus":"1000","ResponseCode":"1000"}`} {
		d := newDaraja(t, fixed(200, body))
		if _, err := newClient(t, config(t, d.URL), &memory{}).RegisterPull(t.Context(), "0722000000"); err == nil {
			t.Errorf("%s counts as registered", body)
		}
	}
}

// TestAPaymentIsConfirmedByAskingForIt: what was posted to us is believed when
// M-Pesa says the same, asked by us.
func TestAPaymentIsConfirmedByAskingForIt(t *testing.T) {
	t.Parallel()
	query := func(code string) string {
		return `{"ResponseCode":"0","CheckoutRequestID":"` + checkoutID + `","ResultCode":"` + code + `"}`
	}
	prompt, paid := transfer(escrow.Collect), transfer(escrow.Collect)
	paid.Method, paid.ProviderID = escrow.MethodPayBill, ""
	lost := prompt
	lost.ProviderID = ""
	good := statement("[[" + pulledRow + "]]")
	for name, c := range map[string]struct {
		asked            escrow.Transfer
		query, statement string
		want             escrow.Verdict
		queries, pulls   int
	}{
		"the prompt was paid":     {prompt, query("0"), pulledNone, escrow.Moved, 1, 0},
		"contradicting query":     {prompt, query("1037"), good, escrow.Moved, 1, 2},
		"query without an answer": {prompt, envelope("500.001.1001", ""), good, escrow.Moved, 1, 2},
		"neither":                 {prompt, query("1037"), pulledNone, escrow.NoAnswer, 1, 1},
		"a lost prompt":           {lost, query("0"), good, escrow.Moved, 0, 2},
		"by PayBill":              {paid, query("0"), good, escrow.Moved, 0, 2},
		"forged":                  {paid, query("0"), pulledNone, escrow.NoAnswer, 0, 1},
		"another amount":          {paid, query("0"), strings.Replace(good, "1500.00", "1499.00", 1), escrow.NoAnswer, 0, 2},
		"another receipt":         {paid, query("0"), strings.Replace(good, "TKL51ZDR4F", "TKL51ZDR4G", 1), escrow.NoAnswer, 0, 2},
		"nobody answers":          {paid, firewall, firewall, escrow.NoAnswer, 0, 1},
	} {
		d := newDaraja(t, func(w http.ResponseWriter, r request) {
			if r.path == pathQuery {
				_, _ = io.WriteString(w, c.query)
				return
			}
			once(c.statement)(w, r)
		})
		at := time.Date(2026, 11, 23, 12, 13, 25, 0, escrow.EAT)
		got := newClient(t, config(t, d.URL), &memory{}).Confirm(t.Context(), "TKL51ZDR4F", 150_000, at, c.asked)
		same(t, name, got, c.want)
		same(t, name+" queries", len(d.at(pathQuery)), c.queries)
		same(t, name+" pulls", len(d.at(pathPull)), c.pulls)
	}
}

func TestTheStatementIsAskedAroundThePayment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at       time.Time
		from, to string
	}{
		"just now":       {noon().Add(-time.Minute), "2026-11-23 15:14:00", "2026-11-23 15:44:00"},
		"no time":        {time.Time{}, "2026-11-23 15:15:00", "2026-11-23 15:45:00"},
		"a clock ahead":  {noon().Add(3 * time.Hour), "2026-11-23 15:15:00", "2026-11-23 15:45:00"},
		"two days ago":   {noon().Add(-48 * time.Hour), "2026-11-21 15:31:00", "2026-11-21 15:45:00"},
		"three days ago": {noon().Add(-72 * time.Hour), "", ""},
	} {
		d := newDaraja(t, fixed(200, pulledNone))
		asked := transfer(escrow.Collect)
		asked.Method = escrow.MethodPayBill
		same(t, name, newClient(t, config(t, d.URL), &memory{}).Confirm(t.Context(), "TKL51ZDR4F", 150_000, c.at, asked), escrow.NoAnswer)
		sent := d.at(pathPull)
		if c.from == "" {
			same(t, name, len(sent), 0)
			continue
		}
		window := decoded(t, sent[0].body)
		same(t, name, window["StartDate"], any(c.from))
		same(t, name, window["EndDate"], any(c.to))
	}
}

package simulator

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"
)

// resultAfter pays out under faults and returns the result's bytes.
func resultAfter(t *testing.T, f Faults) string {
	t.Helper()
	w := newWorld(t)
	w.fund("500")
	w.sim.SetFaults(f)
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	return w.gateway.wait(t, "/cb/r/1", 1)[0].body
}

func TestResultShapes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults    Faults
		has, lack string
	}{
		"as documented": {Faults{}, `"ReferenceItem":{"Key"`, `0000000"`},
		"bare":          {Faults{BareResults: true}, `"ResultCode":0`, "ResultParameters"},
		"generic id":    {Faults{GenericIDs: true}, `0000000"`, `"TransactionID":""`},
		"lists":         {Faults{FlipLists: true}, `"ReferenceItem":[{"Key"`, `"ReferenceItem":{`},
		"types":         {Faults{FlipTypes: true}, `"ResultCode":"0"`, `"Value":100`},
	} {
		body := resultAfter(t, c.faults)
		if !strings.Contains(body, c.has) || strings.Contains(body, c.lack) {
			t.Errorf("%s: %s", name, body)
		}
	}
}

func TestInterimComesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{Interim: true}))
	w.fund("500")
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	types := map[int]int{}
	for _, h := range w.gateway.wait(t, "/cb/r/1", 2) {
		types[decode[resultCallback](t, h.body).Result.ResultType]++
	}
	same2(t, "interim", types[1], 1)
	same2(t, "final", types[0], 1)
}

func TestReshape(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in, want     string
		lists, types bool
	}{
		"list of one":   {`{"ResultParameter":[{"Key":"A"}]}`, `{"ResultParameter":{"Key":"A"}}`, true, false},
		"list of two":   {`{"ResultParameter":[1,2]}`, `{"ResultParameter":[1,2]}`, true, false},
		"lone element":  {`{"ReferenceItem":{"Key":"A"}}`, `{"ReferenceItem":[{"Key":"A"}]}`, true, false},
		"numbers":       {`{"Value":1500.00}`, `{"Value":"1500.00"}`, false, true},
		"codes":         {`{"ResponseCode":"0","ResultCode":"C2B00012"}`, `{"ResponseCode":0,"ResultCode":"C2B00012"}`, false, true},
		"leading zero":  {`{"BillRefNumber":"0712"}`, `{"BillRefNumber":"0712"}`, false, true},
		"other strings": {`{"MSISDN":"254"}`, `{"MSISDN":"254"}`, false, true},
		"not JSON":      {`<html>`, `<html>`, true, true},
		"nothing asked": {`{ "a" : 1 }`, `{ "a" : 1 }`, false, false},
	} {
		same2(t, name, string(reshape([]byte(c.in), c.lists, c.types)), c.want)
	}
}

func TestAnswerFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.query("x") // buys the token
	ask := func(f Faults) reply {
		w.sim.SetFaults(f)
		r, err := w.fetch(http.MethodPost, "/sim/daraja"+pathSTK, "application/json", encode(t, w.stkFields("100")),
			"Authorization", "Bearer "+w.token)
		must(t, err)
		return r
	}
	before := ask(Faults{HTML503: true})
	same2(t, "firewall", before.status, http.StatusServiceUnavailable)
	if !strings.Contains(before.body, "Incapsula") || w.phone(buyer).Prompt != nil {
		t.Errorf("%s, prompt %v", before.body, w.phone(buyer).Prompt)
	}
	after := ask(Faults{HTML503After: true})
	same2(t, "the same page", after.body, before.body)
	if w.phone(buyer).Prompt == nil {
		t.Error("no prompt after an answer that was lost")
	}
	refused := ask(Faults{Envelope200: true})
	same2(t, "status", refused.status, http.StatusOK)
	same2(t, "code", decode[envelope](t, refused.body).ErrorCode, "500.001.1001")
	w.do(buyer, "prompt", fields{"cancel": true})
	turned := ask(Faults{FlipTypes: true})
	if !strings.Contains(turned.body, `"ResponseCode":0,`) {
		t.Error(turned.body)
	}
}

func TestDroppedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := w.paid("500")
	w.sim.SetFaults(Faults{DropB2CResponse: true, DropReversalResponse: true})
	for path, body := range map[string]fields{
		pathB2C: w.b2cFields("id-1", "100"), pathReversal: w.reversalFields(receipt, "500"),
	} {
		if r, err := w.fetch(http.MethodPost, "/sim/daraja"+path, "application/json", encode(t, body),
			"Authorization", "Bearer "+w.token); err == nil {
			t.Errorf("%s answered %d %s", path, r.status, r.body)
		}
	}
	w.gateway.wait(t, "/cb/r/1", 1)
	w.gateway.wait(t, "/cb/v/1", 1)
}

// TestNumbersOrStrings refuses what one of the two stricter simulators would.
func TestNumbersOrStrings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{StringsOnly: true}))
	_, answer := w.post(pathSTK, w.stkFields("100").with("Amount", 100))
	same2(t, "number", answer["errorMessage"], any("Bad Request - Invalid Amount"))
	w.push("100")
	w.sim.SetFaults(Faults{NumbersOnly: true})
	_, answer = w.post(pathB2C, w.b2cFields("id-1", "100"))
	same2(t, "string", answer["errorMessage"], any("Bad Request - Invalid Amount"))
	status, _ := w.post(pathB2C, w.b2cFields("id-1", "").with("Amount", 100).with("PartyA", 600992).with("PartyB", 254733111222))
	same2(t, "numbers", status, http.StatusOK)
}

func (w *world) freshToken() string {
	w.t.Helper()
	_, body, _ := w.call(http.MethodGet, "/sim/daraja/oauth/v1/generate?grant_type=client_credentials", "", "",
		"Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("key:secret")))
	return decode[tokenAnswer](w.t, body).AccessToken
}

// TestTokenCodes refuses a token in the words of each family of APIs.
func TestTokenCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.token = "stale"
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		pathSTK: {404, "404.001.03"}, pathQuery: {404, "404.001.03"}, pathReversal: {404, "404.001.03"},
		pathStatus: {400, "400.003.01"}, pathRegister: {400, "400.003.01"},
		pathB2C: {401, "401.002.01"}, pathBalance: {401, "401.002.01"}, pathPull: {401, "401.001"},
	} {
		status, answer := w.post(path, fields{})
		same2(t, path, status, want.status)
		same2(t, path, answer["errorCode"], any(want.code))
	}
	_, answer := w.post(pathB2C, fields{})
	same2(t, "echo", answer["errorMessage"], any("Error Occurred - Invalid Access Token - stale"))
	w.sim.SetFaults(Faults{RotateTokenCodes: true})
	seen := map[any]bool{}
	for range 5 {
		_, answer := w.post(pathSTK, fields{})
		seen[answer["errorCode"]] = true
	}
	same2(t, "spellings", len(seen), 5)
}

func TestTokenFaults(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	first := w.freshToken()
	second := w.freshToken()
	valid := func(token string) bool { return w.sim.tokens.valid(token, clk.now()) }
	same2(t, "both", valid(first) && valid(second), true)
	w.sim.SetFaults(Faults{MintKillsTokens: true, TokenSeconds: 10})
	third := w.freshToken()
	same2(t, "only the last", valid(third) && !valid(first) && !valid(second), true)
	clk.advance(10 * time.Second)
	same2(t, "expired early", valid(third), false)
	w.sim.SetFaults(Faults{TokenNumber: true})
	_, body, _ := w.call(http.MethodGet, "/sim/daraja/oauth/v1/generate?grant_type=client_credentials", "", "",
		"Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("key:secret")))
	if !strings.Contains(body, `"expires_in":3599}`) {
		t.Error(body)
	}
}

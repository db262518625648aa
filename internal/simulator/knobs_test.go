package simulator

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

const jsonType = "application/json"

func TestFaultsAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, body, _ := w.call(http.MethodGet, "/sim/faults", "", "")
	same2(t, "a good day", decode[Faults](t, body), Faults{})
	status, body, _ := w.call(http.MethodPost, "/sim/faults", jsonType, `{"queryLimit":true,"inFlight":"B"}`)
	same2(t, "status", status, http.StatusOK)
	same2(t, "turned", decode[Faults](t, body), Faults{QueryLimit: true, InFlight: "B"})
	w.call(http.MethodPost, "/sim/faults", jsonType, `{"inFlight":""}`)
	same2(t, "the other stays", w.sim.CurrentFaults(), Faults{QueryLimit: true})
	for name, bad := range map[string]string{"no such knob": `{"x":1}`, "no such value": `{"dropPercent":"x"}`, "half": `{`} {
		status, _, _ := w.call(http.MethodPost, "/sim/faults", jsonType, bad)
		same2(t, name, status, http.StatusBadRequest)
	}
	status, _, _ = w.call(http.MethodPost, "/sim/faults", contentForm, `{"html503":true}`)
	same2(t, "a form", status, http.StatusUnsupportedMediaType)
	same2(t, "nothing turned", w.sim.CurrentFaults(), Faults{QueryLimit: true})
	w.call(http.MethodDelete, "/sim/faults", "", "")
	same2(t, "reset", w.sim.CurrentFaults(), Faults{})
}

// TestEveryKnobHasAName keeps the API from losing one.
func TestEveryKnobHasAName(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for field := range reflect.TypeFor[Faults]().Fields() {
		name := field.Tag.Get("json")
		if name == "" || names[name] {
			t.Errorf("%s is called %q", field.Name, name)
		}
		names[name] = true
	}
}

// TestBankAPI is what an auditor outside of this process reads.
func TestBankAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund("500")
	w.post(pathB2C, w.b2cFields("id-1", "200"))
	status, body, _ := w.call(http.MethodGet, "/sim/bank", "", "")
	same2(t, "status", status, http.StatusOK)
	read := decode[Statement](t, body)
	same2(t, "statement", encode(t, read), encode(t, w.adds()))
	must(t, read.Check())
	if !strings.Contains(body, `"lines":[{"id":1,"at":"`) {
		t.Error(body)
	}
}

func TestFloatAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund("500")
	status, body, _ := w.call(http.MethodPost, "/sim/bank/float", jsonType, `{"from":"utility","to":"working","cents":30050}`)
	same2(t, "status", status, http.StatusOK)
	same2(t, "utility", decode[Statement](t, body).UtilityCents, 199_50)
	same2(t, "working", decode[Statement](t, body).WorkingCents, 300_50)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"too much": {`{"from":"utility","to":"working","cents":19951}`, http.StatusConflict},
		"nothing":  {`{"from":"utility","to":"working","cents":0}`, http.StatusBadRequest},
		"nowhere":  {`{"from":"utility","to":"utility","cents":1}`, http.StatusBadRequest},
		"no place": {`{"from":"charges","to":"utility","cents":1}`, http.StatusBadRequest},
	} {
		status, _, _ := w.call(http.MethodPost, "/sim/bank/float", jsonType, c.body)
		same2(t, name, status, c.status)
	}
	w.call(http.MethodPost, "/sim/bank/float", jsonType, `{"from":"working","to":"cash","cents":30050}`)
	st := w.adds()
	same2(t, "withdrawn", st.WorkingCents, 0)
	same2(t, "kind", st.Movements[len(st.Movements)-1].Kind, bank.KindOpening)
}

package main

import (
	"fmt"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/mobilemoney"
)

// A question for the balance that M-Pesa refuses for our initiator stops whatever
// it signs. That it may not put the question, or that an answer cannot be read, is
// for a person alone.
func TestAQuestionForTheBalanceThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ answer, halts, items string }{
		"wrong initiator": {
			`{"Result":{"ResultType":0,"ResultCode":2001,"ResultDesc":"The initiator information is invalid."}}`,
			"[initiator]", "[payouts_halted]",
		},
		"without the role": {
			`{"Result":{"ResultType":0,"ResultCode":21,"ResultDesc":"The initiator is not allowed."}}`,
			"[]", "[provider_alarm]",
		},
		"not to be read": {`{"Result":{"ResultType":0,"ResultCode":0}}`, "[]", "[provider_alarm]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, inbox := inbox(t)
			for n := range 2 {
				if err := inbox.work(t.Context(), keep(t, w, mobilemoney.KindBalance, fmt.Sprintf("k%d", n), test.answer)); err != nil {
					t.Fatal(err)
				}
			}
			halts, err := w.Service.Halts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			kinds := []escrow.HaltKind{}
			for _, h := range halts {
				kinds = append(kinds, h.Kind)
			}
			if fmt.Sprint(kinds) != test.halts || fmt.Sprint(w.Items()) != test.items {
				t.Errorf("halts %v and items %v, want %s and %s", kinds, w.Items(), test.halts, test.items)
			}
		})
	}
}

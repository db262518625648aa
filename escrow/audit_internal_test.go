package escrow

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Who can write to the trail can also seal what they write. Then the hash of every
// later event is another one, and the head, which the contract keeps, as well.
func TestASealedForgeryBreaksTheChain(t *testing.T) {
	t.Parallel()
	var events []AuditEvent
	var head []byte
	for i := range 4 {
		e := AuditEvent{
			ID: uuid.New(), Seq: int64(i) + 1, At: time.UnixMicro(int64(i)), Actor: uuid.New(),
			Channel: ChannelUSSD, Event: "note", From: "delivered", To: "delivered", Detail: "as it was", Prev: head,
		}
		e.Hash = e.seal()
		events, head = append(events, e), e.Hash
	}
	if bad := Verify(events, head); bad != 0 {
		t.Fatalf("event %d of an untouched chain is broken", bad)
	}
	for i := range events {
		forged := slices.Clone(events)
		forged[i].Detail = "as it suits"
		forged[i].Hash = forged[i].seal()
		if i+1 < len(forged) {
			forged[i+1].Prev = forged[i].Hash
		}
		if bad := Verify(forged, head); bad == 0 {
			t.Errorf("event %d, forged and sealed again, is taken", i+1)
		}
	}
}

package ussd_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/voicepact/gateway/internal/gsm7"
)

// FuzzHop sends any body: the answer is a screen that fits, or names what is
// wrong with the request; it is never a fault of ours.
func FuzzHop(f *testing.F) {
	f.Add(firstHop)
	f.Add("text=1*1&" + strings.Replace(firstHop, "&text=", "", 1))
	f.Add("sessionId=x&phoneNumber=0712000001&text=1234*1**98*00*0")
	f.Add("%zz=&=&;")
	x := newSmallExchange(f)
	f.Fuzz(func(t *testing.T, body string) {
		x.tb = t // targets run one after the other
		status, screen, _ := x.post("/ussd", body, "")
		switch status {
		case http.StatusOK:
			n, ok := gsm7.Septets(screen)
			whole := strings.HasPrefix(screen, "CON ") || strings.HasPrefix(screen, "END ")
			if !ok || n > 160 || !whole || strings.HasPrefix(screen, "END Sorry") {
				t.Errorf("%q is answered %q", body, screen)
			}
		case http.StatusBadRequest:
		default:
			t.Errorf("%q is answered %d", body, status)
		}
		x.flush()
	})
}

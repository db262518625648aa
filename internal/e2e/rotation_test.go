package e2e_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/voicepact/gateway/internal/guard"
)

// Secrets and keys are replaced while a prompt is on the buyer's phone: its
// callback comes to the old address, the next one to the new, and in between both
// work.
func TestSecretsAreReplacedInTheMiddleOfADeal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	newSecret, newKey := strings.Repeat("9a", 16), strings.Repeat("9b", 32)
	oldKey := r.get("CALLBACK_KEYS")
	first := r.startGateway()
	seller, buyer := r.person(otieno), r.person(amina)
	r.introduce(otieno, amina)
	ref := proposes(t, seller, buyer)
	agrees(t, buyer, ref)
	wantScreen(t, buyer.dial("1"), ref, "1. Pay by M-Pesa")
	buyer.answer("1")
	buyer.isPrompted() // the address of its callback carries the old key
	first.stop(syscall.SIGTERM)

	r.set("CALLBACK_SECRETS", newSecret+","+pathSecret)
	r.set("CALLBACK_KEYS", newKey+","+oldKey)
	second := r.startGateway()
	buyer.enterPIN(amina.PIN)
	buyer.receives(ref, "held safe")
	for secret, want := range map[string]int{pathSecret: http.StatusOK, newSecret: http.StatusOK, strings.Repeat("9c", 16): http.StatusNotFound} {
		if got := r.dials(secret, nil); got != want {
			t.Errorf("with both secrets a call to %.4s… is answered %d, want %d", secret, got, want)
		}
	}
	delivers(t, seller, buyer, ref)
	accepts(t, buyer, ref)
	isPaid(t, seller, buyer, ref) // by a callback under the new key
	second.stop(syscall.SIGTERM)

	r.set("CALLBACK_SECRETS", newSecret)
	r.startGateway()
	for secret, want := range map[string]int{pathSecret: http.StatusNotFound, newSecret: http.StatusOK} {
		if got := r.dials(secret, nil); got != want {
			t.Errorf("with the new secret a call to %.4s… is answered %d, want %d", secret, got, want)
		}
	}
	r.prove(r.openStore())
}

// dials posts a USSD hop to the callback under the secret, and returns the status.
func (r *rig) dials(secret string, sign func(body []byte) string) int {
	r.t.Helper()
	body := []byte("sessionId=ATUid_" + hex.EncodeToString([]byte(r.t.Name() + secret))[:32] +
		"&phoneNumber=%2B254712000001&serviceCode=*384*12345%23&text=")
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.balancer.url()+"/at/"+secret+"/ussd", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if sign != nil {
		request.Header.Set(guard.Header, sign(body))
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	_, _ = io.Copy(io.Discard, reply.Body)
	return reply.StatusCode
}

// A group that asks for signatures lets nobody in without, and the other group
// is not concerned; keys are replaced like secrets.
func TestAGroupCanAskForSignaturesAndAddresses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := bytes.Repeat([]byte{0xa1}, 32), bytes.Repeat([]byte{0xa2}, 32)
	r.env = append(r.env,
		"AT_WEBHOOK_SIGNING_KEYS="+hex.EncodeToString(first)+","+hex.EncodeToString(second),
		"DARAJA_ALLOWED_CIDRS=196.201.214.0/24", "TRUSTED_PROXIES=127.0.0.1")
	gateway := r.startGateway()
	by := func(key []byte, at time.Time) func([]byte) string {
		return func(body []byte) string { return guard.Sign(key, body, at) }
	}
	for name, test := range map[string]struct {
		sign func([]byte) string
		want int
	}{
		"unsigned": {nil, http.StatusNotFound}, "the first key": {by(first, time.Now()), http.StatusOK},
		"the second key": {by(second, time.Now()), http.StatusOK}, "another key": {by([]byte("other"), time.Now()), http.StatusNotFound},
		"an hour old": {by(first, time.Now().Add(-time.Hour)), http.StatusNotFound},
	} {
		if got := r.dials(pathSecret, test.sign); got != test.want {
			t.Errorf("%s: answered %d, want %d", name, got, test.want)
		}
	}
	// The balancer of the rig names nobody whom it forwards for.
	if got := send(t, http.MethodPost, r.balancer.url()+"/mm/stk/x/y", "application/json", "{}").Status; got != http.StatusNotFound {
		t.Errorf("a callback from elsewhere is answered %d", got)
	}
	said := gateway.output.String()
	for _, want := range []string{`"group":"africastalking"`, `"group":"daraja"`, `"why":"address not allowed"`, `"from":"127.0.0.1"`} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %s", want)
		}
	}
	for _, secret := range []string{pathSecret, "254712000001", hex.EncodeToString(first)} {
		if strings.Contains(said, secret) {
			t.Errorf("the log shows %s", secret)
		}
	}
}

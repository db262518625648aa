package e2e_test

import (
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store/storetest"
)

func TestADealOnTwoGateways(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := r.startGateway(), r.startGateway()
	seller, buyer := r.person(otieno), r.person(amina)
	r.introduce(otieno, amina)
	ref := proposes(t, seller, buyer)
	agrees(t, buyer, ref)
	pays(t, buyer, ref, amina.PIN)
	delivers(t, seller, buyer, ref)
	accepts(t, buyer, ref)
	isPaid(t, seller, buyer, ref)
	first.stop(syscall.SIGTERM)
	second.stop(syscall.SIGTERM)
	r.prove(r.openStore())
	wantNothingSecret(t, first, second)
}

func TestADealBySMSInKiswahiliOutlivesAKilledGateway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.startGateway()
	r.startGateway()
	seller, buyer := r.person(otieno), r.person(amina)
	r.introduce(otieno, amina)
	ref := proposes(t, seller, buyer)

	buyer.receives(ref, "Maize 1 bag")
	buyer.text("kubali " + ref)
	buyer.receives(ref, "LIPA "+ref)
	buyer.text("Lipa-" + ref)
	buyer.isPrompted()
	first.kill()
	buyer.enterPIN(amina.PIN)
	seller.receives(ref, "CONFIRM "+ref)
	seller.text("confirm" + ref)
	code := regexp.MustCompile(`KUBALI ` + ref + ` (\d{4})`).FindStringSubmatch(buyer.receives("KUBALI " + ref + " "))
	if code == nil {
		t.Fatal("the delivery notice carries no release code")
	}
	buyer.text(strings.Join([]string{"KUBALI", ref, code[1]}, " "))
	seller.receives("Ksh3,500 sent to your M-Pesa for " + ref)
	wantWallet(t, seller, otieno.WalletCents+priceCents)
	wantWallet(t, buyer, amina.WalletCents-priceCents)
	r.prove(r.openStore())
}

// wantNothingSecret looks for what no log may hold: numbers, names, PINs,
// secrets, callback paths; and for what the logs together must tell.
func wantNothingSecret(t *testing.T, processes ...*process) {
	t.Helper()
	var all strings.Builder
	for _, p := range processes {
		text := p.output.String()
		all.WriteString(text)
		for _, secret := range []string{
			"254712000001", "0712000001", "254722000418", "Amina", "Otieno", pathSecret, "/mm/", "at-key",
			"consumer-secret", "Initiator#1", "passkey", "Maize",
		} {
			if strings.Contains(text, secret) {
				t.Errorf("the log shows %q", secret)
			}
		}
	}
	// Which of them does a job is chance.
	for _, told := range []string{`"msg":"contract"`, `"msg":"transfer submitted"`, `"msg":"message sent"`} {
		if !strings.Contains(all.String(), told) {
			t.Errorf("no log tells %s", told)
		}
	}
}

func TestAStartThatCannotWorkSaysWhy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	without := func(name string) []string {
		var env []string
		for _, pair := range r.env {
			if !strings.HasPrefix(pair, name+"=") {
				env = append(env, pair)
			}
		}
		return env
	}
	for name, test := range map[string]struct {
		env  []string
		args []string
		want string
	}{
		"a missing key":        {without("DATA_KEY"), []string{"serve", "--allow-simulator"}, "DATA_KEY"},
		"a missing API key":    {without("AT_API_KEY"), []string{"serve", "--allow-simulator"}, "AT_API_KEY"},
		"nothing set":          {nil, []string{"serve"}, "DARAJA_PASSKEY"},
		"a simulator":          {r.env, []string{"serve"}, "DARAJA_BASE_URL must be https"},
		"embedded storage":     {append(without("DATABASE_URL"), "DATABASE_URL=sqlite:x"), []string{"serve", "--allow-simulator"}, "DATABASE_URL"},
		"no such database":     {append(without("DATABASE_URL"), "DATABASE_URL=postgres://127.0.0.1:1/x?sslmode=disable"), []string{"serve", "--allow-simulator"}, "PostgreSQL"},
		"a role that owns it":  {append(without("DATABASE_URL"), "DATABASE_URL="+storetest.PostgresURL(t)), []string{"serve", "--allow-simulator"}, "voicepact migrate --app-role NAME"},
		"a schema that is old": {append(without("DATABASE_URL"), "DATABASE_URL="+testkit.Postgres(t)), []string{"serve", "--allow-simulator"}, "voicepact migrate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, test.env, test.args...)
			if code := p.exit(); code == 0 || !strings.Contains(p.output.String(), test.want) {
				t.Errorf("ended with %d, saying\n%s", code, p.output)
			}
		})
	}
}

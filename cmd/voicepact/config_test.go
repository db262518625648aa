package main

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// complete is an environment that production starts with.
func complete() map[string]string {
	key := func(b byte) string { return strings.Repeat(hex.EncodeToString([]byte{b}), keyBytes) }
	return map[string]string{
		"PUBLIC_URL": "https://pay.example.org", "DATABASE_URL": "postgres://db/voicepact?sslmode=verify-full",
		"REDIS_URL": "redis://redis:6379/0", "CALLBACK_SECRETS": strings.Repeat("ab", 16),
		"CALLBACK_KEYS": key(1) + "," + key(2), "DATA_KEY": key(3), "LOOKUP_KEY": key(4), "CODE_KEY": key(5),
		"SIGNING_KEY":       key(6),
		"USSD_SERVICE_CODE": "*384*12345#", "HELP_PHONE": "0700000000",
		"AT_USERNAME": "app", "AT_API_KEY": "key", "AT_SENDER": "40404",
		"DARAJA_CONSUMER_KEY": "key", "DARAJA_CONSUMER_SECRET": "secret", "DARAJA_SHORTCODE": "600992",
		"DARAJA_PASSKEY": "passkey", "DARAJA_B2C_SHORTCODE": "600993", "DARAJA_INITIATOR": "api",
		"DARAJA_INITIATOR_PASSWORD": "password", "DARAJA_CERTIFICATE_FILE": "certificate.pem",
	}
}

func environ(values map[string]string) []string {
	var list []string
	for name, value := range values {
		list = append(list, name+"="+value)
	}
	return list
}

func TestACompleteEnvironmentIsTaken(t *testing.T) {
	t.Parallel()
	cfg, err := readConfig(environ(complete()))
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.checkProduction(false); err != nil {
		t.Error(err)
	}
	if len(cfg.CallbackKeys) != 2 || cfg.ListenAddr != ":8080" || cfg.Daraja.BaseURL != "https://api.safaricom.co.ke" {
		t.Errorf("read %+v", cfg)
	}
	if text := fmt.Sprintf("%v %+v", cfg.DataKey, cfg.CallbackKeys); strings.Contains(text, "03") {
		t.Errorf("a key prints itself: %s", text)
	}
}

func TestEveryMissingVariableIsNamed(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(complete())) {
		for _, value := range []string{"", "unset"} {
			values := complete()
			if values[name] = value; value == "unset" {
				delete(values, name)
			}
			if _, err := readConfig(environ(values)); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("without %s: %v", name, err)
			}
		}
	}
	_, err := readConfig(nil)
	for _, name := range slices.Sorted(maps.Keys(complete())) {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("with nothing set, %s is not named: %v", name, err)
		}
	}
}

// Each provider has its own guard, and an empty variable asks for nothing.
func TestWhoMayCallBack(t *testing.T) {
	t.Parallel()
	values := complete()
	values["TRUSTED_PROXIES"], values["AT_ALLOWED_CIDRS"] = "10.0.0.0/8", ""
	values["DARAJA_ALLOWED_CIDRS"] = "196.201.214.0/24,196.201.212.127"
	values["AT_WEBHOOK_SIGNING_KEYS"] = strings.Repeat("07", keyBytes) + "," + strings.Repeat("08", keyBytes)
	values["SIGNING_KEYS_BEFORE"] = ""
	cfg, err := readConfig(environ(values))
	if err != nil {
		t.Fatal(err)
	}
	g, err := cfg.guards(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(len(g.talking.Allowed), len(g.talking.Keys), g.talking.Trusted, len(cfg.Earlier),
		g.money.Allowed, len(g.money.Keys), g.money.Trusted)
	if want := "0 2 [10.0.0.0/8] 0 [196.201.214.0/24 196.201.212.127/32] 0 [10.0.0.0/8]"; got != want {
		t.Errorf("read %s, want %s", got, want)
	}
}

func TestWhatProductionRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ variable, value string }{
		"embedded storage":        {"DATABASE_URL", "sqlite:voicepact.db"},
		"a short path secret":     {"CALLBACK_SECRETS", "letmein"},
		"a secret with a slash":   {"CALLBACK_SECRETS", strings.Repeat("a/", 20)},
		"an open public URL":      {"PUBLIC_URL", "http://pay.example.org"},
		"a simulated messenger":   {"AT_BASE_URL", "http://localhost/sim"},
		"a simulated bank":        {"DARAJA_BASE_URL", "http://localhost/sim"},
		"a key of another size":   {"DATA_KEY", "abcd"},
		"a placeholder for a key": {"CODE_KEY", "change-me"},
		"one key for both uses":   {"LOOKUP_KEY", strings.Repeat("03", keyBytes)},
		"one key for another use": {"SIGNING_KEY", strings.Repeat("05", keyBytes)},
		"a proxy with a name":     {"TRUSTED_PROXIES", "10.0.0.1,loadbalancer"},
		"a sender with a name":    {"AT_ALLOWED_CIDRS", "africastalking.com"},
		"a range of nothing":      {"DARAJA_ALLOWED_CIDRS", "196.201.214.0/33"},
		"a code nobody can dial":  {"USSD_SERVICE_CODE", "abc"},
		"two numbers for help":    {"HELP_PHONE", "0700 000 000 or +254700000001"},
		"a till with a name":      {"DARAJA_SHORTCODE", "shop"},
		"an unknown bouquet":      {"DARAJA_PAYBILL_BOUQUET", "roses"},
		"a payer with a name":     {"DARAJA_B2C_SHORTCODE", "shop"},
	} {
		values := complete()
		values[test.variable] = test.value
		cfg, err := readConfig(environ(values))
		if err == nil {
			err = cfg.checkProduction(false)
		}
		switch {
		case err == nil:
			t.Errorf("%s is taken", name)
		case !strings.Contains(err.Error(), test.variable):
			t.Errorf("%s: the error does not name %s: %v", name, test.variable, err)
		case strings.Contains(err.Error(), test.value) && strings.Contains(test.variable, "SECRET"):
			t.Errorf("%s: the error shows the secret: %v", name, err)
		}
	}
}

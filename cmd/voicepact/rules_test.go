package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
)

// What an operator decides at the desk, gateways carry out: both read one policy out
// of one environment, whatever it sets.
func TestTheDeskGoesByThePolicyOfTheGateway(t *testing.T) {
	t.Parallel()
	usual, err := books{}.policy(nil)
	if err != nil {
		t.Fatal(err)
	}
	for variable, value := range map[string]string{
		"HELP_PHONE": "0700000001", "CODE_ABOVE_KSH": "1", "FOUR_EYES_ABOVE_KSH": "2", "CONFIRM_ABOVE_KSH": "3",
		"PLATFORM_FEE_BPS": "4", "PLATFORM_FEE_FLAT_KSH": "5", "PLATFORM_FEE_PAYER": "seller",
		"DARAJA_PAYBILL_BOUQUET": "mgao", "DARAJA_B2C_SHORTCODE": "600992",
	} {
		values := complete()
		values[variable] = value
		cfg, err := readConfig(environ(values))
		if err != nil {
			t.Fatal(err)
		}
		desk, err := books{}.policy(environ(values))
		if err != nil || !reflect.DeepEqual(desk, cfg.policy()) {
			t.Errorf("with %s the desk has %+v, %v; the gateway %+v", variable, desk, err, cfg.policy())
		}
		usual.OneShortCode = false
		if changed := !reflect.DeepEqual(desk, usual); changed != (variable != "HELP_PHONE") {
			t.Errorf("%s changes the policy: %t", variable, changed)
		}
	}
	bad := complete()
	bad["DARAJA_PAYBILL_BOUQUET"] = "roses"
	if _, err := (books{}).policy(environ(bad)); err == nil || !strings.Contains(err.Error(), "DARAJA_PAYBILL_BOUQUET") {
		t.Errorf("an unknown bouquet is answered %v", err)
	}
}

// The data of a demonstration is looked after by its rules, not by those of an
// environment.
func TestTheDeskOfADemonstrationGoesByItsPolicy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	secrets, err := loadSecrets(filepath.Join(folder, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := demonstrated(secrets.config("http://localhost", "sqlite:x", "redis://x").policy())
	got, err := books{Data: folder}.policy([]string{"FOUR_EYES_ABOVE_KSH=1"})
	if err != nil || !reflect.DeepEqual(got, want) || got.FourEyesAbove != escrow.Shillings(devMuchMoney) {
		t.Errorf("the desk has %+v, %v; want %+v", got, err, want)
	}
}

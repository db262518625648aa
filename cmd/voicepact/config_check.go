package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// minSecret is 128 bits written in hexadecimal.
const minSecret = 32

// checkProduction refuses what must not face the world. simulated allows
// providers that are reached without TLS, which only simulators are.
func (c config) checkProduction(simulated bool) error {
	var problems []error
	if !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		problems = append(problems, errors.New("DATABASE_URL must be postgres://…: embedded storage is for `voicepact dev`"))
	}
	for _, secret := range c.CallbackSecrets {
		if len(secret) < minSecret || url.PathEscape(secret) != secret {
			problems = append(problems, fmt.Errorf(
				"CALLBACK_SECRETS: each needs at least %d letters or digits, as `openssl rand -hex 16` prints them", minSecret))
			break
		}
	}
	if bytes.Equal(c.DataKey, c.LookupKey) {
		problems = append(problems, errors.New("LOOKUP_KEY must be another key than DATA_KEY"))
	}
	if bytes.Equal(c.SigningKey, c.DataKey) || bytes.Equal(c.SigningKey, c.LookupKey) || bytes.Equal(c.SigningKey, c.CodeKey) {
		problems = append(problems, errors.New("SIGNING_KEY must be a key of its own"))
	}
	problems = append(problems, c.checkShapes()...)
	if _, err := c.guards(nil); err != nil {
		problems = append(problems, err)
	}
	for _, setting := range c.addresses() {
		if !simulated && !strings.HasPrefix(setting.address, "https://") {
			problems = append(problems, fmt.Errorf("%s must be https://… (or give --allow-simulator)", setting.name))
		}
	}
	return errors.Join(problems...)
}

// setting is one variable that holds an address.
type setting struct{ name, address string }

// addresses are those that codes and keys are sent to.
func (c config) addresses() []setting {
	all := []setting{{"PUBLIC_URL", c.PublicURL}, {"AT_BASE_URL", c.AT.BaseURL}, {"DARAJA_BASE_URL", c.Daraja.BaseURL}}
	if c.Second.URL != "" {
		all = append(all, setting{"SMS2_URL", c.Second.URL})
	}
	return all
}

// A USSD text is at most 182 septets (3GPP TS 23.038); Airtel says 184.
const minScreen, maxScreen = 160, 184

// What people dial and call, and what M-Pesa calls an account.
var (
	codeShape    = regexp.MustCompile(`^\*\d+(\*\d+)*#$`)
	helpShape    = regexp.MustCompile(`^\+?\d{3,13}$`)
	accountShape = regexp.MustCompile(`^\d{5,7}$`)
)

// checkShapes refuses what people would be told and could not use.
func (c config) checkShapes() []error {
	var problems []error
	if err := c.rulebook().check(); err != nil {
		problems = append(problems, err)
	}
	if _, err := c.Second.route(); err != nil {
		problems = append(problems, err)
	}
	if c.AT.PerSecond < 0 || c.AT.PerNumber < 0 || c.AT.LowBalance < 0 {
		problems = append(problems, errors.New("AT_PER_SECOND, AT_PER_NUMBER_PER_MINUTE and AT_LOW_BALANCE_KSH must be 0 or more"))
	}
	for network, size := range c.Screens {
		if size < minScreen || size > maxScreen {
			problems = append(problems, fmt.Errorf(
				"USSD_SCREEN_SIZES: %s has %d septets, want %d to %d", network, size, minScreen, maxScreen))
		}
	}
	for _, setting := range []struct {
		name, value, like string
		shape             *regexp.Regexp
	}{
		{"USSD_SERVICE_CODE", c.ServiceCode, "*384*12345#", codeShape},
		{"HELP_PHONE", c.HelpPhone, "0700000000", helpShape},
		{"DARAJA_SHORTCODE", c.Daraja.ShortCode, "600992", accountShape},
		{"DARAJA_B2C_SHORTCODE", c.Daraja.B2CShortCode, "600992", accountShape},
	} {
		if !setting.shape.MatchString(setting.value) {
			problems = append(problems, fmt.Errorf("%s must look like %s", setting.name, setting.like))
		}
	}
	return problems
}

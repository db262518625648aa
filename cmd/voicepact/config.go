package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// config is everything an operator sets, read from the environment once.
// Secrets have no default: a missing one stops the start by name.
type config struct {
	ListenAddr string `env:"LISTEN_ADDR" envDefault:":8080"`
	PublicURL  string `env:"PUBLIC_URL,notEmpty"`
	RedisURL   string `env:"REDIS_URL,notEmpty"`
	Storage

	// CallbackSecrets are the path secrets of Africa's Talking's callbacks; all
	// are accepted, so that one can be replaced while the other still works.
	CallbackSecrets []string `env:"CALLBACK_SECRETS,notEmpty"`
	CallbackKeys    []hexKey `env:"CALLBACK_KEYS,notEmpty"` // the first signs, all verify
	CodeKey         hexKey   `env:"CODE_KEY,notEmpty"`
	Signing

	ServiceCode string `env:"USSD_SERVICE_CODE,notEmpty"`
	HelpPhone   string `env:"HELP_PHONE,notEmpty"`
	// Screens are the sizes in septets of the networks that show more than 160, by
	// their network codes.
	Screens map[string]int `env:"USSD_SCREEN_SIZES"`
	// CodeAbove is the amount in shillings above which accepting goods by USSD
	// takes the release code.
	CodeAbove int64 `env:"CODE_ABOVE_KSH" envDefault:"5000"`
	Ruling

	// TrustedProxies are the addresses of our own proxies: what they append to
	// X-Forwarded-For is believed.
	TrustedProxies []string `env:"TRUSTED_PROXIES"`

	// ConfirmAbove is the amount in shillings from which on a payment counts only
	// after M-Pesa, asked by us, has confirmed it: 0 is always, -1 never.
	ConfirmAbove int64       `env:"CONFIRM_ABOVE_KSH" envDefault:"20000"`
	Fee          platformFee `envPrefix:"PLATFORM_FEE_"`

	AT     africasTalking `envPrefix:"AT_"`
	Daraja daraja         `envPrefix:"DARAJA_"`
}

// Storage is the database and the keys of what is sealed in it.
type Storage struct {
	DatabaseURL string `env:"DATABASE_URL,notEmpty"`
	DataKey     hexKey `env:"DATA_KEY,notEmpty"`
	LookupKey   hexKey `env:"LOOKUP_KEY,notEmpty"`
}

// open opens the store. It does not look whether schema and keys fit.
func (s Storage) open(ctx context.Context) (*store.Store, error) {
	sealer, err := store.NewSealer(s.DataKey, s.LookupKey)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, s.DatabaseURL, sealer, time.Now)
}

// Signing is the service's own signature, and those it had before.
type Signing struct {
	SigningKey hexKey `env:"SIGNING_KEY,notEmpty"`
	// Earlier are public keys: what they signed still counts.
	Earlier []hexKey `env:"SIGNING_KEYS_BEFORE"`
}

func (s Signing) signer() (*escrow.Signer, error) { return escrow.NewSigner(s.SigningKey) }

// checkSigning compares the key with the one that the database knows.
func (s Signing) checkSigning(ctx context.Context, db *store.Store) error {
	signer, err := s.signer()
	if err != nil {
		return err
	}
	earlier := make([][]byte, len(s.Earlier))
	for i, key := range s.Earlier {
		earlier[i] = key
	}
	return db.CheckSigningKey(ctx, signer.Public(), earlier...)
}

// Ruling is what an operator chose about mediators.
type Ruling struct {
	// FourEyesAbove is the amount in shillings above which a ruling takes a second
	// operator.
	FourEyesAbove int64 `env:"FOUR_EYES_ABOVE_KSH" envDefault:"20000"`
}

// policy is the escrow's, with what an operator chose.
func (c config) policy() escrow.Policy {
	policy := escrow.DefaultPolicy()
	policy.CodeAbove = escrow.Shillings(c.CodeAbove)
	policy.FourEyesAbove = escrow.Shillings(c.FourEyesAbove)
	policy.ConfirmAbove = escrow.Shillings(c.ConfirmAbove)
	policy.Fee = escrow.FeePlan{
		BasisPoints: c.Fee.BasisPoints, Flat: escrow.Shillings(c.Fee.Flat), Payer: escrow.Role(c.Fee.Payer),
	}
	policy.OneShortCode = c.Daraja.ShortCode == c.Daraja.B2CShortCode
	return paced(policy)
}

type africasTalking struct {
	BaseURL  string `env:"BASE_URL" envDefault:"https://api.africastalking.com"`
	Username string `env:"USERNAME,notEmpty"`
	APIKey   string `env:"API_KEY,notEmpty"`
	Sender   string `env:"SENDER,notEmpty"` // short code or sender name that messages come from
	Inbound
}

// Inbound says who may call back, beyond knowing the address. Both are optional.
type Inbound struct {
	AllowedCIDRs []string `env:"ALLOWED_CIDRS"`
	SigningKeys  []hexKey `env:"WEBHOOK_SIGNING_KEYS"` // all verify, so that one can be replaced
}

type daraja struct {
	BaseURL           string `env:"BASE_URL" envDefault:"https://api.safaricom.co.ke"`
	ConsumerKey       string `env:"CONSUMER_KEY,notEmpty"`
	ConsumerSecret    string `env:"CONSUMER_SECRET,notEmpty"`
	ShortCode         string `env:"SHORTCODE,notEmpty"`
	Passkey           string `env:"PASSKEY,notEmpty"`
	B2CShortCode      string `env:"B2C_SHORTCODE,notEmpty"`
	Initiator         string `env:"INITIATOR,notEmpty"`
	InitiatorPassword string `env:"INITIATOR_PASSWORD,notEmpty"`
	CertificateFile   string `env:"CERTIFICATE_FILE,notEmpty"`
	// PullNumber is the phone on record for the short code in M-Pesa's portal; empty
	// leaves the statement unregistered.
	PullNumber string `env:"PULL_NUMBER"`
	PullByGet  bool   `env:"PULL_BY_GET"`
	Inbound
}

// platformFee is what the service takes for a contract. It holds for contracts
// that are proposed from now on.
type platformFee struct {
	BasisPoints int64  `env:"BPS" envDefault:"0"`
	Flat        int64  `env:"FLAT_KSH" envDefault:"0"`
	Payer       string `env:"PAYER" envDefault:"buyer"`
}

func (f platformFee) check() error {
	const all = 10_000 // basis points
	if f.BasisPoints < 0 || f.BasisPoints >= all || f.Flat < 0 {
		return errors.New("PLATFORM_FEE_BPS must be 0 to 9999, and PLATFORM_FEE_FLAT_KSH 0 or more")
	}
	if f.Payer != string(escrow.Buyer) && f.Payer != string(escrow.Seller) {
		return errors.New("PLATFORM_FEE_PAYER must be buyer or seller")
	}
	return nil
}

// hexKey is a 32-byte key written as 64 hexadecimal digits.
type hexKey []byte

const keyBytes = 32

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *hexKey) UnmarshalText(text []byte) error {
	key, err := hex.DecodeString(string(text))
	if err != nil || len(key) != keyBytes {
		return errors.New("want 64 hexadecimal digits, as `openssl rand -hex 32` prints them")
	}
	*k = key
	return nil
}

// String keeps the key out of every print.
func (hexKey) String() string { return "[secret]" }

// readConfig reads the environment, given as "NAME=value". Every missing or
// malformed variable is named, in one error.
func readConfig(environ []string) (config, error) { return readEnv[config](environ) }

// readEnv reads a part of the configuration.
func readEnv[C any](environ []string) (C, error) {
	cfg, err := env.ParseAsWithOptions[C](env.Options{Environment: env.ToMap(environ)})
	if err != nil {
		return cfg, fmt.Errorf("configuration: %w", nameVariables(err))
	}
	return cfg, nil
}

// nameVariables makes the errors speak of environment variables where the
// library names fields of ours: an operator knows only the former.
func nameVariables(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	named := make([]error, len(all.Errors))
	for i, problem := range all.Errors {
		named[i] = problem
		var parse env.ParseError
		if !errors.As(problem, &parse) {
			continue
		}
		if field, ok := reflect.TypeFor[config]().FieldByName(parse.Name); ok {
			variable, _, _ := strings.Cut(field.Tag.Get("env"), ",")
			named[i] = fmt.Errorf("%s: %w", variable, parse.Err)
		}
	}
	return errors.Join(named...)
}

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
	for network, size := range c.Screens {
		if size < minScreen || size > maxScreen {
			problems = append(problems, fmt.Errorf("USSD_SCREEN_SIZES: %s has %d septets, want %d to %d", network, size, minScreen, maxScreen))
		}
	}
	problems = append(problems, c.checkShapes()...)
	if _, err := c.guards(nil); err != nil {
		problems = append(problems, err)
	}
	secure := map[string]string{"PUBLIC_URL": c.PublicURL, "AT_BASE_URL": c.AT.BaseURL, "DARAJA_BASE_URL": c.Daraja.BaseURL}
	for name, address := range secure {
		if !simulated && !strings.HasPrefix(address, "https://") {
			problems = append(problems, fmt.Errorf("%s must be https://… (or start with --allow-simulator)", name))
		}
	}
	return errors.Join(problems...)
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
	if err := c.Fee.check(); err != nil {
		problems = append(problems, err)
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

func (d daraja) certificate() ([]byte, error) {
	pem, err := os.ReadFile(d.CertificateFile)
	if err != nil {
		return nil, fmt.Errorf("DARAJA_CERTIFICATE_FILE: %w", err)
	}
	return pem, nil
}

package main

import (
	"context"
	"fmt"
	"os"
	"time"

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
	Rules

	// TrustedProxies are the addresses of our own proxies: what they append to
	// X-Forwarded-For is believed.
	TrustedProxies []string `env:"TRUSTED_PROXIES"`

	AT     africasTalking `envPrefix:"AT_"`
	Second secondSMS      `envPrefix:"SMS2_"`
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

type africasTalking struct {
	BaseURL  string `env:"BASE_URL" envDefault:"https://api.africastalking.com"`
	Username string `env:"USERNAME,notEmpty"`
	APIKey   string `env:"API_KEY,notEmpty"`
	Sender   string `env:"SENDER,notEmpty"` // short code or sender name that messages come from
	Keyword  string `env:"KEYWORD"`         // of a short code that is shared with others
	// PerSecond is how many requests all processes make in a second, PerNumber how
	// many messages one person gets in a minute; 0 is no limit.
	PerSecond int `env:"PER_SECOND" envDefault:"20"`
	PerNumber int `env:"PER_NUMBER_PER_MINUTE" envDefault:"30"`
	// LowBalance is the amount in shillings below which an operator is called.
	LowBalance int64 `env:"LOW_BALANCE_KSH" envDefault:"500"`
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
	// Bouquet is who bears the charge of a payment to the PayBill, as agreed with
	// Safaricom: the customer (business), the business (customer), or both (mgao).
	Bouquet string `env:"PAYBILL_BOUQUET" envDefault:"business"`
	Inbound
}

func (d daraja) certificate() ([]byte, error) {
	pem, err := os.ReadFile(d.CertificateFile)
	if err != nil {
		return nil, fmt.Errorf("DARAJA_CERTIFICATE_FILE: %w", err)
	}
	return pem, nil
}

package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/voicepact/gateway/internal/simulator"
)

// devSecrets are made at random at the first start and kept beside the data
// they protect: even a demonstration has no default secret.
type devSecrets struct {
	Data     []byte `json:"data_key"`
	Lookup   []byte `json:"lookup_key"`
	Code     []byte `json:"code_key"`
	Signing  []byte `json:"signing_key"`
	Callback []byte `json:"callback_key"`
	Path     string `json:"path"`
	API      string `json:"api"`
	Passkey  string `json:"passkey"`
	Operator string `json:"operator"` // the initiator's password
	Bank     []byte `json:"bank"`     // PKCS#1 of the simulated bank's key

	bank *rsa.PrivateKey
}

func loadSecrets(file string) (devSecrets, error) {
	var s devSecrets
	text, err := os.ReadFile(file) //nolint:gosec // the folder is the user's own choice
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if s, err = makeSecrets(); err != nil {
			return s, err
		}
		if err := s.keep(file); err != nil {
			return s, err
		}
	case err != nil:
		return s, fmt.Errorf("keys: %w", err)
	default:
		if err := json.Unmarshal(text, &s); err != nil {
			return s, fmt.Errorf("keys in %s: %w", file, err)
		}
		if len(s.Signing) == 0 { // a folder from before anything was signed
			s.Signing = randomKey()
			if err := s.keep(file); err != nil {
				return s, err
			}
		}
	}
	s.bank, err = x509.ParsePKCS1PrivateKey(s.Bank)
	if err != nil {
		return s, fmt.Errorf("keys in %s: %w", file, err)
	}
	return s, nil
}

func (s devSecrets) keep(file string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := writeWhole(file, text); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

// writeWhole writes a file that is there whole or not at all: with half a file
// of keys the data beside it could not be read any more.
func writeWhole(file string, text []byte) error {
	part := file + ".part"
	if err := os.WriteFile(part, text, 0o600); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := os.Rename(part, file); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

func makeSecrets() (devSecrets, error) {
	bank, err := simulator.GenerateKey()
	if err != nil {
		return devSecrets{}, err
	}
	word := func() string { return hex.EncodeToString(randomKey()[:16]) }
	return devSecrets{
		Data: randomKey(), Lookup: randomKey(), Code: randomKey(), Callback: randomKey(), Signing: randomKey(),
		Path: word(), API: word(), Passkey: word(), Operator: word(),
		Bank: x509.MarshalPKCS1PrivateKey(bank),
	}, nil
}

// randomKey never fails: crypto/rand ends the program rather than return
// without randomness.
func randomKey() []byte {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key)
	return key
}

// The accounts of the simulated providers, in the form of the real ones.
const (
	devServiceCode = "*384*12345#"
	devShortCode   = "40404"
	devPayBill     = "600992"
	devInitiator   = "escrowapi"
	devConsumer    = "voicepact"
	devUsername    = "sandbox"
	devHelpPhone   = "0700000000"
	devCodeAbove   = 5_000
	devMuchMoney   = 20_000
	devLowBalance  = 500
)

// config is the configuration that `serve` reads from the environment, pointed
// at the simulators.
func (s devSecrets) config(address, database, redis string) config {
	return config{
		PublicURL: address, RedisURL: redis,
		Storage:         Storage{DatabaseURL: database, DataKey: s.Data, LookupKey: s.Lookup},
		CallbackSecrets: []string{s.Path}, CallbackKeys: []hexKey{s.Callback},
		CodeKey: s.Code, Signing: Signing{SigningKey: s.Signing},
		ServiceCode: devServiceCode, HelpPhone: devHelpPhone,
		Rules: Rules{CodeAbove: devCodeAbove, ConfirmAbove: devMuchMoney, FourEyesAbove: devMuchMoney},
		AT: africasTalking{
			BaseURL: address + "/sim/africastalking", Username: devUsername, APIKey: s.API, Sender: devShortCode,
			LowBalance: devLowBalance,
		},
		Daraja: daraja{
			BaseURL: address + "/sim/daraja", ConsumerKey: devConsumer, ConsumerSecret: s.API,
			ShortCode: devPayBill, Passkey: s.Passkey, B2CShortCode: devPayBill,
			Initiator: devInitiator, InitiatorPassword: s.Operator, PullNumber: devHelpPhone,
		},
	}
}

// simulated configures the providers to accept what cfg makes the gateway send.
func (s devSecrets) simulated(cfg config, file string, log *slog.Logger) simulator.Config {
	sim := simulatedFor(cfg, log)
	sim.DataFile, sim.Key = file, s.bank
	return sim
}

func simulatedFor(cfg config, log *slog.Logger) simulator.Config {
	return simulator.Config{
		GatewayURL: cfg.PublicURL, ATSecret: cfg.CallbackSecrets[0],
		ServiceCode: cfg.ServiceCode, ShortCode: cfg.AT.Sender,
		ATUsername: cfg.AT.Username, ATAPIKey: cfg.AT.APIKey,
		ConsumerKey: cfg.Daraja.ConsumerKey, ConsumerSecret: cfg.Daraja.ConsumerSecret,
		Passkey: cfg.Daraja.Passkey, BusinessShortCode: cfg.Daraja.ShortCode, B2CShortCode: cfg.Daraja.B2CShortCode,
		InitiatorName: cfg.Daraja.Initiator, InitiatorPassword: cfg.Daraja.InitiatorPassword,
		C2BMany: true, // a demonstration may move to another address
		Logger:  log,
	}
}

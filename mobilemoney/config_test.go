package mobilemoney_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/mobilemoney"
)

func TestAConfigurationThatCannotWorkIsNamed(t *testing.T) {
	t.Parallel()
	good := config(t, "http://127.0.0.1:1")
	for want, spoil := range map[string]func(*mobilemoney.Config){
		"BaseURL":           func(c *mobilemoney.Config) { c.BaseURL = "" },
		"ConsumerKey":       func(c *mobilemoney.Config) { c.ConsumerKey = "" },
		"ConsumerSecret":    func(c *mobilemoney.Config) { c.ConsumerSecret = "" },
		"ShortCode":         func(c *mobilemoney.Config) { c.ShortCode = "" },
		"Passkey":           func(c *mobilemoney.Config) { c.Passkey = "" },
		"B2CShortCode":      func(c *mobilemoney.Config) { c.B2CShortCode = "" },
		"InitiatorName":     func(c *mobilemoney.Config) { c.InitiatorName = "" },
		"InitiatorPassword": func(c *mobilemoney.Config) { c.InitiatorPassword = "" },
		"CallbackKeys":      func(c *mobilemoney.Config) { c.CallbackKeys = nil },
		"callback key":      func(c *mobilemoney.Config) { c.CallbackKeys = [][]byte{[]byte(firstKey), []byte("short")} },
		"PEM":               func(c *mobilemoney.Config) { c.Certificate = []byte("certificate") },
		"certificate":       func(c *mobilemoney.Config) { c.Certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE"}) },
		"RSA":               func(c *mobilemoney.Config) { c.Certificate = elliptical(t) },
		"credential":        func(c *mobilemoney.Config) { c.InitiatorPassword = strings.Repeat("x", 300) },
	} {
		cfg := good
		spoil(&cfg)
		_, err := mobilemoney.New(cfg, &memory{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		for _, secret := range []string{"Pa55#word", passkey, firstKey} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error quotes a secret", want)
			}
		}
	}
}

// elliptical is a certificate of the wrong kind of key.
func elliptical(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestAddressesThatSafaricomRefuses(t *testing.T) {
	t.Parallel()
	for _, public := range []string{
		"", "pay.example.co.ke", "ftp://pay.example.co.ke", "https://", "https://u:p@pay.example.co.ke", "https://pay.example.co.ke?x=1",
		"https://pay.example.co.ke#x", "https://Pay.example.co.ke",
		"https://mpesa.example.co.ke", "https://m-pesa.example.co.ke", "https://safaricom.example.co.ke", "https://execute.example.co.ke",
		"https://exe.example.co.ke", "https://pay.example.co.ke/cmd", "https://mysql.example.co.ke", "https://pay.example.co.ke/requery",
		"https://abc.ngrok.io",
	} {
		cfg := config(t, "http://127.0.0.1:1")
		cfg.PublicURL = public
		if _, err := mobilemoney.New(cfg, &memory{}); err == nil || !strings.Contains(err.Error(), "PUBLIC_URL") {
			t.Errorf("%q: %v", public, err)
		}
	}
}

// TestWhatWeAppendPassesTheRules looks at the addresses as they go out, for
// every kind and under a path.
func TestWhatWeAppendPassesTheRules(t *testing.T) {
	t.Parallel()
	d := newDaraja(t, fixed(http.StatusOK, conversation))
	cfg := config(t, d.URL+"/")
	cfg.PublicURL = "https://pay.example.co.ke/gate/"
	client := newClient(t, cfg, &memory{})
	client.Submit(t.Context(), transfer(escrow.Collect))
	client.Submit(t.Context(), transfer(escrow.Payout))
	client.Look(t.Context(), transfer(escrow.Payout))
	seen := 0
	for _, path := range []string{pathPush, pathB2C, pathStatus} {
		for field, value := range decoded(t, d.at(path)[0].body) {
			if !strings.HasSuffix(strings.ToUpper(field), "URL") {
				continue
			}
			seen++
			text, _ := value.(string)
			if !strings.HasPrefix(text, "https://pay.example.co.ke/gate/mm/") || text != strings.ToLower(text) {
				t.Errorf("%s is %s", field, text)
			}
			for _, word := range []string{"mpesa", "m-pesa", "safaricom", "exe", "exec", "cmd", "sql", "query"} {
				if strings.Contains(text, word) {
					t.Errorf("%s contains %s", text, word)
				}
			}
		}
	}
	same(t, "addresses", seen, 5)
}

func TestAnExpiredCertificateIsStillGood(t *testing.T) {
	t.Parallel()
	cfg := config(t, "http://127.0.0.1:1")
	old, err := simulator.CertificatePEM(shared(), time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Certificate = old
	if _, err := mobilemoney.New(cfg, &memory{}); err != nil {
		t.Errorf("Safaricom's own have expired, and ours: %v", err)
	}
}

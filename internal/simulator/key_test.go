package simulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestLoadKeyKeepsOneKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key.pem")
	made, err := LoadKey(file)
	must(t, err)
	again, err := LoadKey(file)
	must(t, err)
	if !made.Equal(again) {
		t.Error("the second start found another key")
	}
	info, err := os.Stat(file)
	must(t, err)
	same2(t, "mode", info.Mode().Perm(), os.FileMode(0o600))
	same2(t, "bits", made.N.BitLen(), 2048)
}

func TestLoadKeyRefuses(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(curve)
	must(t, err)
	for name, content := range map[string][]byte{
		"empty":     nil,
		"not PEM":   []byte("secret"),
		"other PEM": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"broken":    pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: []byte("x")}),
		"not RSA":   pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "key.pem")
			must(t, os.WriteFile(file, content, 0o600))
			if _, err := LoadKey(file); err == nil {
				t.Error("loaded")
			}
			after, err := os.ReadFile(file)
			must(t, err)
			same2(t, "content", string(after), string(content))
		})
	}
	if _, err := LoadKey(filepath.Join(t.TempDir(), "no", "folder", "key.pem")); err == nil {
		t.Error("stored in a folder that does not exist")
	}
}

func TestCertificateCarriesTheKey(t *testing.T) {
	t.Parallel()
	key, err := GenerateKey()
	must(t, err)
	now := newClock().now()
	text, err := CertificatePEM(key, now)
	must(t, err)
	block, _ := pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	if public, ok := certificate.PublicKey.(*rsa.PublicKey); !ok || !key.PublicKey.Equal(public) {
		t.Error("the certificate carries another key")
	}
	if !SameCertificate(text, key) {
		t.Error("its own certificate is taken for another's")
	}
	if now.Before(certificate.NotBefore) || now.Add(365*24*time.Hour).After(certificate.NotAfter) {
		t.Error("not valid for the year to come")
	}
}

// TestSameCertificate refuses every file that may be another's, in whole or in
// part: what is not refused is overwritten.
func TestSameCertificate(t *testing.T) {
	t.Parallel()
	key, err := GenerateKey()
	must(t, err)
	other, err := GenerateKey()
	must(t, err)
	own, err := CertificatePEM(key, newClock().now())
	must(t, err)
	foreign, err := CertificatePEM(other, newClock().now())
	must(t, err)
	block, _ := pem.Decode(own)
	for name, c := range map[string]struct {
		text []byte
		same bool
	}{
		"own":           {own, true},
		"own, lines":    {append(slices.Clone(own), '\n', '\n'), true},
		"another's":     {foreign, false},
		"empty":         {nil, false},
		"not PEM":       {[]byte("secret"), false},
		"broken":        {pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: []byte("x")}), false},
		"other kind":    {pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: block.Bytes}), false},
		"both":          {slices.Concat(own, foreign), false},
		"both, turned":  {slices.Concat(foreign, own), false},
		"own and notes": {append(slices.Clone(own), "keep me"...), false},
	} {
		same2(t, name, SameCertificate(c.text, key), c.same)
	}
}

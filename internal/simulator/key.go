package simulator

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"time"
)

const (
	keyBits         = 2048
	certificateLife = 10 * 365 * 24 * time.Hour

	// keyMode keeps the key from everyone but its owner.
	keyMode = 0o600
	// keyBlock is the PEM type of a PKCS #8 key.
	keyBlock = "PRIVATE KEY"
	// certificateBlock is the PEM type of an X.509 certificate.
	certificateBlock = "CERTIFICATE"
)

// GenerateKey makes the RSA-2048 key with which the simulator reads
// SecurityCredential.
func GenerateKey() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("simulator: generate key: %w", err)
	}
	return key, nil
}

// LoadKey reads the PEM private key in file, or makes one and stores it there
// when there is no such file, so that a certificate handed out earlier still
// fits after a restart. A file that holds something else is an error and stays
// as it is: it may be somebody's real key.
func LoadKey(file string) (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if errors.Is(err, fs.ErrNotExist) {
		return createKey(file)
	}
	if err != nil {
		return nil, fmt.Errorf("simulator: read key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != keyBlock {
		return nil, fmt.Errorf("simulator: read key: %s holds no PEM block %q", file, keyBlock)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("simulator: read key: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("simulator: read key: %s holds no RSA key", file)
	}
	return key, nil
}

// createKey never overwrites: of two simulators started at once on one file,
// the later fails rather than taking away the key of the other.
func createKey(file string) (*rsa.PrivateKey, error) {
	key, err := GenerateKey()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("simulator: encode key: %w", err)
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, keyMode) //nolint:gosec // as above
	if err != nil {
		return nil, fmt.Errorf("simulator: store key: %w", err)
	}
	if err := errors.Join(pem.Encode(out, &pem.Block{Type: keyBlock, Bytes: der}), out.Close()); err != nil {
		return nil, fmt.Errorf("simulator: store key: %w", errors.Join(err, os.Remove(file)))
	}
	return key, nil
}

// SameCertificate reports whether text is one X.509 certificate with the public
// half of key, as [CertificatePEM] writes it, and nothing else. Only such a file
// may be written anew: another may be the only copy of somebody's certificate.
func SameCertificate(text []byte, key *rsa.PrivateKey) bool {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != certificateBlock || len(bytes.TrimSpace(rest)) > 0 {
		return false
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	return err == nil && key.PublicKey.Equal(certificate.PublicKey)
}

// CertificatePEM is the public half of key as a self-signed X.509 certificate,
// the form in which the Daraja portal hands out the key that initiator
// passwords are encrypted with.
func CertificatePEM(key *rsa.PrivateKey, now time.Time) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "simulator.invalid", Organization: []string{"Simulated M-PESA"}},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDataEncipherment | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("simulator: create certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: der}), nil
}

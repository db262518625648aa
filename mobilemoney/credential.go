package mobilemoney

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
)

// readCertificate returns the key that initiator passwords are encrypted with.
// The certificate's dates are not looked at: the ones in use have expired, and
// M-Pesa does not look either.
func readCertificate(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("M-Pesa certificate: want a PEM file as the Daraja portal hands it out")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("M-Pesa certificate: %w", err)
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("M-Pesa certificate: want an RSA key, got %T", certificate.PublicKey)
	}
	return key, nil
}

// seal is the SecurityCredential: base64 of the initiator's password under
// RSA with PKCS #1 v1.5 padding, the only one that M-Pesa takes (Daraja portal,
// transaction status page, FAQ 6). It differs each time.
func seal(key *rsa.PublicKey, password string) (string, error) {
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, key, []byte(password))
	if err != nil {
		return "", fmt.Errorf("M-Pesa security credential: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

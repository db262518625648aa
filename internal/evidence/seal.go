package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/voicepact/gateway/escrow"
)

// sealed is the file: the document, and the service's signature over it.
type sealed struct {
	Document  Document  `json:"document"`
	Signature signature `json:"signature"`
}

type signature struct {
	Algorithm string   `json:"algorithm"`
	KeyID     string   `json:"key_id"`
	Value     hexBytes `json:"value"`
}

// algorithm is the only one there is.
const algorithm = "ed25519"

// Write signs a document and writes the file.
func Write(out io.Writer, doc Document, signer *escrow.Signer) error {
	text, err := canonical(doc)
	if err != nil {
		return err
	}
	file, err := canonical(sealed{doc, signature{algorithm, signer.ID(), signer.SignDocument(text)}})
	if err != nil {
		return err
	}
	if _, err := out.Write(file); err != nil {
		return fmt.Errorf("write document: %w", err)
	}
	return nil
}

// canonical is the one way to write a value: the fields in the order of their
// types, two spaces for a level, no escapes but those that JSON demands.
func canonical(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	return b.Bytes(), nil
}

// The reasons why a file is believed not at all. A document that is believed may
// still show that something was wrong with the contract.
var (
	ErrNotOurs  = errors.New("the signature is not by any of the given keys over this document")
	ErrNotExact = errors.New("the file is not written as an export is: something was added, moved or repeated")
)

// Read reads a file and believes it only where one of the keys signed it, byte
// for byte.
func Read(file []byte, keys escrow.Keyring) (Document, string, error) {
	var s sealed
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return Document{}, "", fmt.Errorf("no export: %w", err)
	}
	if s.Document.Format != Format || s.Signature.Algorithm != algorithm {
		return Document{}, "", fmt.Errorf("no export that this program knows: format %q, signature %q",
			s.Document.Format, s.Signature.Algorithm)
	}
	// JSON lets a name stand twice, and readers differ in which one they take.
	again, err := canonical(s)
	if err != nil {
		return Document{}, "", err
	}
	if !bytes.Equal(again, file) {
		return Document{}, "", ErrNotExact
	}
	text, err := canonical(s.Document)
	if err != nil {
		return Document{}, "", err
	}
	if !keys.Document(text, s.Signature.Value, s.Signature.KeyID) {
		return Document{}, "", ErrNotOurs
	}
	return s.Document, s.Signature.KeyID, nil
}

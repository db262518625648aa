package evidence

import (
	"fmt"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/audit"
)

// Finding is what a verification found out about a file.
type Finding struct {
	Document Document
	KeyID    string   // of the key that signed the file
	Wrong    []string // what does not hold; empty where everything does
	Signed   int      // events that carry a signature
}

// Verify proves a file with public keys alone: that one of them signed it as it
// stands, and that what it tells holds together: the terms and their hash, the
// chain of events and the signatures in it, the states they lead to, and the
// money. The error says why the file is not believed at all.
func Verify(file []byte, keys escrow.Keyring) (Finding, error) {
	doc, id, err := Read(file, keys)
	if err != nil {
		return Finding{}, err
	}
	f := Finding{Document: doc, KeyID: id}
	dossier, err := doc.dossier()
	if err != nil {
		return Finding{}, err
	}
	if terms := dossier.Contract.Terms(); doc.Terms != terms {
		f.Wrong = append(f.Wrong, fmt.Sprintf("the terms %q are not those of the contract, %q", doc.Terms, terms))
	}
	for _, v := range audit.Contract(dossier, keys) {
		f.Wrong = append(f.Wrong, v.String())
	}
	for _, e := range doc.Events {
		if len(e.Signature) > 0 {
			f.Signed++
		}
	}
	return f, nil
}

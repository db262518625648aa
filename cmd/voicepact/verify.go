package main

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"os"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/evidence"
)

type verifyCmd struct {
	File string      `arg:"" type:"path" help:"What voicepact export wrote; - is standard input."`
	Key  []publicKey `required:"" placeholder:"HEX|FILE" help:"Public key of the service, or a file with it; again for older ones."`
}

// Help is printed by --help below the usage.
func (c *verifyCmd) Help() string {
	return "It needs no database, no network and no environment. It ends with 0 where the file is genuine and holds " +
		"together, with 1 where it is not or does not, and with 2 where it cannot be read."
}

// Run implements the command.
func (c *verifyCmd) Run() error {
	text, err := c.read()
	if err != nil {
		return undone(err)
	}
	var keys []ed25519.PublicKey
	for _, key := range c.Key {
		keys = append(keys, ed25519.PublicKey(key))
	}
	finding, err := evidence.Verify(text, escrow.NewKeyring(keys...))
	if err != nil {
		return wrong("VERDICT: not genuine: %w", err)
	}
	if err := finding.Tell(os.Stdout); err != nil {
		return undone(err)
	}
	if len(finding.Wrong) > 0 {
		return wrong("%d things do not hold", len(finding.Wrong))
	}
	return nil
}

func (c *verifyCmd) read() (text []byte, err error) {
	if c.File == "-" {
		text, err = io.ReadAll(os.Stdin)
	} else {
		text, err = os.ReadFile(c.File)
	}
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	return text, nil
}

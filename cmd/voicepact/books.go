package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/voicepact/gateway/store"
)

// books says which database a command looks into.
type books struct {
	Data string `type:"path" placeholder:"FOLDER" help:"Look into the data of a stopped voicepact dev, without an environment."`
}

// signing reads the signing key of the environment, or of the folder.
func (b books) signing() (Signing, error) {
	if b.Data == "" {
		return readEnv[Signing](os.Environ())
	}
	secrets, err := b.secrets()
	return Signing{SigningKey: secrets.Signing}, err
}

// open opens the database of the environment, or of the folder.
func (b books) open(ctx context.Context) (*store.Store, error) {
	if b.Data == "" {
		cfg, err := readEnv[Storage](os.Environ())
		if err != nil {
			return nil, err
		}
		return cfg.open(ctx)
	}
	secrets, err := b.secrets()
	if err != nil {
		return nil, err
	}
	return secrets.config("", b.database(), "").open(ctx)
}

// openUnsealed opens the database without the keys of what is sealed in it: who
// proves the money need not be able to read people's numbers.
func (b books) openUnsealed(ctx context.Context) (*store.Store, error) {
	address := os.Getenv("DATABASE_URL")
	if b.Data != "" {
		if _, err := b.secrets(); err != nil {
			return nil, err
		}
		address = b.database()
	}
	if address == "" {
		return nil, errors.New("DATABASE_URL is not set")
	}
	return store.Open(ctx, address, nil, time.Now)
}

func (b books) database() string { return "sqlite:" + filepath.Join(b.Data, "voicepact.db") }

// secrets reads the keys of a folder. It makes none: a folder without keys is no
// folder of ours.
func (b books) secrets() (devSecrets, error) {
	file := filepath.Join(b.Data, "keys.json")
	if _, err := os.Stat(file); err != nil {
		return devSecrets{}, fmt.Errorf("no data of `voicepact dev`: %w", err)
	}
	return loadSecrets(file)
}

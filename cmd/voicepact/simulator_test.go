package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/voicepact/gateway/internal/simulator"
)

// The real certificate lies where the environment of production says.
func TestTheSimulatorNeverOverwritesAnotherCertificate(t *testing.T) {
	t.Parallel()
	own, err := simulator.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := simulator.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "certificate.cer")
	for range 2 {
		if err := writeCertificate(file, own); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeCertificate(file, other); err == nil {
		t.Error("another certificate was overwritten")
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the file was changed, %v", err)
	}
}

func TestTheSimulatorDoesNotRunBesideRealProviders(t *testing.T) {
	t.Parallel()
	values := complete()
	cfg, err := readConfig(environ(values))
	if err != nil {
		t.Fatal(err)
	}
	if checkSimulated(cfg) == nil {
		t.Error("the environment of production is taken")
	}
	values["AT_BASE_URL"], values["DARAJA_BASE_URL"] = "http://simulator:8090/sim/africastalking", "http://simulator:8090/sim/daraja"
	if cfg, err = readConfig(environ(values)); err != nil {
		t.Fatal(err)
	}
	if err := checkSimulated(cfg); err != nil {
		t.Error(err)
	}
}

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// dev is `voicepact dev` on a folder of its own.
type dev struct {
	t      *testing.T
	folder string
	listen string
	*process
}

func startDev(t *testing.T) *dev {
	t.Helper()
	d := &dev{t: t, folder: t.TempDir(), listen: "127.0.0.1:0"}
	d.again()
	return d
}

// again starts the program on the same data and at the same address.
func (d *dev) again() {
	d.t.Helper()
	d.process = start(d.t, nil, "dev", "--listen", d.listen, "--data", d.folder)
	d.listen = d.says(`Phones page\s+http://([^/]+)/`)
	d.says(`(Ready in \d+ ms)`)
}

func (d *dev) handset(number string) handset {
	return handset{t: d.t, base: "http://" + d.listen, number: number}
}

func TestADealOnOneMachineThroughKillAndStop(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	if !strings.Contains(d.output.String(), "NOT FOR REAL MONEY") {
		t.Error("the banner does not say that this is not for real money")
	}
	seller, buyer := d.handset(otieno.Number), d.handset(amina.Number)
	ref := proposes(t, seller, buyer)
	agrees(t, buyer, ref)

	wantScreen(t, buyer.dial("1"), ref, "1. Pay by M-Pesa")
	buyer.answer("1")
	buyer.isPrompted()
	d.kill() // whoever pays now pays somebody who is not there
	d.again()
	buyer.enterPIN(amina.PIN)
	buyer.receives(ref, "held safe")

	delivers(t, seller, buyer, ref)
	d.stop(syscall.SIGINT)
	d.again()

	wantScreen(t, buyer.dial("1"), "1. Yes, pay")
	d.kill() // in the middle of a call: the session is rebuilt from what was typed
	d.again()
	accepts(t, buyer, ref)
	isPaid(t, seller, buyer, ref)
	d.stop(syscall.SIGTERM)
	wantPrivate(t, d.folder)
}

// wantPrivate checks that others on the machine cannot read keys and data.
func wantPrivate(t *testing.T, folder string) {
	t.Helper()
	info, err := os.Stat(filepath.Join(folder, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("keys.json has mode %o", mode)
	}
}

func TestTwoProgramsOnTheSameData(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	second := start(t, nil, "dev", "--listen", "127.0.0.1:0", "--data", d.folder)
	if code := second.exit(); code == 0 || !strings.Contains(second.output.String(), "in use by another voicepact") {
		t.Errorf("the second program ended with %d, saying\n%s", code, second.output)
	}
	third := start(t, nil, "dev", "--listen", d.listen, "--data", t.TempDir())
	if code := third.exit(); code == 0 || !strings.Contains(third.output.String(), "--listen") {
		t.Errorf("on a port in use the program ended with %d, saying\n%s", code, third.output)
	}
}

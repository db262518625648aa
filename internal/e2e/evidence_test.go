package e2e_test

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/voicepact/gateway/store/storetest"
)

// says runs a command beside the gateways to its end, and returns its exit code
// with what it printed.
func (r *rig) says(env []string, args ...string) (int, string) {
	r.t.Helper()
	p := start(r.t, env, args...)
	code := p.exit()
	return code, p.output.String()
}

// asOwner changes the database as whoever owns it can, past its triggers.
func (r *rig) asOwner(statements ...string) {
	r.t.Helper()
	db, err := sql.Open("postgres", r.database)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.ExecContext(r.t.Context(), statement); err != nil {
			r.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// A deal is made, and then proved by people who were not there: with the public
// key alone, beside the running gateway, and after somebody changed one letter.
func TestTheBooksAreProvedBesideTheGateway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	gateway := r.startGateway()
	seller, buyer := r.person(otieno), r.person(amina)
	r.introduce(otieno, amina)
	ref := proposes(t, seller, buyer)
	agrees(t, buyer, ref)
	pays(t, buyer, ref, amina.PIN)
	delivers(t, seller, buyer, ref)
	accepts(t, buyer, ref)
	isPaid(t, seller, buyer, ref)

	public := hex.EncodeToString(storetest.Signer(t).Public())
	if code, said := r.says(r.env, "pubkey"); code != 0 || !strings.Contains(said, public) {
		t.Errorf("pubkey ended with %d, saying\n%s", code, said)
	}
	auditor := []string{"DATABASE_URL=" + r.get("DATABASE_URL")}
	code, said := r.says(auditor, "audit", "--key", public)
	if code != 0 || !strings.Contains(said, "1 contracts, ") || !strings.Contains(said, "(3 signed)") ||
		!strings.Contains(said, "every invariant holds") {
		t.Errorf("audit ended with %d, saying\n%s", code, said)
	}
	r.exported(ref, public)
	gateway.stop(syscall.SIGTERM)
	r.tampered(ref, public)
}

// tampered changes one letter past the triggers, and expects every auditor to see it.
func (r *rig) tampered(ref, public string) {
	r.t.Helper()
	auditor := []string{"DATABASE_URL=" + r.get("DATABASE_URL")}
	r.asOwner("ALTER TABLE audit_events DISABLE TRIGGER append_only",
		"UPDATE audit_events SET evidence = evidence || 'x' WHERE event = 'lock'",
		"ALTER TABLE audit_events ENABLE TRIGGER append_only")
	code, said := r.says(auditor, "audit", "--key", public)
	if code != 1 || !strings.Contains(said, "I10 contract "+ref+" (") || !strings.Contains(said, "1 violations") {
		r.t.Errorf("after one letter was changed, audit ended with %d, saying\n%s", code, said)
	}
	code, said = r.says(auditor, "audit", "--json", "--key", public)
	line, _, _ := strings.Cut(said, "\n")
	var violation struct {
		Invariant string `json:"invariant"`
		Ref       string `json:"ref"`
	}
	if err := json.Unmarshal([]byte(line), &violation); err != nil || code != 1 || violation.Invariant != "I10" || violation.Ref != ref {
		r.t.Errorf("audit --json ended with %d, %v, saying\n%s", code, err, said)
	}
	for name, env := range map[string][]string{
		"no database": {"DATABASE_URL=postgres://127.0.0.1:1/x?sslmode=disable"}, "no address": nil,
	} {
		if code, said := r.says(env, "audit", "--key", public); code != 2 {
			r.t.Errorf("with %s audit ended with %d, saying\n%s", name, code, said)
		}
	}
}

// exported exports the deal and proves the file where there is nothing but it.
func (r *rig) exported(ref, public string) {
	r.t.Helper()
	code, file := r.says(r.env, "export", ref)
	if code != 0 || strings.Contains(file, "722000418") {
		r.t.Fatalf("export ended with %d, saying\n%s", code, file)
	}
	folder := r.t.TempDir()
	good, bad, key := filepath.Join(folder, "good.json"), filepath.Join(folder, "bad.json"), filepath.Join(folder, "key.txt")
	for name, text := range map[string]string{
		good: file, bad: strings.Replace(file, "Maize 1 bag", "Maize 9 bag", 1), key: "public key  " + public + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, given := range []string{public, key} {
		if code, said := r.says(nil, "verify", good, "--key", given); code != 0 || !strings.Contains(said, "VERDICT: genuine") {
			r.t.Errorf("verify ended with %d, saying\n%s", code, said)
		}
	}
	if code, said := r.says(nil, "verify", bad, "--key", public); code != 1 || !strings.Contains(said, "not genuine") {
		r.t.Errorf("with one letter changed, verify ended with %d, saying\n%s", code, said)
	}
	if code, said := r.says(r.env, "export", ref, "--with-phones"); code != 0 || !strings.Contains(said, otieno.Number) {
		r.t.Errorf("export for a court ended with %d, saying\n%s", code, said)
	}
}

// Data of the demonstration is proved without any environment.
func TestADemonstrationIsProved(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	seller, buyer := d.handset(otieno.Number), d.handset(amina.Number)
	ref := proposes(t, seller, buyer)
	agrees(t, buyer, ref)
	busy := start(t, nil, "audit", "--data", d.folder)
	if code := busy.exit(); code != 2 || !strings.Contains(busy.output.String(), "in use by another voicepact") {
		t.Errorf("beside the demonstration audit ended with %d, saying\n%s", code, busy.output)
	}
	d.stop(syscall.SIGTERM)
	after := start(t, nil, "audit", "--data", d.folder)
	if code := after.exit(); code != 0 || !strings.Contains(after.output.String(), "every invariant holds") {
		t.Errorf("audit ended with %d, saying\n%s", code, after.output)
	}
}

package evidence_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/evidence"
	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// export makes the document of a contract.
func export(tb testing.TB, w *storetest.World, c escrow.Contract, phones bool) (doc evidence.Document) {
	tb.Helper()
	err := w.Store.Snapshot(tb.Context(), func(ctx context.Context, snap *store.Snapshot) error {
		dossier, err := snap.Dossier(ctx, c.ID)
		if err != nil {
			return err
		}
		messages, err := snap.Messages(ctx, c.ID)
		doc = evidence.From(dossier, messages, evidence.Options{Phones: phones, Now: w.Clock.Now()})
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return doc
}

func write(tb testing.TB, doc evidence.Document, signer *escrow.Signer) []byte {
	tb.Helper()
	var file bytes.Buffer
	if err := evidence.Write(&file, doc, signer); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

// deal is a whole deal, paid out, and its file.
func deal(tb testing.TB) (*storetest.World, evidence.Document, escrow.Keyring) {
	tb.Helper()
	w := storetest.NewSQLiteWorld(tb)
	c := w.DealIn(escrow.Completed, escrow.Shillings(3_500))
	if c.Ref == "2026" { // as the year of the golden files
		return deal(tb)
	}
	w.Pay(escrow.Payout, w.Receipt())
	return w, export(tb, w, c, false), escrow.NewKeyring(w.Signer.Public())
}

// impersonal replaces what is another in every run: ids by the order in which
// they come, hashes, signatures and the reference by what they are.
func impersonal(text, ref string) string {
	ids := map[string]string{}
	text = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllStringFunc(text, func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("<id %d>", len(ids)+1)
		}
		return ids[id]
	})
	text = regexp.MustCompile(`[0-9a-f]{128}`).ReplaceAllString(text, "<signature>")
	text = regexp.MustCompile(`[0-9a-f]{64}`).ReplaceAllString(text, "<hash>")
	text = strings.ReplaceAll(text, `\n`+ref+`\n`, `\n<ref>\n`) // the n would be part of the word
	return regexp.MustCompile(`\b`+ref+`\b`).ReplaceAllString(text, "<ref>")
}

func TestWhatAnExportLooksLike(t *testing.T) {
	t.Parallel()
	w, doc, keys := deal(t)
	file := write(t, doc, w.Signer)
	testkit.Golden(t, "testdata/deal.json", impersonal(string(file), doc.Contract.Ref))
	for _, private := range []string{"712000001", "722000418", "Amina", "Otieno"} {
		if bytes.Contains(file, []byte(private)) {
			t.Errorf("the export shows %s", private)
		}
	}
	finding, err := evidence.Verify(file, keys)
	if err != nil || len(finding.Wrong) > 0 || finding.Signed != 3 {
		t.Fatalf("a good export: %+v, %v", finding, err)
	}
	var story bytes.Buffer
	if err := finding.Tell(&story); err != nil {
		t.Fatal(err)
	}
	columns := regexp.MustCompile(` {2,}`) // their width is that of the reference
	testkit.Golden(t, "testdata/deal.txt", columns.ReplaceAllString(impersonal(story.String(), doc.Contract.Ref), "  "))
}

// Every way that a deal takes can be proved by others, on both engines.
func TestEveryStateIsProvedFromItsExport(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, open storetest.Opener) {
		t.Helper()
		w := storetest.NewWorld(t, open)
		for _, state := range []escrow.State{
			escrow.Pending, escrow.Confirmed, escrow.PaymentLocked, escrow.Delivered, escrow.Accepted,
			escrow.Completed, escrow.Disputed, escrow.Cancelled,
		} {
			c := w.DealIn(state, escrow.Shillings(500))
			for _, phones := range []bool{false, true} {
				file := write(t, export(t, w, c, phones), w.Signer)
				finding, err := evidence.Verify(file, escrow.NewKeyring(w.Signer.Public()))
				if err != nil || len(finding.Wrong) > 0 {
					t.Errorf("%s: %q, %v", state, finding.Wrong, err)
				}
				if shown := bytes.Contains(file, []byte(storetest.Amina)); shown != phones {
					t.Errorf("%s: whole numbers are shown: %v, want %v", state, shown, phones)
				}
			}
		}
	})
}

// No byte can be another, wherever it stands.
func TestAFileIsBelievedToTheByte(t *testing.T) {
	t.Parallel()
	w, doc, keys := deal(t)
	file := write(t, doc, w.Signer)
	const stride = 37 // shares no factor with the indentation: it meets every kind of byte
	for i := 0; i < len(file); i += stride {
		for _, bit := range []byte{1, 0x20} {
			bad := bytes.Clone(file)
			bad[i] ^= bit
			if _, err := evidence.Verify(bad, keys); err == nil {
				t.Errorf("with byte %d, %q, as %q the file is believed", i, file[i], bad[i])
			}
		}
	}
	other, err := escrow.NewSigner([]byte("another key, which nobody trusts"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		file []byte
		want error
	}{
		"another's signature": {write(t, doc, other), evidence.ErrNotOurs},
		"a space at the end":  {append(bytes.Clone(file), ' '), evidence.ErrNotExact},
		"a second document":   {append(bytes.Clone(file), file...), evidence.ErrNotExact},
		"a name that stands twice": {
			bytes.Replace(file, []byte(`"ref":`), []byte(`"ref": "1", "ref":`), 1),
			evidence.ErrNotExact,
		},
		"lines of another system": {bytes.ReplaceAll(file, []byte("\n"), []byte("\r\n")), evidence.ErrNotExact},
		"nothing":                 {nil, nil},
		"half a file":             {file[:len(file)/2], nil},
		"a name nobody knows":     {bytes.Replace(file, []byte(`"ref":`), []byte(`"rex":`), 1), nil},
		"another format":          {bytes.Replace(file, []byte(evidence.Format), []byte("voicepact-contract-2"), 1), nil},
	} {
		if _, err := evidence.Verify(test.file, keys); err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// Every field is changed once, and the file signed anew, as somebody inside with
// the service's key could do. The golden file tells which fields are tied to the
// rest, so that even then it shows, and which only the signature vouches for.
func TestWhatEvenTheKeyCannotForge(t *testing.T) {
	t.Parallel()
	w, doc, keys := deal(t)
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{} // and whether a change of each of them shows
	each(tree, "", func(path string) {
		var changed evidence.Document
		forged, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		shows := true
		if json.Unmarshal(forged, &changed) == nil {
			finding, err := evidence.Verify(write(t, changed, w.Signer), keys)
			shows = err != nil || len(finding.Wrong) > 0
		}
		if known, ok := fields[path]; !ok || known {
			fields[path] = shows
		}
	})
	var table strings.Builder
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		by := "the signature of the file"
		if fields[path] {
			by = "everything else"
		}
		fmt.Fprintf(&table, "%-32s %s\n", path, by)
	}
	testkit.Golden(t, "testdata/forged.txt", table.String())
}

// each changes every leaf of the tree in turn, calls fn, and changes it back.
func each(tree any, path string, fn func(path string)) {
	try := func(set func(any), was any, path string) {
		switch value := was.(type) {
		case string:
			set(another(value))
		case float64:
			set(value + 1)
		default:
			each(was, path, fn)
			return
		}
		fn(path)
		set(was)
	}
	switch node := tree.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(node)) {
			try(func(v any) { node[name] = v }, node[name], strings.TrimPrefix(path+"."+name, "."))
		}
	case []any:
		for i := range node {
			try(func(v any) { node[i] = v }, node[i], path+"[]")
		}
	}
}

// another changes the last digit or letter of a text, so that ids, times, hashes
// and dates stay what they are.
func another(text string) string {
	for i := len(text) - 1; i >= 0; i-- {
		switch c := text[i]; {
		case c == '0':
			return text[:i] + "1" + text[i+1:]
		case c >= '1' && c <= '9':
			return text[:i] + "0" + text[i+1:]
		case c == 'f': // the last of the hexadecimal digits
			return text[:i] + "e" + text[i+1:]
		case c >= 'a' && c <= 'y':
			return text[:i] + string(c+1) + text[i+1:]
		}
	}
	return text + "x"
}

// After the key was replaced, a file may hold signatures of both.
func TestAnExportAfterTheKeyWasReplaced(t *testing.T) {
	t.Parallel()
	w, doc, keys := deal(t)
	next, err := escrow.NewSigner([]byte("the key that took its place, all"))
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, doc, next)
	both := escrow.NewKeyring(w.Signer.Public(), next.Public())
	if finding, err := evidence.Verify(file, both); err != nil || len(finding.Wrong) > 0 || finding.KeyID != next.ID() {
		t.Errorf("with both keys: %+v, %v", finding.Wrong, err)
	}
	if _, err := evidence.Verify(file, keys); !errors.Is(err, evidence.ErrNotOurs) {
		t.Errorf("with the old key: %v", err)
	}
	finding, err := evidence.Verify(file, escrow.NewKeyring(next.Public()))
	if err != nil || len(finding.Wrong) != 3 {
		t.Errorf("with the new key: %q, %v, want three signatures that nobody vouches for", finding.Wrong, err)
	}
}

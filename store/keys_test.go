package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/voicepact/gateway/store"
)

func TestAStoreIsNotWorkedWithOtherKeys(t *testing.T) {
	t.Parallel()
	address := "sqlite:" + filepath.Join(t.TempDir(), "voicepact.db")
	if err := store.MigrateDatabase(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	check := func(data, lookup byte) error {
		sealer, err := store.NewSealer(bytes.Repeat([]byte{data}, 32), bytes.Repeat([]byte{lookup}, 32))
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), address, sealer, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return errors.Join(s.CheckKeys(t.Context()), s.Close())
	}
	for _, test := range []struct {
		data, lookup byte
		want         error
	}{
		{1, 2, nil}, {1, 2, nil}, {3, 2, store.ErrOtherDataKey}, {1, 3, store.ErrOtherLookupKey}, {1, 2, nil},
	} {
		if err := check(test.data, test.lookup); !errors.Is(err, test.want) {
			t.Errorf("keys %d and %d: %v, want %v", test.data, test.lookup, err, test.want)
		}
	}
}

// A signing key can be replaced, but only by whoever names the one it replaces.
func TestASigningKeyIsReplacedOnPurposeOnly(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, b *bench) {
		t.Helper()
		first, second, third := []byte("first"), []byte("second"), []byte("third")
		for i, test := range []struct {
			key     []byte
			earlier [][]byte
			want    error
		}{
			{first, nil, nil},
			{first, nil, nil},
			{second, nil, store.ErrOtherSigningKey},
			{second, [][]byte{third}, store.ErrOtherSigningKey},
			{first, nil, nil},
			{second, [][]byte{third, first}, nil},
			{second, nil, nil},
			{first, nil, store.ErrOtherSigningKey},
		} {
			if err := b.Store.CheckSigningKey(t.Context(), test.key, test.earlier...); !errors.Is(err, test.want) {
				t.Errorf("start %d with %s: %v, want %v", i, test.key, err, test.want)
			}
		}
	})
}

// A folder can be called anything, and SQLite takes a file's name for a URI.
func TestAFileWithAnOddNameIsItsOwn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"a#1", "a#2", "b?mode=ro", "c%20d", "e f"} {
		file := filepath.Join(folder, name)
		if err := store.MigrateDatabase(t.Context(), "sqlite:"+file); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package store

import (
	"bytes"
	"testing"
)

func newSealer(t *testing.T, data, lookup byte) *Sealer {
	t.Helper()
	sealer, err := NewSealer(bytes.Repeat([]byte{data}, keyBytes), bytes.Repeat([]byte{lookup}, keyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

func TestASealedValueComesBack(t *testing.T) {
	t.Parallel()
	sealer := newSealer(t, 1, 2)
	for _, plain := range [][]byte{nil, []byte("+254712000001"), make([]byte, 10_000)} {
		sealed, err := sealer.seal(plain)
		if err != nil {
			t.Fatal(err)
		}
		again, err := sealer.seal(plain)
		if err != nil || bytes.Equal(sealed, again) {
			t.Errorf("two seals of one value are equal: who has the same name would show, %v", err)
		}
		if opened, err := sealer.open(sealed); err != nil || !bytes.Equal(opened, plain) {
			t.Errorf("%.20q came back as %.20q, %v", plain, opened, err)
		}
		if _, err := newSealer(t, 3, 2).open(sealed); err == nil {
			t.Error("another key opened it")
		}
	}
}

func TestADamagedSealIsNotOpened(t *testing.T) {
	t.Parallel()
	sealer := newSealer(t, 1, 2)
	sealed, err := sealer.seal([]byte("+254712000001"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		if _, err := sealer.open(damaged); err == nil {
			t.Errorf("opened with byte %d flipped", i)
		}
		if _, err := sealer.open(sealed[:i]); err == nil {
			t.Errorf("opened when cut to %d bytes", i)
		}
	}
}

func TestTheHashOfANumberNeedsTheKey(t *testing.T) {
	t.Parallel()
	one := newSealer(t, 1, 2).hash("+254712000001")
	if !bytes.Equal(one, newSealer(t, 9, 2).hash("+254712000001")) {
		t.Error("the hash depends on the data key: a new one would lose everybody")
	}
	if bytes.Equal(one, newSealer(t, 1, 3).hash("+254712000001")) {
		t.Error("the hash does not depend on the look-up key")
	}
	if bytes.Equal(one, newSealer(t, 1, 2).hash("+254712000002")) {
		t.Error("two numbers have one hash")
	}
}

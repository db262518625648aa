package escrow_test

import (
	"testing"

	"github.com/voicepact/gateway/escrow"
)

// What is sold is named by a word, whoever proposes it.
func TestGoodsAreNamedByAWord(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"7": false, "10 x": false, "": false, "#": false, "1*2*3": false, "...": false,
		"kg": true, "Maize 10 bags": true, "Шећер": true, "10 kg ya unga": true,
	} {
		if _, err := escrow.ParseItem(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

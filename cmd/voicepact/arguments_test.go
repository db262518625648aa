package main

import "testing"

// A receipt goes into the books and into SMS for good: a slip of the finger is told
// before that.
func TestReceiptsAreTenLettersAndDigits(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]mpesaReceipt{
		"UKP4UB394D": "UKP4UB394D", " ukp4ub394d ": "UKP4UB394D",
		"": "", "nonsense!": "", "UKP4UB394": "", "UKP4UB394D1": "", "UKP4 UB394": "", "ÜKP4UB394D": "",
	} {
		var got mpesaReceipt
		err := got.UnmarshalText([]byte(typed))
		if (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
}

package simulator

import "testing"

// TestWords has words for every code that the simulated M-PESA answers with.
func TestWords(t *testing.T) {
	t.Parallel()
	for code, want := range map[resultCode]string{
		"0": "paid", "1": "too little money in the wallet", "3": "above the largest amount", "1032": "cancelled by the buyer",
		"1037": "no answer from the phone", "2001": "wrong PIN", "2028": "not permitted to this short code", "17": "the same amount a moment ago", "9999": "code 9999",
	} {
		same2(t, "payment", paymentWords(code), want)
	}
	for code, want := range map[resultCode]string{
		"0": "paid out", "1": "too little money in the account", "2": "below the smallest amount",
		"3": "above the largest amount", "8": "the wallet would be too full", "2001": "wrong operator",
		"2028": "not permitted to this short code", "2040": "not an M-Pesa customer",
	} {
		same2(t, "payout", payoutWords(code), want)
	}
	for code, want := range map[resultCode]string{"0": "found", "2001": "wrong operator", "2032": "no such transaction"} {
		same2(t, "status", statusWords(code), want)
	}
}

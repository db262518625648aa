package main

import "testing"

func TestWhereAGatewayIsAskedForItsHealth(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"":               "http://127.0.0.1:8080/readyz",
		":9000":          "http://127.0.0.1:9000/readyz",
		"0.0.0.0:9000":   "http://127.0.0.1:9000/readyz",
		"[::]:9000":      "http://127.0.0.1:9000/readyz",
		"10.0.0.7:9000":  "http://10.0.0.7:9000/readyz",
		"localhost:9000": "http://localhost:9000/readyz",
	} {
		if got := readiness(listen); got != want {
			t.Errorf("for LISTEN_ADDR=%s asks %s, want %s", listen, got, want)
		}
	}
}

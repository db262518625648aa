package testkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Reply is the whole answer to a request.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// Carrier takes a request where it has to go: a client's Do over the network, or
// a function around fiber's Test without one.
type Carrier func(*http.Request) (*http.Response, error)

// Send makes one request and reads all of the answer; an answer that does not
// come ends the test. No contentType sends none.
func Send(tb testing.TB, carry Carrier, method, address, contentType, body string) Reply {
	tb.Helper()
	reply, err := Exchange(tb.Context(), carry, method, address, contentType, body)
	if err != nil {
		tb.Fatal(err)
	}
	return reply
}

// Exchange is [Send] for goroutines beside the test's own, which cannot end it.
func Exchange(ctx context.Context, carry Carrier, method, address, contentType, body string) (Reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return Reply{}, fmt.Errorf("request: %w", err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := carry(request)
	if err != nil {
		return Reply{}, fmt.Errorf("%s %s: %w", method, address, err)
	}
	text, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return Reply{}, fmt.Errorf("read the answer to %s %s: %w", method, address, err)
	}
	return Reply{Status: response.StatusCode, Header: response.Header, Body: string(text)}, nil
}

package outcall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

const (
	// userAgent names us: the firewall before Daraja has been reported to turn
	// away requests without one.
	userAgent = "voicepact-gateway/1"
	// maxBody is far above the largest answer of any provider, statements apart.
	maxBody = 64 << 10

	dialTimeout = 5 * time.Second
	idleTimeout = time.Minute
	maxIdle     = 8
)

// clientFor copies the client, or makes one, and takes redirects from it: a 307
// would send a payment a second time, to somebody else.
func clientFor(given *http.Client) *http.Client {
	client := &http.Client{}
	if given != nil {
		*client = *given
	} else {
		client.Transport = newTransport()
	}
	client.Timeout = 0 // its error would look like the caller's deadline
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// newTransport speaks HTTP/1.1 only: HTTP/2 repeats requests by itself that a
// server says it has not processed, and that is not ours to believe.
func newTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxBody,
		Protocols:              &protocols,
	}
}

// exchange is one attempt, from the first byte to the last. touched is set
// before a byte of the request can leave.
func (e *Executor) exchange(ctx context.Context, call Call, touched *atomic.Bool) (Reply, error) {
	caller := ctx
	ctx, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { touched.Store(true) },
	})
	reply, err := e.roundTrip(ctx, call)
	switch {
	case err == nil:
		return reply, nil
	case caller.Err() != nil:
		return Reply{}, fmt.Errorf("given up by the caller: %w", caller.Err())
	case ctx.Err() != nil:
		return Reply{}, errSlow
	default:
		return Reply{}, err
	}
}

func (e *Executor) roundTrip(ctx context.Context, call Call) (Reply, error) {
	request, err := http.NewRequestWithContext(ctx, call.Method, call.URL, bytes.NewReader(call.Body))
	if err != nil {
		return Reply{}, errBadCall // the error itself quotes the URL
	}
	request.Header = headers(call.Header)
	response, err := e.client.Do(request)
	if err != nil {
		return Reply{}, &networkError{kindOfNetwork(err)}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, e.cfg.MaxBody+1))
	err = errors.Join(err, response.Body.Close())
	if err != nil {
		return Reply{}, &networkError{kindOfNetwork(err)}
	}
	if int64(len(body)) > e.cfg.MaxBody {
		return Reply{}, errTooLarge
	}
	return Reply{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// headers copies what the caller set, without the two headers that make
// net/http send a POST again when a connection breaks.
func headers(given http.Header) http.Header {
	header := http.Header{}
	for name, values := range given {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Idempotency-Key", "X-Idempotency-Key":
		default:
			header[name] = append([]string(nil), values...)
		}
	}
	if header.Get("User-Agent") == "" {
		header.Set("User-Agent", userAgent)
	}
	return header
}

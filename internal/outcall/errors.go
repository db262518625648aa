package outcall

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/timeout"
)

var (
	errSlow     = errors.New("no complete answer in time")
	errTooLarge = errors.New("answer too large")
	errBadCall  = errors.New("malformed call")
)

// Error is a call without a complete answer.
type Error struct {
	Name string // of the executor

	cause   error
	notSent bool
}

// Error says what kind of failure it was. The cause is not printed: the HTTP
// client quotes the URL in its errors, and the parser the answer.
func (e *Error) Error() string { return e.Name + ": " + kindOf(e.cause) }

// Unwrap lets errors.Is find context.Canceled and the like.
func (e *Error) Unwrap() error { return e.cause }

// NotSent reports whether certainly no byte of the request left us: no
// connection was made, or a policy kept the call back. Everything after that,
// were it only a connection that broke at once, may have reached the provider.
func NotSent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.notSent
}

// Down reports whether nothing was sent because the provider cannot be reached: no
// connection was made, or the breaker is open after many failures. What our own
// limits or the caller's end kept back says nothing about the provider.
func Down(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.notSent && !ours(e.cause)
}

// kindOf describes an error in words of our own, or of the operating system.
func kindOf(err error) string {
	known := []struct {
		is   error
		text string
	}{
		{circuitbreaker.ErrOpen, "breaker open"},
		{bulkhead.ErrFull, "too many calls under way"},
		{ratelimiter.ErrExceeded, "rate limit reached"},
		{timeout.ErrExceeded, errSlow.Error()},
		{errSlow, errSlow.Error()},
		{errTooLarge, errTooLarge.Error()},
		{errBadCall, errBadCall.Error()},
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "the caller's deadline passed"},
	}
	for _, k := range known {
		if errors.Is(err, k.is) {
			return k.text
		}
	}
	if broken, ok := errors.AsType[*networkError](err); ok {
		return broken.text
	}
	return "broken exchange"
}

// networkError is what went wrong on the way, in words. It does not wrap its
// cause: a dial that takes too long would pass for the caller's deadline.
type networkError struct{ text string }

func (e *networkError) Error() string { return e.text }

func kindOfNetwork(err error) string {
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &op):
		return op.Op + ": " + op.Err.Error()
	case errors.As(err, &certificate), errors.As(err, &authority):
		return "certificate not trusted"
	case errors.As(err, &record):
		return "no TLS on the other side"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	default:
		return "broken exchange"
	}
}

package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// hopHeader carries a static screen name out with a reply and back in with the
// next hop (Africa's Talking, USSD page, hop metadata).
// Documented in lower case, which is one and the same header.
const hopHeader = "At-Ussd-Hop-Metadata"

// maxLabel is the documented limit of hop metadata.
const maxLabel = 99

// hopRequest is one interactive callback.
type hopRequest struct {
	body  []byte
	label string
}

// hopReply is the gateway's answer to a hop.
type hopReply struct {
	status int
	body   string
	label  string
}

// hopRequest has exactly the five fields that the sandbox sends, in its order;
// the caller holds the switchboard's lock.
func (s *Sim) hopRequest(sess *session) hopRequest {
	return hopRequest{
		label: sess.label,
		body: encodeForm(
			field{"phoneNumber", sess.number},
			field{"serviceCode", s.cfg.ServiceCode},
			field{"text", sess.text},
			field{"sessionId", sess.id},
			field{"networkCode", sandboxNetwork},
		),
	}
}

// slowHop is postHop over a network that takes its time: the gateway is asked at
// once, and its answer is under way until the hop has taken so long. Both share
// the limit of one hop.
func (s *Sim) slowHop(ctx context.Context, hop hopRequest, atLeast time.Duration) (hopReply, error) {
	if atLeast == 0 {
		return s.postHop(ctx, hop)
	}
	limit := time.NewTimer(s.hopLimit)
	defer limit.Stop()
	slow := time.NewTimer(atLeast)
	defer slow.Stop()
	reply, err := s.postHop(ctx, hop)
	if err != nil {
		return reply, err
	}
	select {
	case <-slow.C:
		return reply, nil
	case <-limit.C:
		return hopReply{status: reply.status}, errors.New("timeout")
	case <-s.closing:
		return hopReply{status: reply.status}, errors.New("the simulator stops")
	case <-ctx.Done():
		return hopReply{status: reply.status}, errors.New(reason(ctx.Err()))
	}
}

// postHop returns the reply and, when it is no valid screen, an error in the
// words that Africa's Talking's console uses. The error never holds the URL.
func (s *Sim) postHop(ctx context.Context, hop hopRequest) (hopReply, error) {
	ctx, cancel := context.WithTimeout(ctx, s.hopLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.gatewayURL("/ussd"), bytes.NewReader(hop.body))
	if err != nil {
		return hopReply{}, errors.New("invalid callback address")
	}
	req.Header.Set("User-Agent", "at-ussd-api/1.0")
	req.Header.Set("Content-Type", contentForm)
	if hop.label != "" {
		req.Header.Set(hopHeader, hop.label)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return hopReply{}, errors.New(reason(err))
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, replyLimit))
	if err != nil {
		return hopReply{status: res.StatusCode}, errors.New(reason(err))
	}
	reply := hopReply{status: res.StatusCode, body: string(body), label: hopLabel(res.Header.Get(hopHeader))}
	return reply, checkReply(reply)
}

// checkReply insists on a prefix of three letters and one space as the very
// first bytes: "Response should start with a CON or an END" is what every
// other reply earns.
//
// The errors keep the capital of the provider's words.
func checkReply(r hopReply) error {
	if r.status < http.StatusOK || r.status >= http.StatusMultipleChoices {
		return fmt.Errorf("Received unexpected response code: %d <none>", r.status)
	}
	if !strings.HasPrefix(r.body, "CON ") && !strings.HasPrefix(r.body, "END ") {
		return errors.New("Response should start with a CON or an END")
	}
	return nil
}

// hopLabel drops metadata that breaks the documented rules.
func hopLabel(label string) string {
	if len(label) > maxLabel || strings.Contains(label, "|") {
		return ""
	}
	return label
}

// hopSummary is the first line of the screen, without what was typed: no screen
// holds a secret, but an answer may be a release code.
func hopSummary(hop int, r hopReply, err error) string {
	if err != nil {
		return fmt.Sprintf("Screen %d failed", hop)
	}
	_, screen, _ := strings.Cut(r.body, " ")
	line, _, _ := strings.Cut(strings.TrimSpace(screen), "\n")
	return line
}

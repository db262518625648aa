package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
)

// Route is another way for messages to leave: one HTTP request for each, as its
// provider wants it. URL and Body are templates over .To, the number with its plus,
// .Digits, the number without, .Text and .From, which {{json .Text}} and
// {{url .Text}} escape.
type Route struct {
	Name    string      // in the history of messages
	Method  string      // POST where it is empty
	URL     string      //
	Header  http.Header // Content-Type and credentials
	Body    string      //
	From    string      // the sender at this provider
	Success string      // a regular expression that the body of a 2xx answer has to match
	ID      string      // one whose first group is the message's id; may be empty
}

// route is a Route that was understood.
type route struct {
	cfg       Route
	url, body *template.Template
	success   *regexp.Regexp
	id        *regexp.Regexp // nil where no id is told
	calls     *outcall.Executor
}

// outgoing is what the templates see.
type outgoing struct{ To, Digits, Text, From string }

// Check says what of the route cannot be understood.
func (r Route) Check() error {
	_, err := newRoute(r, slog.New(slog.DiscardHandler))
	return err
}

func newRoute(cfg Route, log *slog.Logger) (*route, error) {
	if cfg.Method == "" {
		cfg.Method = http.MethodPost
	}
	r := &route{cfg: cfg, calls: outcall.New(outcall.Config{
		Name: "second sms route", Timeout: sendTimeout, MaxConcurrent: maxSends, Log: log,
	})}
	var errs [4]error
	r.url, errs[0] = parseTemplate("URL", cfg.URL)
	r.body, errs[1] = parseTemplate("body", cfg.Body)
	r.success, errs[2] = regexp.Compile(cfg.Success)
	if cfg.ID != "" {
		r.id, errs[3] = regexp.Compile(cfg.ID)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("second sms route: %w", err)
	}
	if cfg.Success == "" || cfg.Name == "" {
		return nil, errors.New("second sms route: it needs a name and what a success looks like")
	}
	if r.id != nil && r.id.NumSubexp() == 0 {
		return nil, errors.New("second sms route: the expression for the id needs a group")
	}
	call, err := r.request("+254700000000", "test")
	if err != nil {
		return nil, fmt.Errorf("second sms route: %w", err)
	}
	if address, err := url.Parse(call.URL); err != nil || address.Host == "" {
		return nil, errors.New("second sms route: the URL is none")
	}
	return r, nil
}

func parseTemplate(name, text string) (*template.Template, error) {
	t, err := template.New(name).Funcs(template.FuncMap{"json": quoted, "url": url.QueryEscape}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// quoted is a text as JSON writes it, with its quotes.
func quoted(text string) (string, error) {
	out, err := json.Marshal(text)
	if err != nil {
		return "", fmt.Errorf("json: %w", err)
	}
	return string(out), nil
}

func (r *route) request(to escrow.Phone, text string) (outcall.Call, error) {
	l := outgoing{To: string(to), Digits: strings.TrimPrefix(string(to), "+"), Text: text, From: r.cfg.From}
	var address, body bytes.Buffer
	if err := errors.Join(r.url.Execute(&address, l), r.body.Execute(&body, l)); err != nil {
		return outcall.Call{}, errors.New("its templates cannot be filled in")
	}
	return outcall.Call{Method: r.cfg.Method, URL: address.String(), Header: r.cfg.Header, Body: body.Bytes()}, nil
}

// send hands over one message, once. A 2xx answer that does not look like a success
// leaves open what became of it.
func (r *route) send(ctx context.Context, to escrow.Phone, text string) escrow.Dispatch {
	call, err := r.request(to, text)
	if err != nil {
		return escrow.Dispatch{Outcome: escrow.Refused, Reason: err.Error()}
	}
	reply, err := r.calls.Do(ctx, call)
	if err != nil {
		return failed(err)
	}
	status := "HTTP " + strconv.Itoa(reply.Status)
	switch {
	case reply.Status == http.StatusUnauthorized, reply.Status == http.StatusForbidden:
		return escrow.Dispatch{Outcome: escrow.NotSent, Reason: status, RetryAfter: afterNewKey}
	case reply.Status == http.StatusTooManyRequests:
		return escrow.Dispatch{Outcome: escrow.NotSent, Reason: status, RetryAfter: retryAfter(reply)}
	case reply.Status >= http.StatusBadRequest && reply.Status < http.StatusInternalServerError:
		return escrow.Dispatch{Outcome: escrow.Refused, Reason: status}
	case reply.Status < http.StatusOK, reply.Status >= http.StatusMultipleChoices, !r.success.Match(reply.Body):
		return escrow.Dispatch{Outcome: escrow.Unknown, Reason: status}
	}
	return escrow.Dispatch{Outcome: escrow.Taken, ProviderID: r.readID(reply.Body)}
}

// readID finds the provider's id of a message, marked as being of this route: the
// first route's reports must not be taken to be about it.
func (r *route) readID(body []byte) string {
	if r.id == nil {
		return ""
	}
	if found := r.id.FindSubmatch(body); found != nil {
		return cleanID(r.cfg.Name + ":" + string(found[1]))
	}
	return ""
}

package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/voicepact/gateway/sms"
)

// secondSMS is the route that takes messages while Africa's Talking is down; without
// an address there is none.
type secondSMS struct {
	URL     string `env:"URL"`
	Name    string `env:"NAME" envDefault:"second"`
	Method  string `env:"METHOD" envDefault:"POST"`
	Headers string `env:"HEADERS"` // "Name: value", separated by |
	Body    string `env:"BODY"`
	Sender  string `env:"SENDER"`
	Success string `env:"SUCCESS"` // a regular expression
	ID      string `env:"ID"`      // one with a group
}

// route is nil where none is set.
func (s secondSMS) route() (*sms.Route, error) {
	if s.URL == "" {
		return nil, nil //nolint:nilnil // there need not be one
	}
	header := http.Header{}
	for line := range strings.SplitSeq(s.Headers, "|") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, errors.New("SMS2_HEADERS must be like Authorization: Bearer KEY|Content-Type: application/json")
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	route := sms.Route{
		Name: s.Name, Method: s.Method, URL: s.URL, Header: header, Body: s.Body, From: s.Sender, Success: s.Success, ID: s.ID,
	}
	if err := route.Check(); err != nil {
		return nil, fmt.Errorf("SMS2_…: %w", err)
	}
	return &route, nil
}

package handset

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/voicepact/gateway/internal/simulator"
)

const (
	// callLimit is above the slowest hop that the simulator lets happen.
	callLimit = time.Minute
	// stateLimit is how much of an answer is read.
	stateLimit = 16 << 20
)

// Desk is the simulator with its phones.
type Desk struct {
	base string
	http *http.Client
}

// NewDesk is the simulator at an address such as http://127.0.0.1:8080.
func NewDesk(base string) *Desk {
	return &Desk{base: strings.TrimSuffix(base, "/"), http: &http.Client{Timeout: callLimit}}
}

// State is everything that all phones show.
func (d *Desk) State(ctx context.Context) (simulator.State, error) {
	return d.call(ctx, http.MethodGet, "/sim/state", nil)
}

// Add puts one more phone on the desk.
func (d *Desk) Add(ctx context.Context, number, name, language string) (simulator.State, error) {
	return d.call(ctx, http.MethodPost, "/sim/phones",
		map[string]string{"number": number, "name": name, "language": language})
}

// act does something with one phone and returns the state after it.
func (d *Desk) act(ctx context.Context, number, act string, body any) (simulator.State, error) {
	return d.call(ctx, http.MethodPost, "/sim/phones/"+url.PathEscape(number)+"/"+act, body)
}

// call makes one request. Its errors say what a person can do about them.
func (d *Desk) call(ctx context.Context, method, path string, body any) (simulator.State, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return simulator.State{}, fmt.Errorf("encode: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, d.base+path, bytes.NewReader(content))
	if err != nil {
		return simulator.State{}, fmt.Errorf("%q is no address; --simulator wants one like http://127.0.0.1:8080", d.base)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := d.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return simulator.State{}, ctx.Err() //nolint:wrapcheck // the caller's own
		}
		return simulator.State{}, fmt.Errorf("nobody answers at %s: start `voicepact dev` in another window, "+
			"or say with --simulator where the phones are", d.base)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, stateLimit))
	if err != nil {
		return simulator.State{}, fmt.Errorf("%s broke off: %w", d.base, err)
	}
	return d.understand(res.StatusCode, answer)
}

func (d *Desk) understand(status int, answer []byte) (simulator.State, error) {
	var st simulator.State
	if status == http.StatusOK && json.Unmarshal(answer, &st) == nil && st.Version > 0 {
		return st, nil
	}
	var told struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(answer, &told) == nil && told.Error != "" {
		return simulator.State{}, errors.New(told.Error)
	}
	return simulator.State{}, fmt.Errorf("%s answers %d and is no simulator: a gateway of `voicepact serve` has no phones, "+
		"`voicepact simulator` beside it has", d.base, status)
}

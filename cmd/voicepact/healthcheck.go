package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// healthTimeout bounds the whole health check.
const healthTimeout = 3 * time.Second

type healthcheckCmd struct {
	URL string `placeholder:"URL" help:"Where to ask; /readyz on this machine, at the port of LISTEN_ADDR, where not given."`
}

// Run implements the command.
func (c *healthcheckCmd) Run(ctx context.Context) error {
	if c.URL == "" {
		c.URL = readiness(os.Getenv("LISTEN_ADDR"))
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, http.NoBody)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("gateway does not answer: %w", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("gateway is not ready: %s", reply.Status)
	}
	return nil
}

// readiness is where a gateway of this environment says whether it can work.
func readiness(listen string) string {
	host, port, err := net.SplitHostPort(cmp.Or(listen, ":8080")) // the default of LISTEN_ADDR
	if err != nil {
		return "http://" + listen + "/readyz" // which no gateway listens on, as the error then says
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/readyz"
}

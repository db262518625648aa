package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/voicepact/gateway/internal/guard"
)

// guards is what stands before the callbacks of each provider.
type guards struct{ talking, money guard.Config }

// guards reads who may call back. Its error names the variable.
func (c config) guards(log *slog.Logger) (guards, error) {
	trusted, err := guard.ParseNets(c.TrustedProxies)
	if err != nil {
		err = fmt.Errorf("TRUSTED_PROXIES: %w", err)
	}
	before := func(group, prefix string, in Inbound) guard.Config {
		allowed, parseErr := guard.ParseNets(in.AllowedCIDRs)
		if parseErr != nil {
			err = errors.Join(err, fmt.Errorf("%sALLOWED_CIDRS: %w", prefix, parseErr))
		}
		cfg := guard.Config{Group: group, Allowed: allowed, Trusted: trusted, Now: time.Now, Log: log}
		for _, key := range in.SigningKeys {
			cfg.Keys = append(cfg.Keys, key)
		}
		return cfg
	}
	return guards{
		talking: before("africastalking", "AT_", c.AT.Inbound),
		money:   before("daraja", "DARAJA_", c.Daraja.Inbound),
	}, err
}

package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// hexKey is a 32-byte key written as 64 hexadecimal digits.
type hexKey []byte

const keyBytes = 32

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *hexKey) UnmarshalText(text []byte) error {
	key, err := hex.DecodeString(string(text))
	if err != nil || len(key) != keyBytes {
		return errors.New("want 64 hexadecimal digits, as `openssl rand -hex 32` prints them")
	}
	*k = key
	return nil
}

// String keeps the key out of every print.
func (hexKey) String() string { return "[secret]" }

// readConfig reads the environment, given as "NAME=value". Every missing or
// malformed variable is named, in one error.
func readConfig(environ []string) (config, error) { return readEnv[config](environ) }

// readEnv reads a part of the configuration.
func readEnv[C any](environ []string) (C, error) {
	cfg, err := env.ParseAsWithOptions[C](env.Options{Environment: env.ToMap(environ)})
	if err != nil {
		return cfg, fmt.Errorf("configuration: %w", nameVariables(err))
	}
	return cfg, nil
}

// nameVariables makes the errors speak of environment variables where the
// library names fields of ours: an operator knows only the former.
func nameVariables(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	var missing []string
	var named []error
	for _, problem := range all.Errors {
		if empty, ok := errors.AsType[env.EmptyVarError](problem); ok {
			missing = append(missing, empty.Key)
			continue
		}
		if unset, ok := errors.AsType[env.VarIsNotSetError](problem); ok {
			missing = append(missing, unset.Key)
			continue
		}
		named = append(named, nameVariable(problem))
	}
	if len(missing) > 0 {
		named = append(named, fmt.Errorf("not set: %s", strings.Join(missing, ", ")))
	}
	return errors.Join(named...)
}

func nameVariable(problem error) error {
	parse, ok := errors.AsType[env.ParseError](problem)
	if !ok {
		return problem
	}
	field, ok := reflect.TypeFor[config]().FieldByName(parse.Name)
	if !ok {
		return problem
	}
	variable, _, _ := strings.Cut(field.Tag.Get("env"), ",")
	return fmt.Errorf("%s: %w", variable, parse.Err)
}

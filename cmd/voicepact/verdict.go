package main

import (
	"errors"
	"fmt"
)

// verdict is an exit code with a sentence: 1 where something is wrong with what
// was looked at, 2 where it could not be looked at.
type verdict struct {
	code int
	err  error
}

func (v *verdict) Error() string { return v.err.Error() }

// Unwrap lets the cause be found.
func (v *verdict) Unwrap() error { return v.err }

// ExitCode implements [kong.ExitCoder].
func (v *verdict) ExitCode() int { return v.code }

func wrong(format string, values ...any) error { return &verdict{1, fmt.Errorf(format, values...)} }

// undone marks an error as one that says nothing about what was to be looked at.
func undone(err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*verdict](err); ok {
		return known
	}
	return &verdict{2, err}
}

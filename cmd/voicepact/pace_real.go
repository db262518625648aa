//go:build !hurried

package main

// hurry divides the times that the program waits; see pace_hurried.go.
const hurry = 1

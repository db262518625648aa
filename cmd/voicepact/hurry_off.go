//go:build !hurried

package main

// hurry divides the times that the program waits; see hurry.go.
const hurry = 1

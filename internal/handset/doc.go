// Package handset is a feature phone in a terminal: one of the simulator's
// phones, worked over its HTTP API by what is typed, or by a transcript. It sees
// what its owner would see and nothing of the gateway.
package handset

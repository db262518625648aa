// Package e2e holds the tests of the whole program: the built binary as real
// processes, on real storage, dialled and paid by simulated phones over HTTP.
package e2e

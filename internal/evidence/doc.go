// Package evidence writes one contract into a file that stands for itself, signed
// by the service, and proves such a file with the public key alone: no database,
// no network, nobody to trust but who holds the key.
package evidence

// Package audit proves the invariants of the money from what is written: on a
// live database, contract by contract, and in tests after every story. What it
// proves of one contract needs nothing but that contract, so that an exported
// one can be proved by anybody who has the public key.
package audit

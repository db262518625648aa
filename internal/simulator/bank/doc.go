// Package bank is the simulated M-PESA's own ledger: wallets of customers, the
// accounts of organisations, and every movement between them as one line of a
// statement, in integer cents.
//
// It shares nothing with the gateway, so that the gateway's ledger can be held
// against something that did not come from it. Its functions work inside the
// caller's transaction, which also holds the reason of a movement: the one
// cannot survive a crash without the other.
package bank

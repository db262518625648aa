// Package escrow is the domain of VoicePact: two people agree on a deal, the
// buyer's money is held, and it leaves only by a rule both of them know.
//
// The package imports nothing else of this module. What it needs from outside
// (storage, a mobile-money provider, the time) it names in small ports; what
// it offers is [Service], one method per use case, which every channel shares.
//
// Money is int64 cents of Kenyan shillings. Every use case is one database
// transaction that claims an idempotency key, checks who asks, moves the
// contract by [State.Next], writes the audit event, the ledger entries, the
// messages and the jobs, and commits. Providers are called only afterwards,
// by jobs.
package escrow

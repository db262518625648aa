// Package store keeps everything that must survive: people, contracts,
// payments, the ledger, the audit trail, messages, inbound callbacks and jobs
// in PostgreSQL or SQLite, and menu sessions in Redis.
//
// One SQL text serves both engines; what must differ stands in dialect.go.
// Every statement is a constant beside the one function that runs it.
package store

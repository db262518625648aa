// Package mobilemoney moves money by Safaricom's M-Pesa, over its Daraja API.
//
// [Client] implements [escrow.Provider] and [escrow.Books]. Each call has a file
// of its own:
//
//	oauth      the token that every other call carries, shared by all processes
//	stkpush    a prompt for the PIN on the buyer's phone
//	stkquery   what became of it, within five a minute for the whole application
//	b2c        a payout or a refund to a phone (v3)
//	reversal   a payment undone, to exactly who paid it
//	status     what became of a payout, a reversal or a receipt
//	confirm    whether M-Pesa knows a payment that a callback told of
//	balance    what stands on our accounts
//	register   where payments at M-Pesa's own PayBill menu are checked and told (C2B)
//	pull       the statement
//
// Results come by callback, each behind a token of its own:
// [Client.Register] and, for PayBill payments, [Client.RegisterTill] keep them raw
// before they are answered, and [Decode], [DecodeArrival] and [DecodeBalance] read
// them later, in a job. Only the question whether a PayBill payment may come is
// answered at once.
//
// Three rules hold throughout. An accepted request is not money; only a result
// is. A request that may have left us without an answer is unknown, never
// failed. A code that is not in the tables of this package says nothing, and
// calls a person.
//
// A question that something kept back (a limit of ours or of the gateway, a
// missing token) is [escrow.NotAsked]: nothing was learnt, not even that M-Pesa
// is silent.
//
// Money is in cents inside and in whole shillings on the wire, and never
// touches a float. M-Pesa's times are East Africa Time. Codes are compared as
// text: some are not numbers.
//
// Sources: the Daraja portal's pages of each API, and observations of the
// sandbox where the pages are silent; the comment at the place says which.
package mobilemoney

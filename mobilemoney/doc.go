// Package mobilemoney moves money by Safaricom's M-Pesa, over its Daraja API.
//
// [Client] implements [escrow.Provider]: collections by STK push, payouts and
// refunds by B2C v3, STK query and transaction status to learn what became of
// them. Each call has a file of its own. Results come by callback:
// [Client.Register] keeps them raw before it answers, and [Decode] reads them
// later, in a job.
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

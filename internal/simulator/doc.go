// Package simulator stands in for Africa's Talking and for Safaricom's Daraja
// on a machine from which nobody can dial a real service code.
//
// It speaks the providers' own wire formats over HTTP, so a gateway is pointed
// at it by changing base URLs only. Behind the wire it keeps a bank of its own:
// a double-entry ledger of M-PESA wallets and of the organisation's accounts,
// with fees and limits, never shared with the gateway, so that the gateway's
// ledger can be compared with something that did not come from the gateway (see
// [Sim.Statement] and GET /sim/bank).
//
// M-PESA here knows OAuth, STK push and query, B2C, C2B by PayBill with its URLs,
// reversal, account balance, transaction status and the pulled statement. It
// behaves until told otherwise: each way in which it is known to misbehave is a
// knob (see [Faults], and GET, POST and DELETE /sim/faults).
//
// A person operates it through simulated feature phones: a JSON API, a stream
// of states, and the page that shows them. A treasurer moves the float by POST
// /sim/bank/float. A story on a virtual clock goes on by [Sim.Step] instead of
// [Sim.Run], and with [Config.Seed] it always goes the same way.
//
// Money is in integer cents inside and in whole shillings on the wire. Times
// are UTC inside; M-PESA times on the wire are East Africa Time (UTC+3, no
// daylight saving).
//
// Where the providers' published pages leave something open, the behaviour
// chosen here is the stricter one for the gateway, and the comment at the place
// says so.
package simulator

// Package sms is the SMS side of the gateway: what people write to the short
// code, what they are written, and what became of it.
//
// Inbound messages and delivery reports are kept before they are answered
// ([Handler.Register]) and worked by jobs ([Handler.Work] and
// [Handler.WorkReport]). A message is read by [Grammar] and drives the same use
// cases as the USSD menus. Outbound, [Client] puts a template into words and
// hands it to Africa's Talking; it implements [escrow.Messenger].
package sms

// Package ussd is the conversation with a dialled code: it takes Africa's
// Talking's session callbacks to the menu and to the escrow, and answers each
// with one screen.
//
// A hop carries everything typed in the session so far. What is new in it is
// found by comparing with the transcript already seen, never by counting
// separators, because people type "*" too. A session lives in Redis and is only
// a convenience: where it is lost or out of reach, it is rebuilt from the
// transcript, and acts are keyed by the transcript that led to them, so that
// nothing happens twice.
//
// Wire facts: Africa's Talking USSD, interactive callback and events.
package ussd

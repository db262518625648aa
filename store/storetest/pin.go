package storetest

import (
	"slices"

	"github.com/voicepact/gateway/escrow"
)

// SetPIN gives a phone its first PIN, which rests for [escrow.PINRest].
func (w *World) SetPIN(phone escrow.Phone, pin escrow.PIN) {
	w.TB.Helper()
	if _, err := w.Service.SetPIN(w.TB.Context(), escrow.PINCommand{Request: w.Request(phone), PIN: pin}); err != nil {
		w.TB.Fatal(err)
	}
}

// TrustedPIN gives a phone a PIN that moves money: a day passes, in which nothing
// that falls due is done.
func (w *World) TrustedPIN(phone escrow.Phone, pin escrow.PIN) {
	w.TB.Helper()
	w.SetPIN(phone, pin)
	w.Clock.Advance(escrow.PINRest)
	w.Beat()
}

// Proof is what accepting the goods of a contract by USSD takes of a phone.
func (w *World) Proof(phone escrow.Phone, ref escrow.Ref) escrow.Proof {
	w.TB.Helper()
	view, err := w.Service.View(w.TB.Context(), phone, ref)
	if err != nil {
		w.TB.Fatal(err)
	}
	return w.Service.Proof(view.Contract, view.Role, escrow.ChannelUSSD)
}

// WantPINEvents fails the test unless the history of a phone's PIN is this.
func (w *World) WantPINEvents(phone escrow.Phone, want ...escrow.PINEventKind) {
	w.TB.Helper()
	if got := w.PINEvents(phone); !slices.Equal(got, want) {
		w.TB.Errorf("the PIN's history is %v, want %v", got, want)
	}
}

// PINEvents is the history of a phone's PIN, oldest first.
func (w *World) PINEvents(phone escrow.Phone) []escrow.PINEventKind {
	w.TB.Helper()
	events, err := w.Store.PINEvents(w.TB.Context(), phone)
	if err != nil {
		w.TB.Fatal(err)
	}
	kinds := make([]escrow.PINEventKind, len(events))
	for i, event := range events {
		kinds[i] = event.Event
	}
	return kinds
}

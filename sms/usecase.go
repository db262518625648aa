package sms

import (
	"context"

	"github.com/voicepact/gateway/escrow"
)

type useCase func(context.Context, escrow.Command) (escrow.Result, error)

// useCase decides what a verb comes to, by the writer's side and by whether
// money is held. The contract may change right after: then the use case
// refuses, and the answer shows how things stand.
func (h *Handler) useCase(order Order, view escrow.View) useCase {
	s := h.service
	switch order.Verb {
	case VerbPay:
		return s.Pay
	case VerbDecline:
		return h.declineCase(view)
	case VerbCancel:
		return h.cancelCase(view, order.Code != "")
	case VerbWithdraw:
		return h.withdrawCase(view)
	case VerbDispute:
		return s.Dispute
	case VerbDelivered:
		return s.ConfirmDelivery
	case VerbConfirm:
		if view.Role == escrow.Seller {
			return s.ConfirmDelivery
		}
		return s.AcceptGoods
	case VerbAccept:
		if view.Contract.State == escrow.Pending || view.Contract.State == escrow.Confirmed {
			return s.Agree
		}
		return s.AcceptGoods
	default:
		return s.AcceptGoods // VerbReceived, the one verb left that acts
	}
}

// declineCase decides what NO refuses: the proposal, or once money is held the other
// side's wish to call off.
func (h *Handler) declineCase(view escrow.View) useCase {
	if view.Contract.State.Funded() {
		return h.service.RefuseCancel
	}
	return h.service.Decline
}

// refusesWish reports whether NO is the answer to the other side's wish to cancel.
func refusesWish(view escrow.View) bool {
	return view.Contract.State.Funded() && view.Contract.CancelBy == view.Role.Other()
}

// cancelCase decides what CANCEL comes to. A code says that it answers our
// question: where the question is gone, it must not become one of its own.
func (h *Handler) cancelCase(view escrow.View, coded bool) useCase {
	if view.Contract.CancelBy == view.Role.Other() || coded && view.Contract.State.Funded() {
		return h.service.AgreeCancel
	}
	return h.service.Cancel
}

// withdrawCase decides what WITHDRAW takes back: one's own dispute, or one's own
// wish to call off.
func (h *Handler) withdrawCase(view escrow.View) useCase {
	disputed := view.Contract.State == escrow.Disputed && view.Contract.DisputedBy == view.Role
	if !disputed && view.Contract.CancelBy == view.Role {
		return h.service.KeepOn
	}
	return h.service.Withdraw
}

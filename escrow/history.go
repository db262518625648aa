package escrow

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Milestone is a line of a contract's history that its parties understand: the
// contract's event, with the state where one event has two meanings, or what
// became of its money.
type Milestone struct {
	What string // "propose", "accept_goods", "payout" …; see [Milestones]
	At   time.Time
	By   Role // empty where neither side did it
}

// Milestones lists everything that a [Milestone] can tell of.
func Milestones() []string {
	list := []string{string(EventPropose)}
	for _, r := range rules() {
		if what := milestone(r.event, r.to); !slices.Contains(list, what) {
			list = append(list, what)
		}
	}
	list = append(list, wishes()...)
	return append(list, "reminded", EventWordAdded, string(Payout), string(Refund))
}

// The milestones that are not named after one event.
const (
	acceptGoods = "accept_goods"
	withdrawn   = "withdraw"
)

// What becomes of the wish to call a contract off, while the state stays as it is.
const (
	cancelAsked   = "cancel_asked"
	cancelKept    = "cancel_kept"    // taken back by whoever had it
	cancelRefused = "cancel_refused" // the other side said no
)

func wishes() []string { return []string{cancelAsked, cancelKept, cancelRefused} }

// milestone names a change of state.
func milestone(event Event, to State) string {
	switch {
	case event == EventAccept && to != Confirmed:
		return acceptGoods
	case strings.HasPrefix(string(event), "withdraw_"):
		return withdrawn
	default:
		return string(event)
	}
}

// History returns what happened to a contract of the caller's, the
// newest first. Any other reference is refused with [UnknownContract].
func (s *Service) History(ctx context.Context, phone Phone, ref Ref) (View, []Milestone, error) {
	view, err := s.View(ctx, phone, ref)
	if err != nil {
		return View{}, nil, err
	}
	events, err := s.store.Events(ctx, view.Contract.ID)
	if err != nil {
		return View{}, nil, err
	}
	var list []Milestone
	for _, e := range events {
		if what := e.milestone(); what != "" {
			list = append(list, Milestone{What: what, At: e.At, By: view.Contract.SideOf(e)})
		}
	}
	slices.Reverse(list)
	return view, list, nil
}

// milestone is what a party is told of the event, or "" for what only a mediator
// reads.
func (e AuditEvent) milestone() string {
	kind, step, transfer := strings.Cut(e.Event, ".")
	switch {
	case transfer && step == string(TransferSucceeded) && kind != string(Collect):
		return kind
	case transfer:
		return ""
	case e.From != e.To:
		return milestone(Event(e.Event), State(e.To))
	case slices.Contains(Milestones(), e.Event):
		return e.Event
	default:
		return ""
	}
}

// SideOf is the side that did what the event tells; empty where neither did.
func (c Contract) SideOf(e AuditEvent) Role {
	switch e.Actor {
	case c.Buyer.ID:
		return Buyer
	case c.Seller.ID:
		return Seller
	default:
		return ""
	}
}

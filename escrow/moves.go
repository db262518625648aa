package escrow

import (
	"context"
	"time"
)

// Move is money that has moved for a contract, as M-Pesa's receipt proves it.
type Move struct {
	Kind    TransferKind
	At      time.Time // when it was booked
	Receipt string    // empty where M-Pesa told none
}

// Moves returns a contract of the caller's with the money that has moved for it,
// oldest first. What came and did not fit is not among it, nor its way back. Any
// other reference is refused with [UnknownContract].
func (s *Service) Moves(ctx context.Context, phone Phone, ref Ref) (View, []Move, error) {
	view, err := s.View(ctx, phone, ref)
	if err != nil {
		return View{}, nil, err
	}
	moves, err := s.store.FindMoves(ctx, view.Contract.ID)
	return view, moves, err
}

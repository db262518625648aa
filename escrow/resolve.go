package escrow

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// RulingState is the life of a mediator's decision.
type RulingState string

// The states of a ruling. At most one of a contract is proposed or done.
const (
	RulingProposed RulingState = "proposed" // waits for a second operator
	RulingDone     RulingState = "done"
	RulingRejected RulingState = "rejected"
	RulingLapsed   RulingState = "lapsed" // the dispute ended in another way
)

// Ruling is how a mediator divides the held money: so much to the seller, the rest
// to the buyer.
type Ruling struct {
	ID         uuid.UUID
	ContractID uuid.UUID
	State      RulingState
	ToSeller   Cents
	Reason     string
	ProposedBy uuid.UUID
	ProposedAt time.Time
	DecidedBy  uuid.UUID // the second operator; zero where one was enough
	DecidedAt  time.Time
	Note       string // why it was rejected
}

// Resolve decides a dispute: ToSeller of the held money to the seller, the rest to
// the buyer, the fee included: the service earns none on what is not completed.
// Above [Policy.FourEyesAbove] it only proposes, and nothing moves
// before another operator approves; see [Service.Approve].
//
// It refuses [UnknownOperator], [NoReason], [BadSplit], [RulingWaits] where a
// proposal waits already, and [Already] where the same was decided before.
func (s *Service) Resolve(ctx context.Context, m Mediation) (Result, error) {
	return s.mediate(ctx, "resolve", m, func(ctx context.Context, w *work, by Operator) error {
		if w.contract.State == Resolved {
			return Refuse(Already).About(w.contract)
		}
		if w.contract.State != Disputed {
			return w.notNow()
		}
		if err := checkSplit(w.contract, m); err != nil {
			return err
		}
		waiting, err := w.ProposedRuling(ctx, w.contract.ID)
		if err == nil {
			return w.waits(waiting, m, by)
		} else if !IsNotFound(err) {
			return err
		}
		ruling := Ruling{
			ID: newID(), ContractID: w.contract.ID, State: RulingDone, ToSeller: m.ToSeller, Reason: printable(m.Reason),
			ProposedBy: by.ID, ProposedAt: w.now,
		}
		if w.contract.Amount <= w.policy.FourEyesAbove {
			ruling.DecidedAt = w.now
			if err := w.AddRuling(ctx, ruling); err != nil {
				return err
			}
			return w.rule(ctx, ruling)
		}
		ruling.State = RulingProposed
		if err := w.AddRuling(ctx, ruling); err != nil {
			return err
		}
		return w.note(ctx, "ruling_proposed", ruling.words())
	})
}

// waits refuses a ruling where one is proposed: the same by the same operator was
// said before, and everything else has to wait until that one is decided.
func (w *work) waits(waiting Ruling, m Mediation, by Operator) *Refusal {
	if waiting.ProposedBy == by.ID && waiting.ToSeller == m.ToSeller {
		return Refuse(Already).About(w.contract)
	}
	return Refuse(RulingWaits).About(w.contract)
}

// checkSplit refuses shares that M-Pesa could not pay, and a ruling without reason.
func checkSplit(c Contract, m Mediation) error {
	if printable(m.Reason) == "" {
		return Refuse(NoReason).About(c)
	}
	for _, share := range []Cents{m.ToSeller, c.Payable() - m.ToSeller} {
		if share < 0 || share > 0 && share < MinAmount || !share.Whole() {
			return Refuse(BadSplit).About(c)
		}
	}
	return nil
}

// Approve does what another operator proposed. It refuses [SameOperator], and
// [NotNow] where nothing is proposed.
func (s *Service) Approve(ctx context.Context, m Mediation) (Result, error) {
	return s.mediate(ctx, "approve", m, func(ctx context.Context, w *work, by Operator) error {
		ruling, err := w.proposed(ctx)
		if err != nil {
			return err
		}
		if ruling.ProposedBy == by.ID {
			return Refuse(SameOperator).About(w.contract)
		}
		ruling.State, ruling.DecidedBy, ruling.DecidedAt = RulingDone, by.ID, w.now
		if err := w.SaveRuling(ctx, ruling); err != nil {
			return err
		}
		return w.rule(ctx, ruling)
	})
}

// Reject refuses what was proposed, for a reason. Whoever proposed it can, too.
func (s *Service) Reject(ctx context.Context, m Mediation) (Result, error) {
	return s.mediate(ctx, "reject", m, func(ctx context.Context, w *work, by Operator) error {
		ruling, err := w.proposed(ctx)
		if err != nil {
			return err
		}
		reason := printable(m.Reason)
		if reason == "" {
			return Refuse(NoReason).About(w.contract)
		}
		ruling.State, ruling.DecidedBy, ruling.DecidedAt, ruling.Note = RulingRejected, by.ID, w.now, reason
		if err := w.SaveRuling(ctx, ruling); err != nil {
			return err
		}
		return w.note(ctx, "ruling_rejected", ruling.ID.String()+" "+reason)
	})
}

// proposed returns the ruling that waits for a second operator.
func (w *work) proposed(ctx context.Context) (Ruling, error) {
	if w.contract.State == Resolved {
		return Ruling{}, Refuse(Already).About(w.contract)
	}
	ruling, err := w.ProposedRuling(ctx, w.contract.ID)
	if IsNotFound(err) {
		return Ruling{}, Refuse(NotNow).About(w.contract)
	}
	return ruling, err
}

// rule does what a ruling says.
func (w *work) rule(ctx context.Context, r Ruling) error {
	payment, err := w.HeldPayment(ctx, w.contract.ID)
	if err != nil {
		return err
	}
	if err := w.move(ctx, EventResolve, r.words()); err != nil {
		return err
	}
	toBuyer := payment.Amount - r.ToSeller
	if r.ToSeller > 0 {
		if err := w.payOn(ctx, payment, r.ToSeller); err != nil {
			return err
		}
	}
	if toBuyer > 0 {
		if err := w.giveBack(ctx, payment, toBuyer); err != nil {
			return err
		}
	}
	if err := w.receipt(ctx, Buyer, MsgResolved, withShares(toBuyer, r.ToSeller)); err != nil {
		return err
	}
	return w.receipt(ctx, Seller, MsgResolved, withShares(r.ToSeller, toBuyer))
}

func withShares(own, other Cents) func(*MessageParams) {
	return func(p *MessageParams) { p.Own, p.Rest = own, other }
}

// words is the ruling as the contract's history tells it.
func (r Ruling) words() string {
	return r.ID.String() + " " + r.ToSeller.String() + " to the seller: " + r.Reason
}

// conclude gives a payment its last status once all of its money has arrived: a
// part of it may have gone to each side, and then it counts as released.
func (w *work) conclude(ctx context.Context, payment Payment) error {
	outcome, err := w.Outcome(ctx, payment.ID)
	if err != nil || outcome == "" {
		return err
	}
	payment.Status, payment.UpdatedAt = outcome, w.now
	return w.SavePayment(ctx, payment)
}

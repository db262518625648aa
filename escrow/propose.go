package escrow

import (
	"context"
	"time"
)

// Proposal is a deal that one side offers to the other.
type Proposal struct {
	Request
	Role      Role  // of the proposer
	Other     Phone // the other side
	Item      string
	Amount    Cents
	Place     string `json:",omitempty"` // of delivery; may be empty
	Quality   string `json:",omitempty"` // may be empty
	DeliverBy time.Time
}

// Propose makes a contract in state [Pending] and tells the other side. It
// refuses [SamePerson], [BadItem], [BadDetail], [AmountOutOfRange] and [BadDate].
func (s *Service) Propose(ctx context.Context, p Proposal) (Result, error) {
	p, err := p.read()
	if err != nil {
		return Result{}, err
	}
	if err := s.checkProposal(p); err != nil {
		return Result{}, err
	}
	hash, err := input("propose", p)
	if err != nil {
		return Result{}, err
	}
	var result Result
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		result, err = s.propose(ctx, tx, p, hash)
		return err
	})
	if err == nil && !result.Repeated {
		s.log.InfoContext(ctx, "contract", "act", "propose", "ref", result.Contract.Ref, "state", result.Contract.State,
			"role", p.Role, "channel", p.Channel)
	}
	return result, err
}

// read folds the words of a proposal into what phones can show.
func (p Proposal) read() (read Proposal, err error) {
	if p.Item, err = ParseItem(p.Item); err != nil {
		return p, err
	}
	if p.Place, err = ParseDetail(p.Place); err != nil {
		return p, err
	}
	p.Quality, err = ParseDetail(p.Quality)
	return p, err
}

func (s *Service) checkProposal(p Proposal) error {
	switch {
	case p.From == p.Other:
		return Refuse(SamePerson)
	case p.Amount < MinAmount, p.Amount > MaxAmount, !p.Amount.Whole():
		return Refuse(AmountOutOfRange)
	default:
		return checkDeliverBy(p.DeliverBy, s.now())
	}
}

// propose derives the contract's id from the idempotency key, so that a
// repeated proposal finds the contract that the first one made.
func (s *Service) propose(ctx context.Context, tx Tx, p Proposal, hash []byte) (Result, error) {
	id := idFromKey(p.Key)
	first, err := tx.Claim(ctx, p.Key, hash, id)
	if err != nil {
		return Result{}, err
	}
	if !first {
		contract, err := tx.Contract(ctx, id)
		return Result{Contract: contract, Role: p.Role, Repeated: true}, err
	}
	contract, err := newContract(ctx, tx, p)
	if err != nil {
		return Result{}, err
	}
	if contract.Fee = s.policy.Fee.For(p.Amount); contract.Fee > 0 {
		contract.FeePayer = s.policy.Fee.Payer
	}
	if !contract.affordable() {
		return Result{}, Refuse(AmountOutOfRange)
	}
	contract.ID, contract.CreatedAt = id, s.now()
	if contract.Ref, err = tx.AddContract(ctx, contract); err != nil {
		return Result{}, err
	}
	w := &work{
		Tx: tx, signer: s.signer, policy: &s.policy, now: contract.CreatedAt, contract: contract, role: p.Role,
		actor: contract.Party(p.Role).ID, channel: p.Channel, evidence: p.Key,
	}
	if err := w.record(ctx, string(EventPropose), "", string(Pending), contract.Terms()); err != nil {
		return Result{}, err
	}
	if err := w.arm(ctx, ""); err != nil {
		return Result{}, err
	}
	if err := w.invite(ctx, p.Role.Other()); err != nil {
		return Result{}, err
	}
	return Result{Contract: w.contract, Role: p.Role}, w.save(ctx)
}

// invite tells the other side of the proposal, all terms of it: nobody agrees to
// what they have not seen.
func (w *work) invite(ctx context.Context, other Role) error {
	if err := w.tell(ctx, other, MsgProposed); err != nil || !w.contract.Detailed() {
		return err
	}
	return w.tell(ctx, other, MsgDetails)
}

func newContract(ctx context.Context, tx Tx, p Proposal) (Contract, error) {
	proposer, err := tx.EnsureParty(ctx, p.From)
	if err != nil {
		return Contract{}, err
	}
	other, err := tx.EnsureParty(ctx, p.Other)
	if err != nil {
		return Contract{}, err
	}
	c := Contract{
		State: Pending, Proposer: p.Role, Buyer: proposer, Seller: other,
		Item: p.Item, Place: p.Place, Quality: p.Quality, Amount: p.Amount, DeliverBy: Day(p.DeliverBy),
	}
	if p.Role == Seller {
		c.Buyer, c.Seller = other, proposer
	}
	return c, nil
}

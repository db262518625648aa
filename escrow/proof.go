package escrow

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Proof is what a caller has to give, besides calling from their number, to move
// money that is held.
type Proof string

// The proofs.
const (
	ProofNone Proof = "none"
	ProofPIN  Proof = "pin"
	ProofCode Proof = "code" // that we sent by SMS
)

// Proof is what accepting the goods takes. Above [Policy.CodeAbove] USSD takes the
// PIN of whoever has one that moves money, and the release code of all others; SMS
// always takes the code.
func (s *Service) Proof(c Contract, role Role, channel Channel) Proof {
	switch {
	case channel != ChannelUSSD:
		return ProofCode
	case c.Amount <= s.policy.CodeAbove:
		return ProofNone
	default:
		return s.pinOrCode(c.Party(role))
	}
}

// CancelProof is what agreeing to call off takes. A seller gives away money that
// is held; a buyer who agrees gets it back, and only a sender's number that is
// easily forged has to be proved.
func (s *Service) CancelProof(c Contract, role Role, channel Channel) Proof {
	switch {
	case channel != ChannelUSSD:
		return ProofCode
	case role != Seller || c.Amount <= s.policy.CodeAbove:
		return ProofNone
	default:
		return s.pinOrCode(c.Party(role))
	}
}

// AskProof is what asking by USSD to call off takes: with it a seller gives half of
// what sends the money back to a buyer, who may hold the phone just now. Above
// [Policy.CodeAbove] it takes the PIN of a seller who has one that moves money, and
// nothing of all others: a code would lie in the same phone.
func (s *Service) AskProof(c Contract, role Role, channel Channel) Proof {
	if channel == ChannelUSSD && role == Seller && c.State.Funded() && c.Amount > s.policy.CodeAbove &&
		s.pinOrCode(c.Seller) == ProofPIN {
		return ProofPIN
	}
	return ProofNone
}

// WithdrawProof is what withdrawing a dispute takes. A buyer who has accepted pays by
// it: the seller's word alone then releases the money, as after the acceptance. So it
// takes what that took; without a PIN it waits for one, because no code was sent.
func (s *Service) WithdrawProof(c Contract, role Role, channel Channel) Proof {
	pays := c.State == Disputed && c.DisputedFrom == Accepted && role == Buyer && c.DisputedBy == Buyer
	if !pays || channel != ChannelUSSD || c.Amount <= s.policy.CodeAbove {
		return ProofNone
	}
	return s.pinOrCode(c.Buyer)
}

func (s *Service) pinOrCode(p Party) Proof {
	if p.PIN.Set() && p.PIN.Trusted(s.now()) {
		return ProofPIN
	}
	return ProofCode
}

// act is a use case that can take a PIN: whether it would do something, and what it
// then takes.
type act struct {
	what  string
	open  func(c Contract, role Role) bool
	proof func(c Contract, role Role, channel Channel) Proof
}

// tryPIN tries the PIN of a command, if the command has one that the act would
// take: a right one comes back by when it was set. The try is counted and committed
// before the act begins, so that no fault of the act undoes the count. Here the
// command gets a key of which nobody without ours can tell what was typed: it was
// made of the transcript of the call.
func (s *Service) tryPIN(ctx context.Context, cmd *Command, a act) (setAt time.Time, err error) {
	if cmd.PIN == "" {
		return time.Time{}, nil
	}
	if cmd.Channel != ChannelUSSD {
		return time.Time{}, Refuse(DialNeeded)
	}
	cmd.Key = s.codes.blind(cmd.Key)
	c, _, err := s.store.FindContract(ctx, cmd.Ref)
	if IsNotFound(err) {
		return time.Time{}, nil // the act says it
	} else if err != nil {
		return time.Time{}, err
	}
	role, ok := c.RoleOf(cmd.From)
	if !ok || !a.open(c, role) || a.proof(c, role, cmd.Channel) != ProofPIN {
		return time.Time{}, nil
	}
	return s.provePIN(ctx, pinTry{what: a.what, request: cmd.Request, input: cmd, pin: cmd.PIN, contract: &c})
}

// pinProved refuses an act that takes the PIN where the one that was tried is not
// the one that is set now, and notes by what the money moves.
func (w *work) pinProved(ctx context.Context, setAt time.Time) error {
	party := w.contract.Party(w.role)
	switch {
	case party.PIN.Locked():
		return Refuse(PINLocked).About(w.contract)
	case setAt.IsZero() || !setAt.Equal(party.PIN.SetAt):
		return Refuse(PINNeeded).About(w.contract)
	default:
		return w.AddPINEvent(ctx, PINEvent{
			ID: newID(), Party: party.ID, Contract: w.contract.ID, At: w.now, Channel: w.channel,
			Evidence: w.evidence, Event: PINUsed,
		})
	}
}

// pinTry is one PIN that was typed, and what for.
type pinTry struct {
	what     string
	request  Request
	input    any
	pin      PIN
	contract *Contract // nil where it is about none
}

func (t pinTry) refuse(code Code) *Refusal {
	refusal := Refuse(code)
	refusal.Contract = t.contract
	return refusal
}

// provePIN compares a PIN with the caller's and returns when that one was set. A
// wrong one is counted in a transaction of its own, under a key of its own, and
// refused with [BadPIN] after the commit, so that nobody learns that it is wrong
// without its being counted. The slow hash is computed outside any transaction.
func (s *Service) provePIN(ctx context.Context, try pinTry) (time.Time, error) {
	party, sealed, err := s.store.FindPIN(ctx, try.request.From)
	if err != nil && !IsNotFound(err) {
		return time.Time{}, err
	}
	if !party.PIN.Set() {
		return time.Time{}, try.refuse(PINNotSet)
	}
	right := false
	if !party.PIN.Locked() {
		if right, err = s.store.MatchPIN(ctx, try.request.From, try.pin, sealed); err != nil {
			return time.Time{}, err
		}
	}
	try.request.Key += ":pin"
	in := pinInstruction{what: try.what + ":pin", Request: try.request, input: try.input}
	_, first, err := s.onPIN(ctx, in, func(ctx context.Context, w *pinWork) error {
		switch {
		case w.status.Locked():
			return try.refuse(PINLocked)
		case !w.status.SetAt.Equal(party.PIN.SetAt):
			return try.refuse(PINNeeded) // another was set meanwhile
		case right:
			return w.right(ctx)
		default:
			return w.wrong(ctx, try)
		}
	})
	if refusal := RefusalOf(err); refusal != nil && refusal.Contract == nil {
		refusal.Contract = try.contract
	}
	if err != nil || !first && !right { // which was right once, and now is another's
		return time.Time{}, err
	}
	return party.PIN.SetAt, nil
}

// right ends the count of wrong PINs, and a reset: whoever knows the PIN needs none,
// and did perhaps not ask for it.
func (w *pinWork) right(ctx context.Context) error {
	w.status.Tries = 0
	return w.dropReset(ctx)
}

func (w *pinWork) dropReset(ctx context.Context) error {
	if w.status.ResetAt.IsZero() {
		return nil
	}
	w.status.ResetAt, w.status.ResetTries = time.Time{}, 0
	return w.note(ctx, PINResetDropped, uuid.Nil)
}

func (w *pinWork) wrong(ctx context.Context, try pinTry) error {
	contract := uuid.Nil
	if try.contract != nil {
		contract = try.contract.ID
	}
	w.status.Tries++
	if err := w.note(ctx, PINWrong, contract); err != nil {
		return err
	}
	if w.status.Left() > 0 {
		w.refusal = try.refuse(BadPIN)
		w.refusal.Left = w.status.Left()
		return nil
	}
	w.refusal, w.status.LockedAt = try.refuse(PINLocked), w.now
	if err := w.note(ctx, PINLockedUp, uuid.Nil); err != nil {
		return err
	}
	return w.tell(ctx, MsgPINLocked)
}

package escrow

import (
	"context"

	"github.com/google/uuid"
)

// instruction is what somebody wants done about a contract.
type instruction struct {
	what    string
	key     string
	channel Channel
	ref     Ref
	input   any // what the key is tied to
	who     func(context.Context, Tx, Contract) (actor, error)
}

// actor is who acts: a party in a role, or an operator in none.
type actor struct {
	role Role
	id   uuid.UUID
}

func (s *Service) onContract(ctx context.Context, in instruction, fn func(context.Context, *work) error) (Result, error) {
	var result Result
	var late error
	var asked []Item
	hash, err := input(in.what, in.input)
	if err != nil {
		return result, err
	}
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		late, asked = nil, nil
		contract, err := tx.ContractByRef(ctx, in.ref)
		if IsNotFound(err) {
			return Refuse(UnknownContract)
		} else if err != nil {
			return err
		}
		by, err := in.who(ctx, tx, contract)
		if err != nil {
			return err
		}
		first, err := tx.Claim(ctx, in.key, hash, contract.ID)
		if err != nil {
			return err
		}
		result = Result{Contract: contract, Role: by.role, Repeated: !first}
		if !first {
			late, err = repeatedRefusal(ctx, tx, in, contract)
			return err
		}
		w := &work{
			Tx: tx, signer: s.signer, policy: &s.policy, now: s.now(), contract: contract, role: by.role,
			actor: by.id, channel: in.channel, evidence: in.key,
		}
		if err := fn(ctx, w); err != nil {
			return err
		}
		if w.refusal != nil {
			late = w.refusal
			if err := tx.NoteRefusal(ctx, in.key, w.refusal.Code); err != nil {
				return err
			}
		}
		result.Contract, asked = w.contract, w.asked
		return w.save(ctx)
	})
	if err == nil {
		s.announce(ctx, asked)
		err = late // and not beside a fault: what may not be counted must not be told
	}
	if err == nil && !result.Repeated {
		s.log.InfoContext(ctx, "contract", "act", in.what, "ref", result.Contract.Ref, "state", result.Contract.State,
			"role", result.Role, "channel", in.channel)
	}
	return result, err
}

// repeatedRefusal is the refusal that a key was answered with before, or nil.
func repeatedRefusal(ctx context.Context, tx Tx, in instruction, c Contract) (error, error) {
	code, err := tx.NotedRefusal(ctx, in.key)
	if err != nil || code == "" {
		return nil, err
	}
	refusal := Refuse(code).About(c)
	tries := c.CodeTries
	if in.what == agreeCancel {
		tries = c.CancelTries
	}
	refusal.Left = max(maxCodeTries-tries, 0)
	return refusal, nil
}

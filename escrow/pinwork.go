package escrow

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// pinInstruction is what somebody wants done about the caller's PIN.
type pinInstruction struct {
	Request
	what  string
	input any // what the key is tied to
}

// pinWork is one use case about a PIN under way: the transaction, and the party's
// PIN under lock.
type pinWork struct {
	Tx
	party   Party
	now     time.Time
	request Request
	detail  string
	status  PINStatus
	sealed  []byte
	refusal *Refusal // returned to the caller after the commit
}

// onPIN claims the key, locks the caller's PIN, runs fn and saves what it made of
// it. As with [Service.party], fn returns a refusal to change nothing, or keeps one
// in the work to change something and refuse all the same.
func (s *Service) onPIN(
	ctx context.Context, in pinInstruction, fn func(context.Context, *pinWork) error,
) (status PINStatus, first bool, err error) {
	hash, err := input(in.what, in.input)
	if err != nil {
		return PINStatus{}, false, err
	}
	var late error
	err = s.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		late = nil
		if first, err = tx.Claim(ctx, in.Key, hash, uuid.Nil); err != nil {
			return err
		}
		party, err := tx.EnsureParty(ctx, in.From)
		if err != nil {
			return err
		}
		w := &pinWork{Tx: tx, party: party, now: s.now(), request: in.Request}
		if w.status, w.sealed, err = tx.LockPIN(ctx, party.ID); err != nil {
			return err
		}
		status = w.status
		if !first {
			late, err = w.repeated(ctx)
			return err
		}
		if err := fn(ctx, w); err != nil {
			return err
		}
		if w.refusal != nil {
			late = w.refusal
			if err := tx.NoteRefusal(ctx, in.Key, w.refusal.Code); err != nil {
				return err
			}
		}
		status = w.status
		return tx.SavePIN(ctx, party.ID, w.status, w.sealed)
	})
	if err == nil {
		err = late // and not beside a fault: what may not be counted must not be told
	}
	if err == nil && first {
		s.log.InfoContext(ctx, "pin", "act", in.what, "from", in.From)
	}
	return status, first, err
}

// repeated is the refusal that the key was answered with before, or nil.
func (w *pinWork) repeated(ctx context.Context) (error, error) {
	code, err := w.NotedRefusal(ctx, w.request.Key)
	if err != nil || code == "" {
		return nil, err
	}
	refusal := Refuse(code)
	switch code {
	case BadPIN:
		refusal.Left = w.status.Left()
	case BadCode:
		refusal.Left = max(maxPINTries-w.status.ResetTries, 0)
	default:
	}
	return refusal, nil
}

// note adds a line to the history of the PIN.
func (w *pinWork) note(ctx context.Context, event PINEventKind, contract uuid.UUID) error {
	tries := w.status.Tries
	if event == PINResetWrong {
		tries = w.status.ResetTries
	}
	return w.AddPINEvent(ctx, PINEvent{
		ID: newID(), Party: w.party.ID, Contract: contract, At: w.now, Channel: w.request.Channel,
		Evidence: w.request.Key, Event: event, Tries: tries, Detail: w.detail,
	})
}

// tell sends the party word of what happened to its PIN, also to whoever has just
// seen it on the screen: it may not have been the owner.
func (w *pinWork) tell(ctx context.Context, template Template) error {
	return queueMessage(ctx, w.Tx, Message{
		ID: newID(), To: w.party, Template: template, State: MessageQueued, CreatedAt: w.now, UpdatedAt: w.now,
	})
}
